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
 * @param anyLater whether later devices can compile the kernels again, since they are fatbins
 */
record DeviceRequirement(String kind, int capability, boolean anyLater) {
    /**
     * From this capability on Triton compiles for the features of one architecture ({@code
     * sm_90a}), whose code runs on no other.
     */
    private static final int EXACT_FROM = 90;

    /** {@code linkedToCuda}: whether the library needs libtorch_cuda. */
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

    /** Returns the device to run on; {@code wanted} is the caller's choice, or null. */
    Device device(Device wanted) {
        return wanted != null ? wanted : kind.equals("cuda") ? Device.cuda(0) : Device.CPU;
    }

    /** Returns whether the device is one that the model can run on, and is here. */
    Requirement requirement(Device wanted, Host host) {
        if (!kind.equals("cpu") && !kind.equals("cuda")) {
            return no(", and only the CPU and CUDA are supported");
        }
        Device device = device(wanted);
        if (!kind.equals(device.type().torchName())) {
            return no(
                    " and cannot run on "
                            + device
                            + "; export it with its parameters and inputs there");
        }
        return device.isCpu() ? Subject.DEVICE.met("runs on the CPU") : onCuda(device, host.gpus());
    }

    private Requirement onCuda(Device device, Gpus gpus) {
        if (gpus.devices().isEmpty()) {
            return no(", which is not here: " + gpus.problem());
        }
        int last = gpus.devices().size() - 1;
        if (device.index() > last) {
            return no(
                    ", and there is no " + device + "; the last device is " + gpus.describe(last));
        }
        CudaDriverApi.Gpu gpu = gpus.devices().get(device.index());
        if (!runsOn(gpu.computeCapability())) {
            return no(
                    ", and this is "
                            + gpus.describe(device.index())
                            + "; export it on such a device, or with"
                            + " \"aot_inductor.emit_multi_arch_kernel\" for this and later ones");
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

    private Requirement no(String problem) {
        return Subject.DEVICE.unmet("was compiled for " + description() + problem);
    }

    private String description() {
        return kind.equals("cpu")
                ? "the CPU"
                : capability == 0
                        ? kind
                        : "%s (compute capability %s)".formatted(kind, Gpus.version(capability));
    }
}
