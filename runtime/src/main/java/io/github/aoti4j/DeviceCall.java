package io.github.aoti4j;

import io.github.aoti4j.bindings.TorchApi;
import io.github.aoti4j.bindings.TorchCudaApi;
import io.github.aoti4j.internal.ConstantSet;
import io.github.aoti4j.internal.Container;
import io.github.aoti4j.internal.RunGate;
import io.github.aoti4j.internal.RunSlot;

import java.lang.foreign.MemorySegment;

/**
 * A model's run on its device, on inputs that stay where they are, to be given to a stream again
 * and again. Of one thread at a time.
 */
final class DeviceCall implements AutoCloseable {
    private final Container container;
    private final RunGate gate;
    private final int lane;
    private final RunSlot slot;
    private final MemorySegment[] handles;
    private ConstantSet constants;

    /** Takes over one acquisition of the container, unless this fails. */
    DeviceCall(Container container, Tensor[] inputs, int outputs) {
        this.container = container;
        this.gate = container.slots().gate();
        this.lane = gate.proposeLane();
        slot = new RunSlot(inputs.length, outputs);
        handles = new MemorySegment[inputs.length];
        try {
            for (int i = 0; i < inputs.length; i++) {
                Tensor input = inputs[i];
                handles[i] =
                        slot.newTensor(
                                input.segment(),
                                input.device(),
                                input.dtype().code(),
                                input.shapeUnsafe(),
                                input.stridesUnsafe());
            }
        } catch (Throwable e) {
            deleteInputs();
            throw e;
        }
        constants = container.constants().acquire();
    }

    /** Holds the outputs of the latest run. */
    RunSlot slot() {
        return slot;
    }

    /** Enters the model, as a run does: constants are not exchanged until {@link #leave}. */
    int enter() {
        container.requireOpen();
        container.requireStack();
        return gate.enter(lane);
    }

    void leave(int entered) {
        gate.leave(entered);
    }

    /** Whether the constants are still those of the latest run. To be asked inside. */
    boolean isUpToDate() {
        return container.constants().isCurrent(constants);
    }

    /**
     * Gives a run to a stream, always the same, which gets the outputs of the run before to use
     * again. To be called inside.
     */
    void give(int entered, MemorySegment stream) {
        try (TorchCudaApi.InUse _ = TorchCudaApi.use(container.device().index(), stream)) {
            slot.deleteOutputs();
            if (!isUpToDate()) {
                ConstantSet old = constants;
                constants = container.constants().acquire();
                old.release();
            }
            for (int i = 0; i < handles.length; i++) {
                slot.shareInput(i, handles[i]);
            }
            container.run(entered, slot, stream);
        } catch (Throwable e) {
            slot.deleteHandles();
            throw e;
        }
    }

    private void deleteInputs() {
        for (MemorySegment handle : handles) {
            if (handle != null) {
                TorchApi.deleteTensor(handle);
            }
        }
    }

    /** Deletes the outputs; the stream must have come to the end of its work. */
    @Override
    public void close() {
        try {
            slot.deleteHandles();
        } finally {
            try {
                deleteInputs();
            } finally {
                try {
                    constants.release();
                } finally {
                    container.release();
                }
            }
        }
    }
}
