package io.github.aoti4j.internal.preflight;

import io.github.aoti4j.bindings.elf.Elf;
import io.github.aoti4j.bindings.elf.ElfFile;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.Requirement;
import io.github.aoti4j.internal.wrapper.Names;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Checks what a model requires before its code is loaded: a later failure ends the process, or
 * names one missing symbol at a time.
 */
public final class Preflight {
    /** Prefixes of names that only libtorch has: the C shim, and its vector math. */
    private static final List<String> LIBTORCH_PREFIXES =
            List.of("aoti_torch_", "aoti_record_", "torch_", "Sleef_");

    /** What models export since a version of PyTorch, newest first; see headers/README. */
    private static final List<Map.Entry<String, String>> SINCE =
            List.of(
                    Map.entry("AOTInductorModelContainerCreateWithExternalConstants", "2.14"),
                    Map.entry("AOTInductorGetLastError", "2.13"),
                    Map.entry("AOTInductorModelUpdateConstantsFromBlob", "2.10"));

    private static final int MAX_NAMES = 40;

    private Preflight() {}

    /** What a requirement is about. */
    public enum Subject {
        DEVICE,
        PLATFORM,
        MACHINE,
        CPU,
        COMPILER,
        FUNCTIONS,
        ENGINE,
        LIBTORCH,
        OPERATORS;

        public Requirement met(String detail) {
            return new Requirement(name().toLowerCase(Locale.ROOT), true, detail);
        }

        public Requirement unmet(String detail) {
            return new Requirement(name().toLowerCase(Locale.ROOT), false, detail);
        }
    }

    /**
     * Checks what needs no libtorch, without the device ({@link DeviceRequirement}).
     *
     * @param march the compiler's {@code -march}, if the package says
     * @param requiredFunctions the functions that a model must export to be run
     */
    public static List<Requirement> examine(
            PackageMetadata metadata,
            ElfFile library,
            Optional<String> march,
            Collection<String> requiredFunctions,
            Host host) {
        return List.of(
                platform(metadata, host),
                machine(library, host),
                library.machine() == Elf.X86_64
                        ? cpu(metadata, march, host)
                        : Subject.CPU.met(
                                "was compiled for %s, which is not checked"
                                        .formatted(isa(metadata))),
                functions(library, requiredFunctions));
    }

    /**
     * Checks a model that is yet to be compiled.
     *
     * @param march the {@code -march} to compile it with
     */
    public static List<Requirement> examineSource(
            PackageMetadata metadata, Optional<String> march, Host host) {
        return List.of(
                sourceDevice(metadata, host), platform(metadata, host), cpu(metadata, march, host));
    }

    /** Compiling for CUDA would need its headers and the folder of the kernels at every start. */
    private static Requirement sourceDevice(PackageMetadata metadata, Host host) {
        DeviceRequirement device = DeviceRequirement.of(metadata, false, false);
        return device.kind().equals("cuda")
                ? Subject.DEVICE.unmet(
                        "was compiled for cuda, for which a package of source only cannot be used;"
                                + " package it without aot_inductor.package_cpp_only")
                : device.requirement(null, host);
    }

    /**
     * Checks whether a libtorch has all that the model's library leaves undefined. A package of a
     * newer PyTorch runs on an older libtorch if it does.
     *
     * @param libtorch whether libtorch has a symbol
     * @param description of libtorch, such as {@code libtorch 2.10.0 in /opt/x}
     */
    public static Requirement symbols(
            ElfFile library, Predicate<String> libtorch, String description) {
        List<String> needed =
                library.undefinedSymbols().stream()
                        .filter(name -> LIBTORCH_PREFIXES.stream().anyMatch(name::startsWith))
                        .toList();
        List<String> missing = needed.stream().filter(Predicate.not(libtorch)).sorted().toList();
        if (missing.isEmpty()) {
            return Subject.LIBTORCH.met(
                    "needs %d functions of libtorch, all of which %s has"
                            .formatted(needed.size(), description));
        }
        return Subject.LIBTORCH.unmet(
                "needs %s of libtorch, which %s does not have; %suse the libtorch of the PyTorch that compiled it, or a newer one"
                        .formatted(
                                names(missing),
                                description,
                                oldestPyTorch(
                                        "the model was compiled by PyTorch ",
                                        " or newer: ",
                                        library)));
    }

    /** Throws IncompatibleModelException, which names all requirements that are not met. */
    public static void require(String model, List<Requirement> requirements) {
        var problems = new StringBuilder();
        for (Requirement requirement : requirements) {
            if (!requirement.met()) {
                problems.append("\n  it ").append(requirement.detail());
            }
        }
        if (!problems.isEmpty()) {
            throw new IncompatibleModelException(model + " cannot run here:" + problems);
        }
    }

    private static Requirement platform(PackageMetadata metadata, Host host) {
        return sameAs(
                host.platform(),
                printable(metadata.platform().orElse(host.platform())),
                Subject.PLATFORM);
    }

    /** The library knows better than the metadata what it was compiled for. */
    private static Requirement machine(ElfFile library, Host host) {
        return sameAs(host.machine(), library.machineName(), Subject.MACHINE);
    }

    private static Requirement sameAs(String here, String required, Subject subject) {
        return required.equals(here)
                ? subject.met("was compiled for " + required)
                : subject.unmet(
                        "was compiled for %s, and this is %s; export it on %2$s"
                                .formatted(required, here));
    }

    private static String isa(PackageMetadata metadata) {
        return printable(metadata.cpuIsa().orElse("no vector extensions that the package states"));
    }

    private static Requirement cpu(PackageMetadata metadata, Optional<String> march, Host host) {
        String isa = isa(metadata);
        var required = CpuRequirements.of(metadata.cpuIsa(), march);
        var missing = host.cpu().missing(required.features());
        if (!missing.isEmpty()) {
            return Subject.CPU.unmet(
                    "was compiled for %s and needs %s; this CPU lacks %s; export it with options that this CPU has (cpp.march, cpp.simdlen)"
                            .formatted(
                                    isa,
                                    String.join(" ", required.features()),
                                    String.join(" ", missing)));
        }
        String message = "was compiled for " + isa;
        if (host.cpu().flags().isEmpty()) {
            message += "; this CPU's features are not known";
        } else if (!required.features().isEmpty()) {
            message +=
                    " and needs " + String.join(" ", required.features()) + ", which this CPU has";
        }
        if (required.unchecked().isPresent()) {
            message += "; not checked: " + printable(required.unchecked().get());
        }
        return Subject.CPU.met(message);
    }

    private static Requirement functions(ElfFile library, Collection<String> required) {
        List<String> missing = new ArrayList<>(required);
        missing.removeAll(library.definedSymbols());
        return missing.isEmpty()
                ? Subject.FUNCTIONS.met(
                        "has the functions of a model"
                                + oldestPyTorch(" of PyTorch ", " or newer", library))
                : Subject.FUNCTIONS.unmet(
                        "does not have %s; it is no AOTInductor model, or one of a PyTorch that is too old: export it again with a newer one"
                                .formatted(names(missing)));
    }

    /** A text with the oldest PyTorch that can have compiled a library, as its functions show. */
    private static String oldestPyTorch(String before, String after, ElfFile library) {
        for (Map.Entry<String, String> since : SINCE) {
            if (library.definedSymbols().contains(since.getKey())) {
                return before + since.getValue() + after;
            }
        }
        return "";
    }

    private static String names(List<String> names) {
        return Names.list(names, MAX_NAMES, Preflight::printable);
    }

    /** Names in files can be any bytes, also those that control a terminal. */
    static String printable(String name) {
        var text = new StringBuilder(name.length());
        for (int at = 0; at < name.length(); at += Character.charCount(name.codePointAt(at))) {
            char letter = name.charAt(at);
            text.append(' ' <= letter && letter <= '~' ? letter : '?');
        }
        return text.toString();
    }
}
