package io.github.aoti4j.internal.load;

import io.github.aoti4j.core.Engine;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.Requirement;
import io.github.aoti4j.internal.builtin.BuiltInEngine;
import io.github.aoti4j.internal.preflight.Preflight.Subject;
import io.github.aoti4j.internal.preflight.PreflightReport;
import io.github.aoti4j.internal.wrapper.Names;
import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.libtorch.LibTorchLocator;
import io.github.aoti4j.libtorch.LibTorchOptions;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which engine runs a model.
 *
 * @param engine never {@link Engine#AUTO}
 * @param reason why, a sentence without its subject
 * @param obstacle why the built-in engine cannot run it; empty if it can
 */
public record EngineChoice(Engine engine, String reason, Optional<String> obstacle) {
    /** Names the engine for models that are loaded without the choice of one. */
    public static final String PROPERTY = "aoti.engine";

    private static final int MAX_NAMES = 40;

    /**
     * Chooses. Loads no libtorch and unpacks nothing.
     *
     * @throws IncompatibleModelException if the property names no engine
     */
    public static EngineChoice of(PreflightReport report, LoadSettings settings) {
        Engine wanted = wanted(settings);
        if (wanted == Engine.LIBTORCH) {
            return new EngineChoice(
                    Engine.LIBTORCH, "runs on libtorch, as requested", Optional.empty());
        }
        Optional<String> obstacle = obstacle(report);
        if (wanted == Engine.BUILT_IN) {
            return new EngineChoice(
                    Engine.BUILT_IN, "runs without libtorch, as requested", obstacle);
        }
        Optional<String> reason = obstacle.isPresent() ? obstacle : preference(report, settings);
        return reason.isPresent()
                ? new EngineChoice(Engine.LIBTORCH, reason.get(), obstacle)
                : new EngineChoice(Engine.BUILT_IN, "runs without libtorch", Optional.empty());
    }

    /** Returns the engine that the settings or else the process ask for. */
    static Engine wanted(LoadSettings settings) {
        return settings.engine.isPresent() ? settings.engine.get() : ofProcess();
    }

    private static Engine ofProcess() {
        String name = System.getProperty(PROPERTY);
        try {
            return name == null || name.isEmpty() ? Engine.AUTO : Engine.of(name);
        } catch (IllegalArgumentException e) {
            throw new IncompatibleModelException("-D%s: %s".formatted(PROPERTY, e.getMessage()), e);
        }
    }

    /** Returns why the built-in engine cannot run a model; empty if it can. */
    private static Optional<String> obstacle(PreflightReport report) {
        if (!report.device().isCpu()) {
            return Optional.of("needs libtorch for " + report.device());
        }
        if (!BuiltInEngine.canBind(report.library())) {
            return Optional.of("is not linked to libtorch by a name that can be replaced");
        }
        List<String> missing = BuiltInEngine.missing(report.library().undefinedSymbols());
        return missing.isEmpty()
                ? BuiltInEngine.obstacle()
                : Optional.of(
                        "needs libtorch for: "
                                + Names.list(
                                        missing.stream().sorted().toList(), MAX_NAMES, n -> n));
    }

    /** Returns why libtorch is better for a model that the built-in engine can run. */
    private static Optional<String> preference(PreflightReport report, LoadSettings settings) {
        if (LibTorch.loaded().isPresent()) {
            return Optional.of("runs on libtorch, which this process has loaded");
        }
        var locator = LibTorchLocator.ofProcess();
        if (settings.libtorch.isPresent() || locator.isRequested()) {
            return Optional.of("runs on the libtorch that is named");
        }
        if (!settings.opLibraries.isEmpty()) {
            return Optional.of("runs on libtorch, which libraries of operators need");
        }
        Optional<String> slower = slower(report, settings);
        return slower.isPresent() && locator.isPresent()
                ? Optional.of("runs on libtorch, which is faster for it: " + slower.get())
                : Optional.empty();
    }

    private static Optional<String> slower(PreflightReport report, LoadSettings settings) {
        if (report.slowConvolutions() != null) {
            return Optional.of(report.slowConvolutions());
        }
        return settings.openBlas.isPresent()
                ? Optional.empty()
                : BuiltInEngine.slower(report.library().undefinedSymbols());
    }

    /** Returns all that a model requires to run as the settings have it, and the warning. */
    public static List<Requirement> requirements(PreflightReport report, LoadSettings settings) {
        EngineChoice choice = of(report, settings);
        List<Requirement> all = new ArrayList<>();
        if (choice.engine == Engine.BUILT_IN) {
            all.addAll(report.requirements());
        } else {
            all.addAll(
                    report.requirements(
                            LibTorchOptions.DEFAULT
                                    .withDirectory(settings.libtorch.orElse(null))
                                    .withProgress(settings.progress)));
        }
        all.add(choice.requirement());
        report.warning()
                .map(text -> new Requirement(Requirement.WARNING, true, text))
                .ifPresent(all::add);
        return List.copyOf(all);
    }

    /** Returns the choice as something that the model requires. */
    Requirement requirement() {
        boolean met = engine == Engine.LIBTORCH || obstacle.isEmpty();
        return met
                ? Subject.ENGINE.met(reason)
                : Subject.ENGINE.unmet(
                        obstacle.get() + "; load it with the engine auto or libtorch");
    }
}
