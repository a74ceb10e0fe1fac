package io.github.aoti4j;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.callspec.Shaper;

import java.lang.foreign.Arena;
import java.util.List;

/** Nested calls of one model: flat inputs before its run, structured outputs after it. */
final class Calls {
    private final Model model;
    private final LazyCallSpec callSpec;

    Calls(Model model, LazyCallSpec callSpec) {
        this.model = model;
        this.callSpec = callSpec;
    }

    CallSpec spec() {
        return callSpec.get();
    }

    Object call(Arena arena, Arguments arguments) {
        CallSpec known = spec();
        return known.shape(run(known, arena, arguments));
    }

    <R> R call(Arena arena, Arguments arguments, Class<R> type) {
        CallSpec known = spec();
        Shaper shaper = known.shaper(requireNonNull(type, "type"));
        return type.cast(shaper.shape(run(known, arena, arguments).toArray()));
    }

    /** Whether {@link #call(Arena, Arguments)} would take these. */
    boolean accepts(Arguments arguments) {
        try (Arena scratch = Arena.ofConfined()) {
            return model.validator().accepts(spec().flatten(arguments, scratch, model.inputs()));
        } catch (InvalidInputException e) {
            // Another structure, which variants of one model seldom have.
            return false;
        }
    }

    /** Throws what {@link #call(Arena, Arguments)} would. */
    void check(Arguments arguments) {
        CallSpec known = spec();
        try (Arena scratch = Arena.ofConfined()) {
            model.validator().check(known.flatten(arguments, scratch, model.inputs()));
        } catch (InvalidInputException e) {
            throw explained(known, e, arguments);
        }
    }

    private List<Tensor> run(CallSpec known, Arena arena, Arguments arguments) {
        requireNonNull(arena, "arena");
        requireNonNull(arguments, "arguments");
        List<InputInfo> inputs = model.inputs();
        Tensor[] tensors = known.flatten(arguments, arena, inputs);
        try {
            return model.run(arena, tensors);
        } catch (InvalidInputException e) {
            throw explained(known, e, arguments);
        }
    }

    private InvalidInputException explained(
            CallSpec known, InvalidInputException e, Arguments arguments) {
        var explained =
                new InvalidInputException(known.explain(e.getMessage(), arguments, model.inputs()));
        explained.initCause(e);
        return explained;
    }
}
