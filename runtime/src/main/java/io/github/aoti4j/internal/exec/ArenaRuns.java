package io.github.aoti4j.internal.exec;

import io.github.aoti4j.internal.container.RunScope;
import io.github.aoti4j.internal.container.RunSlot;
import io.github.aoti4j.internal.cuda.GpuStream;
import io.github.aoti4j.internal.cuda.MemoryUses;
import io.github.aoti4j.internal.device.Backend;
import io.github.aoti4j.internal.indices.IndexCheck;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/** Runs a model on inputs as they come, for any thread, with outputs that live in an arena. */
public final class ArenaRuns {
    private final LoadedModel model;
    private final Backend backend;
    private final OutputReader[] readers;

    /** By permit; null where there is nothing to check. */
    private final IndexCheck[] indexChecks;

    /** Prepares runs of a model, for any number of threads. */
    public ArenaRuns(LoadedModel model) {
        this.model = model;
        this.backend = model.natives().container().backend();
        this.readers = model.newReaders();
        this.indexChecks = new IndexCheck[model.natives().gate().permitCount()];
        Arrays.setAll(indexChecks, _ -> model.validator().newIndexCheck());
    }

    /**
     * Runs the model.
     *
     * @param arena owns the outputs
     * @param stream what does the work, on a device; null for the current one
     * @param inputs in call order; must not change meanwhile
     * @return unmodifiable; null where the model returned None
     */
    public <T> List<T> run(
            Arena arena, GpuStream stream, TensorView[] inputs, Function<TensorView, T> wrap) {
        requireUsable(arena);
        model.natives().container().requireStack();
        try (OutputLease lease = new OutputLease(model.natives());
                RunScope run = model.natives().enter()) {
            RunSlot slot = run.slot();
            IndexCheck values = indexChecks[run.permit()];
            if (!areKnown(slot, inputs) || (values != null && !values.isPrepared())) {
                model.validator().check(inputs, values);
            }
            // Not before the permit: an exchange of the constants waits for all permits.
            lease.acquireConstants();
            for (int i = 0; i < inputs.length; i++) {
                slot.setInput(i, inputs[i]);
            }
            if (values != null) {
                // As late as can be, and in memory that stays.
                model.validator().checkValues(inputs, values);
            }
            GpuStream queue = backend.stream(stream);
            MemoryUses uses = backend.newUses(queue);
            lease.takeUses(uses);
            backend.run(queue, uses, inputs, run);
            List<T> outputs = new ArrayList<>(readers.length);
            for (OutputReader reader : readers) {
                TensorView output = reader.read(slot, inputs, arena, uses);
                outputs.add(output == null ? null : wrap.apply(output));
            }
            List<T> result = Collections.unmodifiableList(outputs);
            lease.handTo(arena, slot);
            return result;
        }
    }

    /** Whether these very tensors went through the same slot, and so the check, last time. */
    private boolean areKnown(RunSlot slot, TensorView[] inputs) {
        if (inputs.length != model.inputs().size()) {
            return false;
        }
        for (int i = 0; i < inputs.length; i++) {
            if (inputs[i] == null || !slot.isKnown(i, inputs[i].identity())) {
                return false;
            }
        }
        return true;
    }

    /** Fails before the run modifies its inputs. */
    private static void requireUsable(Arena arena) {
        if (!arena.scope().isAlive()) {
            throw new IllegalStateException("the arena for the outputs is closed");
        }
        try {
            MemorySegment.NULL.reinterpret(0, arena, null);
        } catch (WrongThreadException e) {
            var explained =
                    new WrongThreadException(
                            "the arena for the outputs is confined to another thread");
            explained.initCause(e);
            throw explained;
        }
    }
}
