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
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

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

    /** Returns the name of the model: one of {@link Pt2Archive#models()}. */
    public String name() {
        return name;
    }

    /**
     * Returns all files of the model, also those that no other method names, at least one entry, in
     * the order of the archive.
     */
    public List<ArchiveEntry> entries() {
        return entries;
    }

    /**
     * Returns the compiled model. A package may hold other libraries, which the wrapper uses; this
     * is the wrapper's.
     *
     * @throws PackageException if there is none, or several that could be it; the message tells
     *     whether the model was packaged as source only
     */
    public ArchiveEntry library() {
        var library = sibling(LIBRARY);
        if (library.isEmpty()) {
            throw noLibrary();
        }
        return library.get();
    }

    /**
     * Returns whether the model was packaged as source only ({@code
     * aot_inductor.package_cpp_only}); true if there is no compiled library but there is source.
     */
    public boolean isSourceOnly() {
        return sibling(LIBRARY).isEmpty() && sibling(SOURCE).isPresent();
    }

    /**
     * Returns the generated source of the wrapper, which states the inputs' checks and the
     * constants' shapes: {@code <stem>.cpp}, or empty.
     */
    public Optional<ArchiveEntry> wrapperSource() {
        return sibling(SOURCE);
    }

    /**
     * Returns the generated sources of the kernels: those named {@code .kernel.cpp}; empty in older
     * packages, where the wrapper holds them.
     */
    public List<ArchiveEntry> kernelSources() {
        return ending(KERNEL + SOURCE);
    }

    /**
     * Returns the nodes that the model calls through the proxy executor: {@code <stem>.json}, or
     * empty if it calls none.
     */
    public Optional<ArchiveEntry> externNodes() {
        return sibling(".json");
    }

    /**
     * Returns the weights that lie beside the library: {@code <stem>_weights.blob}, or empty if
     * they lie elsewhere.
     */
    public Optional<ArchiveEntry> weightsBlob() {
        return sibling("_weights.blob");
    }

    /**
     * Returns the map of weights that lie in the package as files of torch.save: {@code
     * weights_config.json}, or empty if they lie elsewhere.
     */
    public Optional<ArchiveEntry> weightsConfig() {
        return named("weights_config.json");
    }

    /**
     * Returns the flags to compile the wrapper with: {@code <stem>_compile_flags.json}, or empty if
     * it is compiled.
     */
    public Optional<ArchiveEntry> compileFlags() {
        return sibling(COMPILE_FLAGS);
    }

    /**
     * Returns the flags to link the model with: {@code <stem>_linker_flags.json}, or empty if it is
     * compiled.
     */
    public Optional<ArchiveEntry> linkerFlags() {
        return sibling("_linker_flags.json");
    }

    /**
     * Returns the weights to be appended to a model that is yet to be compiled: {@code
     * <stem>_serialized_weights.bin}, or empty.
     */
    public Optional<ArchiveEntry> serializedWeights() {
        return sibling("_serialized_weights.bin");
    }

    /**
     * Returns the object files to be linked into a model that is yet to be compiled: those ending
     * in {@code .o}.
     */
    public List<ArchiveEntry> objectFiles() {
        return ending(".o");
    }

    /**
     * Returns the compiled GPU kernels: those ending in {@code .cubin}, for one architecture, or
     * {@code .fatbin}, for several.
     */
    public List<ArchiveEntry> gpuKernels() {
        List<ArchiveEntry> kernels = new ArrayList<>(ending(".cubin"));
        kernels.addAll(ending(".fatbin"));
        return kernels;
    }

    /**
     * Returns whether the GPU kernels hold code that later architectures can use; true if there are
     * kernels ending in {@code .fatbin}.
     */
    public boolean hasKernelsForSeveralGpus() {
        return !ending(".fatbin").isEmpty();
    }

    /**
     * Returns the map from names in {@link #externNodes()} to custom objects, which lie in {@code
     * data/constants}: {@code custom_objs_config.json}, or empty.
     */
    public Optional<ArchiveEntry> customObjects() {
        return named("custom_objs_config.json");
    }

    /**
     * Reads what the compiler noted about the machine ({@code AOTI_DEVICE_KEY} and others), with
     * the strings that the user added.
     *
     * @return the strings by name, in the file's order; empty if the package has none
     * @throws PackageException if the entry is not a JSON object of strings
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
     * @param readOnly tells of a name whether nobody will write to that tensor, though its segment
     *     can be written to: such tensors lie in the package's own mapping, which all share, and
     *     the others in one that this source has for itself
     * @return the constants, to be closed by the caller
     * @throws PackageException if there is no blob, or the constants do not take exactly the bytes
     *     that it has
     * @throws IllegalStateException if the package is closed
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
     * Opens the weights of {@link #weightsBlob()} in a mapping that this source has for itself; see
     * {@link #openBlob(List, Predicate)}.
     *
     * @param layout the model's constants in the order of their indices
     * @return the constants, to be closed by the caller
     * @throws PackageException if there is no blob, or it does not fit
     * @throws IllegalStateException if the package is closed
     */
    public TensorSource openBlob(List<BlobTensor> layout) {
        return openBlob(layout, _ -> false);
    }

    /**
     * Opens the weights that {@link #weightsConfig()} names in a mapping that this source has for
     * itself; see {@link #openWeights(Predicate)}.
     *
     * @return the weights by the names in the PyTorch module, to be closed by the caller
     * @throws PackageException if there are none, or they are damaged
     * @throws IllegalStateException if the package is closed
     */
    public TensorSource openWeights() {
        return openWeights(_ -> false);
    }

    /**
     * Opens the weights that {@link #weightsConfig()} names, which do not need the package any
     * more.
     *
     * @param readOnly as in {@link #openBlob(List, Predicate)}; a weight that shares memory with
     *     one that may be written to counts as such
     * @return the weights by the names in the PyTorch module, to be closed by the caller
     * @throws PackageException if there are none, or they are damaged
     * @throws IllegalStateException if the package is closed
     */
    public TensorSource openWeights(Predicate<String> readOnly) {
        var config = require(weightsConfig(), "weights_config.json");
        var views = archive.parse(config, WeightsConfig::parse);
        return PackagedWeights.open(archive, views, readOnly);
    }

    private ArchiveEntry require(Optional<ArchiveEntry> weights, String what) {
        if (weights.isEmpty()) {
            throw archive.bad(
                    "model %s has no %s: its weights are in its library, or were left out of the package"
                            .formatted(quote(name), what));
        }
        return weights.get();
    }

    /** The file that belongs to the wrapper and ends so. */
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
        var wrappers = new LinkedHashSet<String>();
        addWrappers(libraries, wrappers);
        addWrappers(sources, wrappers);
        var candidates =
                wrappers.isEmpty()
                        ? describedOnes(libraries.isEmpty() ? sources : libraries)
                        : List.copyOf(wrappers);
        if (candidates.size() > 1) {
            throw archive.bad(
                    "model %s has more than one file that could be its wrapper: %s; package the model again"
                            .formatted(quote(name), list(candidates)));
        }
        return candidates.isEmpty() ? null : candidates.getFirst();
    }

    private static void addWrappers(List<String> stems, Set<String> wrappers) {
        for (String stem : stems) {
            if (stem.endsWith(WRAPPER)) {
                wrappers.add(stem);
            }
        }
    }

    /** Where names do not tell the wrapper, its metadata does: no other file comes with any. */
    private List<String> describedOnes(List<String> stems) {
        if (stems.size() < 2) {
            return stems;
        }
        var names = new HashSet<String>();
        entries.forEach(entry -> names.add(entry.fileName()));
        var described = stems.stream().filter(stem -> names.contains(stem + METADATA)).toList();
        return described.isEmpty() ? stems : described;
    }

    /** The names of the files that end so, without that ending. */
    private List<String> stems(String ending) {
        var stems = new ArrayList<String>();
        for (var entry : ending(ending)) {
            String file = entry.fileName();
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
        var found = new ArrayList<ArchiveEntry>();
        for (var entry : entries) {
            if (entry.fileName().endsWith(suffix)) {
                found.add(entry);
            }
        }
        return List.copyOf(found);
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
