package io.github.aoti4j.internal.preflight;

import io.github.aoti4j.bindings.cuda.CudaDriverApi;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.Requirement;
import io.github.aoti4j.internal.cuda.Gpus;
import io.github.aoti4j.internal.preflight.Preflight.Subject;

/**
 * The kind of device that a model was compiled for, and whether one is here.
 *
 * @param kind PyTorch's name for it, such as {@code cpu} or {@code cuda}
 * @param capability the compute capability that the model's kernels were compiled for, ten times
 *     the major number plus the minor one; 0 if it is not known
 * @param anyLater whether later devices can compile the kernels anew, since they come as fatbins
 */
record DeviceRequirement(String kind, int capability, boolean anyLater) {
    /**
     * From this capability on Triton compiles for the features of one architecture ({@code
     * sm_90a}), whose code runs on no other.
     */
    private static final int EXACT_FROM = 90;

    /**
     * Reads what a package says.
     *
     * @param linkedToCuda whether the library needs libtorch_cuda
     */
    static DeviceRequirement of(PackageMetadata metadata, boolean linkedToCuda, boolean anyLater) {
        String kind = metadata.device().map(Preflight::printable).orElse("");
        if (kind.isEmpty()) {
            kind = linkedToCuda ? "cuda" : "cpu";
        }
        return new DeviceRequirement(
                kind, number(metadata.computeCapability().orElse("")), anyLater);
    }

    private static int number(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /**
     * Chooses the device.
     *
     * @param wanted the caller's choice; null for none
     */
    Device device(Device wanted) {
        return wanted != null ? wanted : kind.equals("cuda") ? Device.cuda(0) : Device.CPU;
    }

    /** Returns whether the device is one that the model can run on, and is here. */
    Requirement requirement(Device wanted, Host host) {
        if (!kind.equals("cpu") && !kind.equals("cuda")) {
            return no("was compiled for %s, and only the CPU and CUDA are supported", "");
        }
        Device device = device(wanted);
        if (!kind.equals(device.type().torchName())) {
            return no(
                    "was compiled for %s and cannot run on %s; export it with its parameters and"
                            + " inputs there",
                    device);
        }
        return device.isCpu() ? Subject.DEVICE.met("runs on the CPU") : onCuda(device, host.gpus());
    }

    private Requirement onCuda(Device device, Gpus gpus) {
        if (gpus.devices().isEmpty()) {
            return no("was compiled for %s, which is not here: %s", gpus.problem());
        }
        int last = gpus.devices().size() - 1;
        if (device.index() > last) {
            return no(
                    "was compiled for %s, and there is no %s; the last device is %s",
                    device, gpus.describe(last));
        }
        CudaDriverApi.Gpu gpu = gpus.devices().get(device.index());
        if (!runsOn(gpu.computeCapability())) {
            return no(
                    "was compiled for %s, and this is %s; export it on such a device, or with"
                            + " \"aot_inductor.emit_multi_arch_kernel\" for this and later ones",
                    gpus.describe(device.index()));
        }
        return Subject.DEVICE.met("runs on " + gpus.describe(device.index()));
    }

    private boolean runsOn(int actual) {
        if (capability == 0 || capability == actual) {
            return true;
        }
        boolean later = actual > capability;
        return later && (anyLater || (capability < EXACT_FROM && actual / 10 == capability / 10));
    }

    /** The message's first place is for the demand itself. */
    private Requirement no(String message, Object... rest) {
        Object[] all = new Object[rest.length + 1];
        all[0] = description();
        System.arraycopy(rest, 0, all, 1, rest.length);
        return Subject.DEVICE.unmet(message.formatted(all));
    }

    private String description() {
        return kind.equals("cpu")
                ? "the CPU"
                : capability == 0
                        ? kind
                        : "%s (compute capability %s)".formatted(kind, Gpus.version(capability));
    }
}
