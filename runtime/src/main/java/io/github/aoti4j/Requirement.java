package io.github.aoti4j;

import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.internal.compile.CompileSettings;
import io.github.aoti4j.internal.compile.LibrarySource;
import io.github.aoti4j.internal.preflight.Finding;
import io.github.aoti4j.internal.preflight.PreflightReport;
import io.github.aoti4j.libtorch.LibTorchLocation;
import io.github.aoti4j.libtorch.LibTorchLocator;
import io.github.aoti4j.libtorch.LibTorchOptions;
import io.github.aoti4j.weights.pt2.PackagedModel;
import io.github.aoti4j.weights.pt2.Pt2Archive;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Something that a model needs, and whether it is here.
 *
 * @param name what is needed, in a word: {@code platform}, {@code cpu}, {@code libtorch}, …
 * @param met whether it is here
 * @param detail what is needed and what is here, for people
 */
public record Requirement(String name, boolean met, String detail) {
    /** The name of what keeps nothing from running, but deserves attention. */
    public static final String WARNING = "warning";

    static List<Requirement> of(PreflightReport examination, LibTorchOptions options) {
        List<Requirement> requirements = new ArrayList<>();
        for (Finding finding : findings(examination, options)) {
            requirements.add(of(finding));
        }
        examination
                .warning()
                .ifPresent(warning -> requirements.add(new Requirement(WARNING, true, warning)));
        return List.copyOf(requirements);
    }

    /** What a model needs that is yet to be compiled. */
    static List<Requirement> ofSource(
            Pt2Archive archive, PackagedModel model, LibTorchOptions options) {
        List<Finding> findings = new ArrayList<>();
        Optional<Path> libtorch = Optional.empty();
        try {
            libtorch = Optional.of(LibTorchLocator.ofProcess().locate(options).directory());
        } catch (AotiException e) {
            findings.add(new Finding(Finding.Subject.LIBTORCH, false, e.getMessage()));
        }
        findings.addAll(
                LibrarySource.findings(archive, model, CompileSettings.ofProcess(), libtorch));
        return findings.stream().map(Requirement::of).toList();
    }

    private static Requirement of(Finding finding) {
        return new Requirement(
                finding.subject().name().toLowerCase(Locale.ROOT), finding.ok(), finding.message());
    }

    private static List<Finding> findings(PreflightReport examination, LibTorchOptions options) {
        try {
            LibTorchLocation location = LibTorchLocator.ofProcess().locate(options);
            var needed = examination.library().undefinedSymbols();
            Set<String> missing =
                    new HashSet<>(
                            examination.device().isCpu()
                                    ? location.missing(needed)
                                    : location.missingWithCuda(needed));
            return examination.findings(
                    symbol -> !missing.contains(symbol),
                    "the libtorch in "
                            + location.directory()
                            + " ("
                            + location.origin().description()
                            + ")");
        } catch (AotiException e) {
            List<Finding> findings = new ArrayList<>(examination.findings());
            findings.add(new Finding(Finding.Subject.LIBTORCH, false, e.getMessage()));
            return findings;
        }
    }
}
