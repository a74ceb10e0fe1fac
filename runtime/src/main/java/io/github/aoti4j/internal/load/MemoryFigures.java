package io.github.aoti4j.internal.load;

import io.github.aoti4j.bindings.elf.ElfFile;
import io.github.aoti4j.internal.preflight.PreflightReport;
import io.github.aoti4j.internal.wrapper.LargestSizes;
import io.github.aoti4j.internal.wrapper.RunBuffers;
import io.github.aoti4j.internal.wrapper.WrapperSource;
import io.github.aoti4j.weights.pt2.PackagedModel;
import io.github.aoti4j.weights.pt2.Pt2Archive;
import io.github.aoti4j.weights.zip.ArchiveEntry;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a model that is loaded with some settings would take, as its package says.
 *
 * @param inMemory the size of the package, if it lies in memory
 * @param inputs of all inputs at their largest
 * @param run one run, at the largest inputs; empty if that is not known
 */
public record MemoryFigures(
        WeightsMemory weights,
        long inMemory,
        long library,
        OptionalLong inputs,
        Optional<RunBuffers.Bytes> run) {
    /** Reads a package, and nothing else. */
    public static MemoryFigures of(
            Pt2Archive archive,
            PackagedModel packaged,
            Optional<WrapperSource> source,
            LoadSettings settings) {
        Optional<ArchiveEntry> library =
                packaged.isSourceOnly() ? Optional.empty() : Optional.of(packaged.library());
        long libraryBytes = library.map(ArchiveEntry::size).orElse(0L);
        boolean onCpu = !"cuda".equals(packaged.metadata().get("AOTI_DEVICE_KEY"));
        WeightsMemory weights =
                WeightsMemory.of(
                        packaged,
                        source,
                        onCpu,
                        libraryBytes,
                        settings.runners > 1 && library.isPresent()
                                ? elf(archive, library.get()).definedSymbols()
                                : List.of(),
                        settings);
        Optional<RunBuffers.Bytes> run =
                source.flatMap(
                        known ->
                                PreflightReport.wrapper(archive, packaged)
                                        .map(text -> RunBuffers.of(text, known)));
        return new MemoryFigures(
                weights,
                archive.bytesInMemory(),
                libraryBytes,
                source.map(known -> new LargestSizes(known).inputBytes())
                        .orElse(OptionalLong.empty()),
                run);
    }

    private static ElfFile elf(Pt2Archive archive, ArchiveEntry library) {
        return ElfFile.read(archive.segment(library), archive.fileOf(library), library.name());
    }
}
