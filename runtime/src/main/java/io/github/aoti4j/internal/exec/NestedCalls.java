package io.github.aoti4j.internal.exec;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.callspec.CallPlan;
import io.github.aoti4j.internal.callspec.Shaper;
import io.github.aoti4j.internal.inputs.ScalarTensors;
import io.github.aoti4j.internal.tensor.TensorType;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.function.Function;

/** Nested calls of one model: flat inputs before its run, structured outputs after it. */
public final class NestedCalls<T> {
    private final LoadedModel model;
    private final TensorType<T> type;

    /** Runs the model on flat inputs. */
    public interface Run<T> {
        List<T> run(Arena arena, T[] inputs);
    }

    /**
     * The arguments of a call.
     *
     * @param positional in order
     * @param keywords a map or a record; null for none
     */
    @SuppressWarnings("ArrayRecordComponent") // passed on at once, never compared
    public record Args(Object[] positional, Object keywords) {}

    public NestedCalls(LoadedModel model, TensorType<T> type) {
        this.model = model;
        this.type = type;
    }

    public CallPlan plan() {
        return model.callPlan().get();
    }

    /** Calls the model and returns lists and maps. */
    public Object call(Arena arena, Args args, Run<T> run) {
        CallPlan plan = plan();
        return plan.shape(run(plan, arena, args, run));
    }

    /** Calls the model and returns its results as a type. */
    public <R> R call(Arena arena, Args args, Class<R> result, Run<T> run) {
        CallPlan plan = plan();
        Shaper shaper = plan.shaper(requireNonNull(result, "type"), type.type());
        return result.cast(shaper.shape(run(plan, arena, args, run).toArray()));
    }

    private List<T> run(CallPlan plan, Arena arena, Args args, Run<T> run) {
        requireNonNull(arena, "arena");
        requireNonNull(args, "arguments");
        T[] tensors = flatten(plan, args, arena);
        try {
            return run.run(arena, tensors);
        } catch (InvalidInputException e) {
            throw explained(plan, e, args);
        }
    }

    /** Returns whether {@link #call} would take these. */
    public boolean accepts(Args args) {
        try (Arena scratch = Arena.ofConfined()) {
            return model.validator().accepts(type.unwrapAll(flatten(plan(), args, scratch)));
        } catch (InvalidInputException e) {
            // Another structure, which variants of one model seldom have.
            return false;
        }
    }

    /** Throws what {@link #call} would. */
    public void check(Args args) {
        CallPlan plan = plan();
        try (Arena scratch = Arena.ofConfined()) {
            model.validator().check(type.unwrapAll(flatten(plan, args, scratch)));
        } catch (InvalidInputException e) {
            throw explained(plan, e, args);
        }
    }

    private T[] flatten(CallPlan plan, Args args, Arena arena) {
        Function<TensorView, T> wrap = type.wrap();
        return plan.flatten(
                args.positional(),
                args.keywords(),
                type.type(),
                (value, input, path) ->
                        wrap.apply(
                                ScalarTensors.of(arena, value, model.inputs().get(input), path)));
    }

    private InvalidInputException explained(CallPlan plan, InvalidInputException e, Args args) {
        var explained =
                new InvalidInputException(
                        plan.explain(
                                e.getMessage(),
                                args.positional(),
                                args.keywords(),
                                type.type(),
                                model.natives().container().inputNames()));
        explained.initCause(e);
        return explained;
    }
}
