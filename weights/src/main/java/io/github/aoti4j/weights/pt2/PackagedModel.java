package io.github.aoti4j.weights.pt2;

import static io.github.aoti4j.weights.mapped.Messages.list;
import static io.github.aoti4j.weights.mapped.Messages.quote;

import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.BlobTensor;
import io.github.aoti4j.weights.TensorSource;
import io.github.aoti4j.weights.mapped.Json;
import io.github.aoti4j.weights.mapped.WeightMappings;
import io.github.aoti4j.weights.zip.ArchiveEntry;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * One model's files within a {@link Pt2Archive}, by what they are for.
 *
 * <p>The names are those that {@code AotCodeCompiler} in {@code torch/_inductor/codecache.py}
 * gives: the wrapper's files share a stem, {@code <hash>.wrapper}, or {@code <hash>} in packages of
 * older versions.
 *
 * <p>Immutable and thread-safe; lives as long as its archive.
 */
public final class PackagedModel {
    private static final String LIBRARY = ".so";
    private static final String SOURCE = ".cpp";
    private static final String METADATA = "_metadata.json";
    private static final String COMPILE_FLAGS = "_compile_flags.json";
    private static final String WRAPPER = ".wrapper";
    private static final String KERNEL = ".kernel";

    private final Pt2Archive archive;
    private final String name;
    private final List<ArchiveEntry> entries;

    PackagedModel(Pt2Archive archive, String name, List<ArchiveEntry> entries) {
        this.archive = archive;
        this.name = name;
        this.entries = List.copyOf(entries);
    }

    public String name() {
        return name;
    }

    /** Returns all files of the model, in the order of the archive. */
    public List<ArchiveEntry> entries() {
        return entries;
    }

    /**
     * Returns the compiled model. A package may contain other libraries, which the wrapper uses;
     * this is the wrapper's.
     *
     * @throws PackageException if there is none, or several that could be it
     */
    public ArchiveEntry library() {
        return sibling(LIBRARY).orElseThrow(this::noLibrary);
    }

    /**
     * Returns whether the model was packaged as source only ({@code
     * aot_inductor.package_cpp_only}).
     */
    public boolean isSourceOnly() {
        return sibling(LIBRARY).isEmpty() && sibling(SOURCE).isPresent();
    }

    /**
     * Returns the generated source of the wrapper, which states the inputs' checks and the
     * constants' shapes.
     */
    public Optional<ArchiveEntry> wrapperSource() {
        return sibling(SOURCE);
    }

    /** Returns the generated sources of the kernels; older packages have them in the wrapper. */
    public List<ArchiveEntry> kernelSources() {
        return ending(KERNEL + SOURCE);
    }

    /** Returns the nodes that the model calls through the proxy executor. */
    public Optional<ArchiveEntry> externNodes() {
        return sibling(".json");
    }

    /** Returns the weights that lie beside the library. */
    public Optional<ArchiveEntry> weightsBlob() {
        return sibling("_weights.blob");
    }

    /** Returns the map of weights that lie in the package as files of torch.save. */
    public Optional<ArchiveEntry> weightsConfig() {
        return named("weights_config.json");
    }

    /** Returns the size of all files of weights, which the models of the package may share. */
    public long weightFilesBytes() {
        long bytes = 0;
        for (ArchiveEntry entry : archive.entries()) {
            if (entry.name().contains(PackagedWeights.FOLDER)) {
                bytes += entry.size();
            }
        }
        return bytes;
    }

    /** Returns the flags to compile the wrapper with. */
    public Optional<ArchiveEntry> compileFlags() {
        return sibling(COMPILE_FLAGS);
    }

    /** Returns the flags to link the model with. */
    public Optional<ArchiveEntry> linkerFlags() {
        return sibling("_linker_flags.json");
    }

    /** Returns the weights to append to a model that is to be compiled. */
    public Optional<ArchiveEntry> serializedWeights() {
        return sibling("_serialized_weights.bin");
    }

    /** Returns the object files to link into a model that is to be compiled. */
    public List<ArchiveEntry> objectFiles() {
        return ending(".o");
    }

    /**
     * Returns the compiled GPU kernels, for one architecture ({@code .cubin}) or several ({@code
     * .fatbin}).
     */
    public List<ArchiveEntry> gpuKernels() {
        List<ArchiveEntry> kernels = new ArrayList<>(ending(".cubin"));
        kernels.addAll(ending(".fatbin"));
        return kernels;
    }

    /** Returns whether the GPU kernels contain code that later architectures can use. */
    public boolean hasKernelsForSeveralGpus() {
        return !ending(".fatbin").isEmpty();
    }

    /**
     * Reads what the compiler noted about the machine ({@code AOTI_DEVICE_KEY} and others), with
     * the strings that the user added; empty if there is none.
     */
    public Map<String, String> metadata() {
        var entry = sibling(METADATA);
        return entry.isPresent() ? archive.parse(entry.get(), Json::stringMap) : Map.of();
    }

    /**
     * Opens the weights of {@link #weightsBlob()}, which do not need the package any more.
     *
     * @param layout the model's constants in the order of their indices, without those that are
     *     computed by constant folding
     * @param readOnly whether the tensor of a name is never written to: such tensors lie in the
     *     package's own mapping, which all share, the others in one of this source's own
     * @throws PackageException if there is no blob, or the constants do not take exactly its bytes
     */
    public TensorSource openBlob(List<BlobTensor> layout, Predicate<String> readOnly) {
        var blob = require(weightsBlob(), "weights blob");
        try (var mappings = new WeightMappings()) {
            // A blob without tensors is an empty file in a folder.
            if (blob.size() == 0 && layout.isEmpty()) {
                return mappings.toSource(archive.path());
            }
            var file = archive.file(blob);
            for (var tensor : Blob.place(file, blob.offset(), blob.size(), blob.name(), layout)) {
                mappings.add(tensor, file, readOnly.test(tensor.name()));
            }
            return mappings.toSource(archive.path());
        }
    }

    /**
     * Opens the weights that {@link #weightsConfig()} names, by their names in the PyTorch module;
     * they do not need the package any more.
     *
     * @param readOnly as in {@link #openBlob}; a weight that shares memory with one that may be
     *     written to counts as such
     * @throws PackageException if there are none, or they are damaged
     */
    public TensorSource openWeights(Predicate<String> readOnly) {
        var config = require(weightsConfig(), "weights_config.json");
        var views = archive.parse(config, WeightsConfig::parse);
        return PackagedWeights.open(archive, views, readOnly);
    }

    private ArchiveEntry require(Optional<ArchiveEntry> weights, String what) {
        return weights.orElseThrow(
                () ->
                        archive.bad(
                                "model %s has no %s: its weights are in its library, or were left out of the package"
                                        .formatted(quote(name), what)));
    }

    /** Returns the wrapper's file of this ending. */
    private Optional<ArchiveEntry> sibling(String suffix) {
        String stem = stem();
        return stem == null ? Optional.empty() : named(stem + suffix);
    }

    /**
     * The wrapper's file name without its ending; null if the model has neither library nor source.
     */
    private String stem() {
        var libraries = stems(LIBRARY);
        var sources = stems(SOURCE);
        var named = new LinkedHashSet<String>();
        for (var stems : List.of(libraries, sources)) {
            for (var stem : stems) {
                if (stem.endsWith(WRAPPER)) {
                    named.add(stem);
                }
            }
        }
        var wrappers = List.copyOf(named);
        var candidates =
                wrappers.isEmpty()
                        ? describedOnes(libraries.isEmpty() ? sources : libraries)
                        : wrappers;
        if (candidates.size() > 1) {
            throw archive.bad(
                    "model %s has more than one file that could be its wrapper: %s; package the model again"
                            .formatted(quote(name), list(candidates)));
        }
        return candidates.isEmpty() ? null : candidates.getFirst();
    }

    /** Where names do not identify the wrapper, its metadata does: no other file has any. */
    private List<String> describedOnes(List<String> stems) {
        if (stems.size() < 2) {
            return stems;
        }
        // A set: a hostile package names tens of thousands of libraries.
        Set<String> names =
                ending(METADATA).stream().map(ArchiveEntry::fileName).collect(Collectors.toSet());
        var described = stems.stream().filter(stem -> names.contains(stem + METADATA)).toList();
        return described.isEmpty() ? stems : described;
    }

    private List<String> stems(String ending) {
        List<String> stems = new ArrayList<>();
        for (var entry : ending(ending)) {
            var file = entry.fileName();
            stems.add(file.substring(0, file.length() - ending.length()));
        }
        return stems;
    }

    private Optional<ArchiveEntry> named(String fileName) {
        for (var entry : entries) {
            if (entry.fileName().equals(fileName)) {
                return Optional.of(entry);
            }
        }
        return Optional.empty();
    }

    private List<ArchiveEntry> ending(String suffix) {
        List<ArchiveEntry> found = new ArrayList<>();
        for (var entry : entries) {
            if (entry.fileName().endsWith(suffix)) {
                found.add(entry);
            }
        }
        return found;
    }

    private PackageException noLibrary() {
        return archive.bad(
                isSourceOnly()
                        ? "model %s was packaged as source only (aot_inductor.package_cpp_only), without a compiled library; package it again without that setting"
                                .formatted(quote(name))
                        : "model %s has no compiled library (.so), only %s; package it again"
                                .formatted(
                                        quote(name),
                                        list(
                                                entries.stream()
                                                        .map(ArchiveEntry::fileName)
                                                        .toList())));
    }
}
