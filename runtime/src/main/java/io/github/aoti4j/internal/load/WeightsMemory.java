package io.github.aoti4j.internal.load;

import io.github.aoti4j.bindings.model.ConstantsApi;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.memory.Sizes;
import io.github.aoti4j.internal.preflight.PreflightReport;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.wrapper.ConstantSpec;
import io.github.aoti4j.internal.wrapper.WrapperSource;
import io.github.aoti4j.weights.pt2.PackagedModel;
import io.github.aoti4j.weights.zip.ArchiveEntry;

import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * What a model's weights will take, as its package says. All sizes in bytes, at most {@link
 * Sizes#MOST}.
 *
 * @param containers how many native containers the model will have
 * @param copied one copy of the weights in memory of a native container's own
 * @param copies how many containers have one
 * @param inLibrary whether they copy from the library
 * @param folded constants that are computed from others
 * @param mapped what is used in place in mapped files
 * @param onDevice what lies on a CUDA device
 * @param known whether the package states its constants; otherwise {@code copied} is the most that
 *     it can be
 */
public record WeightsMemory(
        int containers,
        long copied,
        int copies,
        boolean inLibrary,
        long folded,
        long mapped,
        long onDevice,
        boolean known) {
    /**
     * Each native container copies the weights that lie in the library, if any do: for larger ones,
     * memory is worth more than the locks of a container for all runs cost.
     */
    static final long LARGEST_REPLICATED = 4 << 20;

    /** Reads what the package of a model that is to be loaded says. */
    static WeightsMemory of(PreflightReport report, long libraryBytes, LoadSettings settings) {
        return of(
                report.packaged(),
                report.source(),
                report.device().isCpu(),
                libraryBytes,
                settings.runners > 1 ? report.library().definedSymbols() : List.of(),
                settings);
    }

    /**
     * Reads what a package says.
     *
     * @param libraryBytes the size of the model's library; 0 if it is yet to be compiled
     * @param symbols what the library exports; of no account if there is one runner
     */
    public static WeightsMemory of(
            PackagedModel packaged,
            Optional<WrapperSource> source,
            boolean onCpu,
            long libraryBytes,
            Collection<String> symbols,
            LoadSettings settings) {
        Optional<ArchiveEntry> blob = packaged.weightsBlob();
        boolean beside = blob.isPresent() || packaged.weightsConfig().isPresent();
        if (source.isEmpty()) {
            long most =
                    blob.isPresent()
                            // The container copies it, since it alone knows the layout.
                            ? blob.get().size()
                            : !beside
                                    ? libraryBytes
                                    : settings.copyWeights ? packaged.weightFilesBytes() : 0;
            int copies = onCpu && most > 0 ? 1 : 0;
            return new WeightsMemory(1, most, copies, !beside, 0, 0, onCpu ? 0 : most, false);
        }
        List<ConstantSpec> constants = source.get().constants();
        boolean replicate =
                settings.runners > 1
                        && onCpu
                        && libraryBytes <= LARGEST_REPLICATED
                        && canShare(constants, symbols);
        int containers = replicate ? settings.runners : 1;
        boolean inLibrary = source.get().holdsWeights().orElse(!beside);
        int copies = inLibrary ? containers : settings.copyWeights ? 1 : 0;
        Sums sums = new Sums(constants, onCpu);
        return new WeightsMemory(
                containers,
                sums.copied,
                sums.copied == 0 ? 0 : copies,
                inLibrary,
                sums.folded,
                copies == 0 ? sums.plain : 0,
                sums.onDevice,
                sums.known);
    }

    private static boolean canShare(List<ConstantSpec> constants, Collection<String> symbols) {
        // Each container would fold for itself.
        return constants.stream().noneMatch(ConstantSpec::fromFolded)
                && (constants.isEmpty() || symbols.containsAll(ConstantsApi.SHARING));
    }

    /** Returns what the model takes for itself alone. */
    public long inPrivate() {
        return Sizes.add(Sizes.multiply(copied, copies), folded);
    }

    private static final class Sums {
        private long copied;
        private long plain;
        private long folded;
        private long onDevice;
        private boolean known = true;

        Sums(List<ConstantSpec> constants, boolean onCpu) {
            for (ConstantSpec constant : constants) {
                long used = span(constant);
                long stored = constant.dataSize() < 0 ? used : constant.dataSize();
                used = used < 0 ? stored : used;
                known &= stored >= 0;
                used = Math.max(used, 0);
                if (!onCpu && !constant.deviceType().orElse("").equals("cpu")) {
                    onDevice = Sizes.add(onDevice, used);
                } else if (constant.fromFolded()) {
                    folded = Sizes.add(folded, used);
                } else {
                    plain = Sizes.add(plain, used);
                    copied = Sizes.add(copied, Sizes.padded(Math.max(stored, 0)));
                }
            }
        }

        /** Returns what its elements take; -1 if the source does not say. */
        private static long span(ConstantSpec constant) {
            if (constant.dtype().isEmpty()
                    || constant.shape().isEmpty()
                    || constant.strides().isEmpty()) {
                return -1;
            }
            try {
                return Shapes.spanBytes(
                        ConstantSpec.array(constant.shape().get()),
                        ConstantSpec.array(constant.strides().get()),
                        constant.dtype().get().byteSize());
            } catch (InvalidInputException e) {
                return Sizes.MOST;
            }
        }
    }
}
