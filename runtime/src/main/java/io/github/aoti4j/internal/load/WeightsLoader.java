package io.github.aoti4j.internal.load;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.internal.constants.ConstantSource;
import io.github.aoti4j.internal.constants.ConstantStore;
import io.github.aoti4j.internal.constants.RequiredConstant;
import io.github.aoti4j.internal.preflight.PreflightReport;
import io.github.aoti4j.weights.BlobTensor;
import io.github.aoti4j.weights.Paging;
import io.github.aoti4j.weights.TensorSource;
import io.github.aoti4j.weights.files.WeightFiles;
import io.github.aoti4j.weights.pt2.PackagedModel;
import io.github.aoti4j.weights.pt2.Pt2Archive;
import io.github.aoti4j.weights.zip.ArchiveEntry;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Gives a fresh container its weights: from the caller's files first, then from wherever the
 * package has them.
 */
public final class WeightsLoader {
    private WeightsLoader() {}

    /** Opens all files, or none. */
    public static List<TensorSource> open(List<Path> files) {
        List<TensorSource> sources = new ArrayList<>();
        try {
            for (Path file : files) {
                sources.add(WeightFiles.open(file));
            }
            return sources;
        } catch (Throwable e) {
            Closeables.closeAfter(e, sources);
            throw e;
        }
    }

    static void load(
            Pt2Archive archive,
            PreflightReport examination,
            ConstantStore store,
            LoadSettings settings) {
        PackagedModel packaged = examination.packaged();
        Optional<ArchiveEntry> blob = packaged.weightsBlob();
        boolean layoutKnown = store.needs().stream().allMatch(need -> need.inBlob().isPresent());
        boolean ownOnly = settings.weights.isEmpty();
        if (blob.isPresent() && (!layoutKnown || (ownOnly && settings.copyWeights))) {
            // Without a source the container alone knows what lies where.
            copyBlob(archive, blob.get(), store);
            if (ownOnly) {
                return;
            }
        }
        Set<String> readOnly = readOnly(store.needs(), examination, settings);
        List<TensorSource> sources = open(settings.weights);
        try {
            if (blob.isPresent() && layoutKnown) {
                List<BlobTensor> layout =
                        store.needs().stream().map(need -> need.inBlob().orElseThrow()).toList();
                sources.add(packaged.openBlob(layout, readOnly::contains));
            }
            if (packaged.weightsConfig().isPresent()) {
                sources.add(packaged.openWeights(readOnly::contains));
            }
            for (TensorSource source : sources) {
                source.prefetch(settings.paging, settings.progress);
            }
        } catch (Throwable e) {
            Closeables.closeAfter(e, sources);
            throw e;
        }
        // The package itself may hold more than the code still needs.
        int named = settings.weights.size();
        if (settings.copyWeights) {
            store.copy(ConstantSource.of(sources), named);
        } else {
            store.share(ConstantSource.of(sources), named);
        }
    }

    /**
     * Which constants may lie in memory that all models of the package share: those that no model
     * writes to, and whose pages need not be locked for this one alone.
     */
    private static Set<String> readOnly(
            List<RequiredConstant> needs, PreflightReport examination, LoadSettings settings) {
        if (settings.paging == Paging.LOCKED) {
            return Set.of();
        }
        Set<String> names = new HashSet<>();
        for (RequiredConstant need : needs) {
            if (examination.readOnlyConstants().contains(need.index())) {
                names.add(need.fqn());
            }
        }
        return names;
    }

    private static void copyBlob(Pt2Archive archive, ArchiveEntry blob, ConstantStore store) {
        long needed = store.needs().stream().mapToLong(RequiredConstant::dataSize).sum();
        if (blob.size() < needed) {
            // The model would read on behind its end.
            throw new PackageException(
                    archive.path(),
                    "entry %s has %d bytes, but the model's constants take %d; package the model again"
                            .formatted(blob.name(), blob.size(), needed));
        }
        store.copyBlob(archive.segment(blob));
    }
}
