package io.github.aoti4j.internal.compile;

import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.pt2.PackagedModel;
import io.github.aoti4j.weights.pt2.Pt2Archive;
import io.github.aoti4j.weights.zip.ArchiveEntry;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a package holds of a model that is yet to be compiled.
 *
 * @param objects object files to be linked in: the weights, or the place where they would be
 */
record ModelSource(
        Pt2Archive archive,
        PackagedModel model,
        List<ArchiveEntry> sources,
        List<ArchiveEntry> objects,
        Optional<ArchiveEntry> appended,
        CompilerFlags compile,
        CompilerFlags link) {
    /** Throws if the package lacks what the compiler needs, or has a flag that is not allowed. */
    static ModelSource read(Pt2Archive archive, PackagedModel model) {
        List<ArchiveEntry> sources = new ArrayList<>();
        sources.add(required(archive, model, model.wrapperSource(), "source (.wrapper.cpp)"));
        sources.addAll(model.kernelSources());
        return new ModelSource(
                archive,
                model,
                List.copyOf(sources),
                model.objectFiles(),
                model.serializedWeights(),
                flags(archive, model, model.compileFlags(), "compiler flags (_compile_flags.json)"),
                flags(archive, model, model.linkerFlags(), "linker flags (_linker_flags.json)"));
    }

    private static CompilerFlags flags(
            Pt2Archive archive, PackagedModel model, Optional<ArchiveEntry> entry, String what) {
        ArchiveEntry found = required(archive, model, entry, what);
        return CompilerFlags.parse(archive.text(found), archive.path(), found.name());
    }

    private static ArchiveEntry required(
            Pt2Archive archive, PackagedModel model, Optional<ArchiveEntry> entry, String what) {
        return entry.orElseThrow(
                () ->
                        new PackageException(
                                archive.path(),
                                "model %s has neither a compiled library nor the %s to make one; package it again"
                                        .formatted(model.name(), what)));
    }

    /** What to call it in messages. */
    String description() {
        return "model " + model.name() + " of " + archive.path();
    }

    /** Everything that is compiled or linked, in a fixed order. */
    List<ArchiveEntry> parts() {
        List<ArchiveEntry> parts = new ArrayList<>(sources);
        parts.addAll(objects);
        appended.ifPresent(parts::add);
        return parts;
    }
}
