package io.github.aoti4j;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.StackGuard;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.OperatorException;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.internal.exec.NestedCalls;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * One model compiled in several variants, for fixed shapes, other dtypes, or ranges of sizes: a run
 * goes to the first variant that takes the inputs, as {@code torch.compile} does with its guards.
 *
 * <pre>{@code
 * try (GuardedModel model = GuardedModel.load(Path.of("variants.pt2"));
 *         Arena arena = Arena.ofConfined()) {
 *     List<Tensor> outputs = model.run(arena, inputs);
 * }
 * }</pre>
 *
 * <p>The guards are the input checks that PyTorch wrote into each package. The variant that took
 * the last inputs is asked first, then all in order: where two take the same inputs, either may
 * run. Only the inputs' number, dtypes, sizes and strides are compared; that the variants compute
 * the same is not checked.
 *
 * <p>Thread-safe.
 */
public final class GuardedModel implements AutoCloseable {
    private final List<Model> variants;

    /** The index of the variant that took the last inputs. */
    private volatile int last;

    private GuardedModel(List<Model> variants) {
        this.variants = List.copyOf(variants);
    }

    /**
     * Combines models.
     *
     * @param variants in the order in which they are asked; if this succeeds they are closed with
     *     the result
     * @return the variants as one model, to be closed by the caller
     * @throws IllegalArgumentException if there are none
     * @throws IncompatibleModelException if a package states no input checks, and its model would
     *     take anything
     */
    public static GuardedModel of(List<Model> variants) {
        if (requireNonNull(variants, "variants").isEmpty()) {
            throw new IllegalArgumentException("a guarded model needs at least one variant");
        }
        for (Model variant : variants) {
            if (!variant.loaded().validator().isKnown()) {
                throw new IncompatibleModelException(
                        "model "
                                + variant.name()
                                + " cannot be chosen by its inputs: its package holds no source"
                                + " that says which it takes; package it again with its source");
            }
        }
        return new GuardedModel(variants);
    }

    /**
     * Loads all models of a package as variants of one; see {@link #load(List, ModelOptions)}.
     *
     * @param path a {@code .pt2} file, or a folder that one was unpacked into
     * @return the variants in the package's order, to be closed by the caller
     */
    public static GuardedModel load(Path path) {
        return load(List.of(requireNonNull(path, "path")), ModelOptions.defaults());
    }

    /**
     * Loads all models of some packages as variants of one.
     *
     * @param paths {@code .pt2} files, or folders that such were unpacked into
     * @param options how to load each; where they name a model, only that one of each package
     * @return the variants in the order of the packages and in theirs, to be closed by the caller
     * @throws PackageException if one is not a sound package
     * @throws IncompatibleModelException if one of them cannot run here, or states no input checks
     * @throws NativeException if the set-up of one of them fails
     * @throws AotiException if the library cannot be unpacked, or the thread is interrupted while
     *     it is; the interrupt stays pending
     */
    public static GuardedModel load(List<Path> paths, ModelOptions options) {
        requireNonNull(paths, "paths");
        requireNonNull(options, "options");
        StackGuard.requireForLoad();
        List<Model> loaded = new ArrayList<>();
        try {
            for (Path path : paths) {
                try (ModelPackage opened = ModelPackage.open(path, options)) {
                    load(opened, options, loaded);
                }
            }
            return of(loaded);
        } catch (Throwable e) {
            Closeables.closeAfter(e, loaded);
            throw e;
        }
    }

    /**
     * Loads all models of an open package as variants of one; see {@link #load(List,
     * ModelOptions)}.
     *
     * @param opened the package, which is not needed any more when this returns
     * @param options how to load each; where they name a model, only that one
     * @return the variants in the package's order, to be closed by the caller
     * @throws IllegalStateException if the package is closed
     */
    public static GuardedModel load(ModelPackage opened, ModelOptions options) {
        requireNonNull(opened, "opened");
        requireNonNull(options, "options");
        List<Model> loaded = new ArrayList<>();
        try {
            load(opened, options, loaded);
            return of(loaded);
        } catch (Throwable e) {
            Closeables.closeAfter(e, loaded);
            throw e;
        }
    }

    private static void load(ModelPackage opened, ModelOptions options, List<Model> loaded) {
        for (String name : options.model().map(List::of).orElse(opened.models())) {
            loaded.add(opened.load(options.model(name)));
        }
    }

    /** {@return the variants; unmodifiable, in the order in which they are asked} */
    public List<Model> variants() {
        return variants;
    }

    /**
     * Finds the variant that a run would go to, which counts as a match.
     *
     * @param inputTensors in call order
     * @return the variant; empty if none takes these inputs
     */
    public Optional<Model> match(Tensor... inputTensors) {
        TensorView[] views = Tensor.TYPE.unwrapAll(requireNonNull(inputTensors, "inputs"));
        return Optional.ofNullable(find(variant -> variant.loaded().validator().accepts(views)));
    }

    /**
     * Runs the first variant that takes the inputs; see {@link Model#run(Arena, List)}.
     *
     * @param arena the outputs live as long as it does
     * @param inputTensors in call order
     * @return the outputs in call order, unmodifiable; null where the model returned None
     * @throws InvalidInputException if no variant takes them; the message says for each why not
     * @throws NativeException if the model fails, with its message
     * @throws OperatorException if an operator gives something else than the model was compiled for
     * @throws IllegalStateException if the model, the arena or an input's arena is closed
     * @throws WrongThreadException if one of the arenas is confined to another thread
     */
    public List<Tensor> run(Arena arena, Tensor... inputTensors) {
        requireNonNull(arena, "arena");
        // What has been matched is what is run, whatever the caller does to the array meanwhile.
        TensorView[] views = Tensor.TYPE.unwrapAll(requireNonNull(inputTensors, "inputs"));
        return choose(
                        variant -> variant.loaded().validator().accepts(views),
                        variant -> variant.loaded().validator().check(views))
                .run(arena, null, views);
    }

    /**
     * Runs the first variant that takes the inputs; see {@link #run(Arena, Tensor...)}.
     *
     * @param arena the outputs live as long as it does
     * @param inputTensors in call order
     * @return the outputs in call order, unmodifiable; null where the model returned None
     * @throws InvalidInputException if no variant takes them; the message says for each why not
     * @throws NativeException if the model fails, with its message
     * @throws OperatorException if an operator gives something else than the model was compiled for
     * @throws IllegalStateException if the model, the arena or an input's arena is closed
     * @throws WrongThreadException if one of the arenas is confined to another thread
     */
    public List<Tensor> run(Arena arena, List<Tensor> inputTensors) {
        return run(arena, requireNonNull(inputTensors, "inputs").toArray(Tensor[]::new));
    }

    /**
     * Calls the first variant that takes nested arguments; see {@link Model#call(Arena,
     * Object...)}.
     *
     * @param arena the outputs live as long as it does
     * @param args in order, each as {@link CallSpec} says
     * @return a {@link Tensor}, a {@link List} or a {@link Map}; null where the model returned None
     * @throws InvalidInputException if no variant takes them; the message says for each why not
     */
    public Object call(Arena arena, Object... args) {
        return call(arena, Arguments.of(args));
    }

    /**
     * Calls the first variant that takes nested arguments; see {@link Model#call(Arena,
     * Arguments)}.
     *
     * @param arena the outputs live as long as it does
     * @param arguments positional and keyword arguments
     * @return a {@link Tensor}, a {@link List} or a {@link Map}; null where the model returned None
     * @throws InvalidInputException if no variant takes them; the message says for each why not
     */
    public Object call(Arena arena, Arguments arguments) {
        return choose(arena, arguments).call(arena, arguments);
    }

    /**
     * Calls the first variant that takes nested arguments, and returns its results as a type; see
     * {@link Model#call(Arena, Arguments, Class)}.
     *
     * @param <R> the type
     * @param arena the outputs live as long as it does
     * @param arguments positional and keyword arguments
     * @param type a record class, {@link Tensor}, {@link List} or {@link Map}
     * @return the results; null where the model returned None
     * @throws InvalidInputException if no variant takes the arguments, for each of which the
     *     message says why not; or if the type cannot hold the results
     */
    public <R> R call(Arena arena, Arguments arguments, Class<R> type) {
        requireNonNull(type, "type");
        return choose(arena, arguments).call(arena, arguments, type);
    }

    private Model choose(Arena arena, Arguments arguments) {
        requireNonNull(arena, "arena");
        NestedCalls.Args args = requireNonNull(arguments, "arguments").args();
        return choose(
                variant -> variant.calls().accepts(args), variant -> variant.calls().check(args));
    }

    /**
     * Returns the first variant that takes the inputs.
     *
     * @param check throws what is wrong with the inputs
     */
    private Model choose(Predicate<Model> accepts, Consumer<Model> check) {
        Model variant = find(accepts);
        if (variant != null) {
            return variant;
        }
        StringBuilder message = new StringBuilder("no variant takes these inputs:");
        for (int i = 0; i < variants.size(); i++) {
            message.append("\n  variant %d, model %s: ".formatted(i, variants.get(i).name()))
                    .append(whyNot(variants.get(i), check));
        }
        throw new InvalidInputException(message.toString());
    }

    /** Returns null if there is none. */
    private Model find(Predicate<Model> accepts) {
        int first = last;
        if (accepts.test(variants.get(first))) {
            return variants.get(first);
        }
        for (int i = 0; i < variants.size(); i++) {
            if (i != first && accepts.test(variants.get(i))) {
                last = i;
                return variants.get(i);
            }
        }
        return null;
    }

    private static String whyNot(Model variant, Consumer<Model> check) {
        try {
            check.accept(variant);
            throw new AssertionError("refused without a reason by " + variant);
        } catch (InvalidInputException e) {
            return e.getMessage();
        }
    }

    /** Closes all variants, as {@link Model#close} does. Closing again does nothing. */
    @Override
    public void close() {
        StackGuard.requireForClose();
        Closeables.closeAll(variants);
    }

    /** {@return the variants' names and states, for messages} */
    @Override
    public String toString() {
        return "GuardedModel" + variants;
    }
}
