package io.github.aoti4j.internal.preflight;

import io.github.aoti4j.bindings.elf.Elf;
import io.github.aoti4j.bindings.elf.ElfFile;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.Requirement;
import io.github.aoti4j.internal.wrapper.WrapperSource;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The questions to ask before a model's code is let into the process: what goes wrong later ends
 * the process, or comes out as one symbol name at a time.
 */
public final class Preflight {
    /** The beginnings of the names that only libtorch has: the C shim, and its vector math. */
    private static final List<String> LIBTORCH_PREFIXES =
            List.of("aoti_torch_", "aoti_record_", "torch_", "Sleef_");

    /** What only models of a PyTorch version or later export, newest first; see headers/README. */
    private static final String SINCE_2_14 = "AOTInductorModelContainerCreateWithExternalConstants";

    private static final String SINCE_2_13 = "AOTInductorGetLastError";
    private static final String SINCE_2_10 = "AOTInductorModelUpdateConstantsFromBlob";

    private static final int MAX_NAMES = 40;

    private Preflight() {}

    /** What a question is about. */
    public enum Subject {
        DEVICE,
        PLATFORM,
        /** The machine's instruction set. */
        MACHINE,
        /** The CPU's extensions. */
        CPU,
        /** What compiles a package of source only. */
        COMPILER,
        /** The functions that a model exports. */
        FUNCTIONS,
        /** The functions that libtorch exports. */
        LIBTORCH,
        /** The operators that it calls through PyTorch's dispatcher. */
        OPERATORS;

        public Requirement met(String detail) {
            return answer(true, detail);
        }

        public Requirement unmet(String detail) {
            return answer(false, detail);
        }

        public Requirement answer(boolean met, String detail) {
            return new Requirement(name().toLowerCase(Locale.ROOT), met, detail);
        }
    }

    /**
     * Asks what can be told without libtorch, but for the device ({@link DeviceRequirement}).
     *
     * @param march the compiler's {@code -march}, if the package tells ({@link
     *     WrapperSource#march})
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
     * Asks what can be told of a model that is yet to be compiled.
     *
     * @param march the {@code -march} that it wants to be compiled with
     */
    public static List<Requirement> examineSource(
            PackageMetadata metadata, Optional<String> march, Host host) {
        return List.of(
                sourceDevice(metadata, host), platform(metadata, host), cpu(metadata, march, host));
    }

    /** Compiling for CUDA would need its headers and the folder of the kernels at every start. */
    private static Requirement sourceDevice(PackageMetadata metadata, Host host) {
        DeviceRequirement demand = DeviceRequirement.of(metadata, false, false);
        return demand.kind().equals("cuda")
                ? Subject.DEVICE.unmet(
                        "was compiled for cuda, for which a package of source only cannot be used;"
                                + " package it without aot_inductor.package_cpp_only")
                : demand.requirement(null, host);
    }

    /**
     * Asks whether a libtorch has all that the model's library leaves undefined. A package of a
     * newer PyTorch runs on an older libtorch if it does.
     *
     * @param libtorch tells whether libtorch has a symbol
     * @param description what to call this libtorch, such as {@code libtorch 2.10.0 in /opt/x}
     */
    public static Requirement symbols(
            ElfFile library, Predicate<String> libtorch, String description) {
        int needed = 0;
        var missing = new ArrayList<String>();
        for (String name : library.undefinedSymbols()) {
            if (isOfLibtorch(name)) {
                needed++;
                if (!libtorch.test(name)) {
                    missing.add(name);
                }
            }
        }
        if (missing.isEmpty()) {
            return Subject.LIBTORCH.met(
                    "needs %d functions of libtorch, all of which %s has"
                            .formatted(needed, description));
        }
        missing.sort(null);
        return Subject.LIBTORCH.unmet(
                "needs %s of libtorch, which %s does not have; %suse the libtorch of the PyTorch that compiled it, or a newer one"
                        .formatted(
                                names(missing),
                                description,
                                compiledBy(library)
                                        .map(
                                                "the model was compiled by PyTorch %s or newer: "
                                                        ::formatted)
                                        .orElse("")));
    }

    private static boolean isOfLibtorch(String name) {
        for (String prefix : LIBTORCH_PREFIXES) {
            if (name.startsWith(prefix)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Refuses a model if an answer is no.
     *
     * @throws IncompatibleModelException naming all that stands in the way
     */
    public static void require(String model, List<Requirement> requirements) {
        var problems = new StringBuilder();
        for (var requirement : requirements) {
            if (!requirement.met()) {
                problems.append("\n  it ").append(requirement.detail());
            }
        }
        if (!problems.isEmpty()) {
            throw new IncompatibleModelException(model + " cannot run here:" + problems);
        }
    }

    private static Requirement platform(PackageMetadata metadata, Host host) {
        String platform = printable(metadata.platform().orElse(host.platform()));
        return platform.equals(host.platform())
                ? Subject.PLATFORM.met("was compiled for " + platform)
                : Subject.PLATFORM.unmet(
                        "was compiled for %s, and this is %s; export it on %2$s"
                                .formatted(platform, host.platform()));
    }

    /** The library knows better than the metadata what it was compiled for. */
    private static Requirement machine(ElfFile library, Host host) {
        String machine = library.machineName();
        return machine.equals(host.machine())
                ? Subject.MACHINE.met("was compiled for " + machine)
                : Subject.MACHINE.unmet(
                        "was compiled for %s, and this is %s; export it on %2$s"
                                .formatted(machine, host.machine()));
    }

    private static String isa(PackageMetadata metadata) {
        return printable(
                metadata.cpuIsa().orElse("no vector extensions that the package tells of"));
    }

    private static Requirement cpu(PackageMetadata metadata, Optional<String> march, Host host) {
        String isa = isa(metadata);
        var demands = CpuRequirements.of(metadata.cpuIsa(), march);
        var missing = host.cpu().missing(demands.features());
        if (!missing.isEmpty()) {
            return Subject.CPU.unmet(
                    "was compiled for %s and needs %s; this CPU lacks %s; export it with options that this CPU has (cpp.march, cpp.simdlen)"
                            .formatted(
                                    isa,
                                    String.join(" ", demands.features()),
                                    String.join(" ", missing)));
        }
        var message = new StringBuilder("was compiled for " + isa);
        if (host.cpu().flags().isEmpty()) {
            message.append("; this CPU's features are not known");
        } else if (!demands.features().isEmpty()) {
            message.append(" and needs ")
                    .append(String.join(" ", demands.features()))
                    .append(", which this CPU has");
        }
        if (demands.unchecked().isPresent()) {
            message.append("; not checked: ").append(printable(demands.unchecked().get()));
        }
        return Subject.CPU.met(message.toString());
    }

    private static Requirement functions(ElfFile library, Collection<String> required) {
        var missing = new ArrayList<String>();
        for (String name : required) {
            if (!library.definedSymbols().contains(name)) {
                missing.add(name);
            }
        }
        return missing.isEmpty()
                ? Subject.FUNCTIONS.met(
                        "has the functions of a model" + ofVersion(compiledBy(library)))
                : Subject.FUNCTIONS.unmet(
                        "does not have %s; it is no AOTInductor model, or one of a PyTorch that is too old: export it again with a newer one"
                                .formatted(names(missing)));
    }

    /** The oldest PyTorch that can have compiled it, as far as its functions tell. */
    private static Optional<String> compiledBy(ElfFile library) {
        var has = library.definedSymbols();
        return has.contains(SINCE_2_14)
                ? Optional.of("2.14")
                : has.contains(SINCE_2_13)
                        ? Optional.of("2.13")
                        : has.contains(SINCE_2_10) ? Optional.of("2.10") : Optional.empty();
    }

    private static String ofVersion(Optional<String> oldest) {
        return oldest.isPresent() ? " of PyTorch " + oldest.get() + " or newer" : "";
    }

    private static String names(List<String> names) {
        String listed =
                names.stream()
                        .limit(MAX_NAMES)
                        .map(Preflight::printable)
                        .collect(Collectors.joining(", "));
        return names.size() > MAX_NAMES
                ? listed + " and " + (names.size() - MAX_NAMES) + " more"
                : listed;
    }

    /** Names in files can be any bytes, also those that command a terminal. */
    static String printable(String name) {
        var text = new StringBuilder(name);
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < ' ' || text.charAt(i) > '~') {
                text.setCharAt(i, '?');
            }
        }
        return text.toString();
    }
}
