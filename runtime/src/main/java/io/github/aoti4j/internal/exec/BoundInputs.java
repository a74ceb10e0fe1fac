package io.github.aoti4j.internal.exec;

import io.github.aoti4j.bindings.model.RunArguments;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.internal.container.Handles;
import io.github.aoti4j.internal.indices.IndexCheck;
import io.github.aoti4j.internal.inputs.InputValidator;
import io.github.aoti4j.internal.tensor.ClosedArenas;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.tensor.TensorFactory;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** The tensors that are bound to the inputs of a {@link BoundRun}, each checked once. */
public final class BoundInputs {
    private final InputValidator validator;
    private final BoundRun run;
    private final BoundInput[] memory;
    private final TensorView[] tensors;

    /** Checks the values of the inputs; null if there are none to check. */
    private final IndexCheck values;

    /** Whether inputs have been bound that were not yet compared with one another. */
    private boolean unchecked = true;

    /** Starts with nothing bound. */
    public BoundInputs(InputValidator validator, BoundRun run) {
        this.validator = validator;
        this.run = run;
        this.values = validator.newIndexCheck();
        this.tensors = new TensorView[validator.inputCount()];
        this.memory = new BoundInput[tensors.length];
        for (int i = 0; i < memory.length; i++) {
            memory[i] = new BoundInput(run, i);
        }
    }

    public int count() {
        return tensors.length;
    }

    /** Returns what is bound, by input; null where nothing is. Not to be written. */
    public TensorView[] tensors() {
        return tensors;
    }

    /** Binds a tensor of the caller's, whose arena is held open during runs. */
    public void bind(int index, TensorView tensor) {
        try {
            put(index, tensor, false);
        } catch (IllegalStateException | WrongThreadException e) {
            RuntimeException explained = ClosedArenas.explained(e, tensor, validator.label(index));
            throw explained == null ? e : explained;
        }
    }

    /**
     * Binds memory of this object's own, laid out as the model wants it: what was there before if
     * that fits, otherwise zeros.
     */
    public TensorView allocate(int index, long[] sizes) {
        DType dtype = validator.dtype(index);
        long[] strides = layout(index, sizes);
        // Before there is memory: sizes that do not fit may be larger than all there is.
        validator.checkAlone(index, dtype, Device.CPU, sizes, strides);
        TensorView tensor = memory[index].room(dtype, sizes, strides);
        try {
            put(index, tensor, true);
        } catch (Throwable e) {
            memory[index].dropRoom();
            throw e;
        }
        return tensor;
    }

    /** The strides that the model wants, with the sizes of the other inputs as they are. */
    private long[] layout(int index, long[] sizes) {
        long[][] all = new long[tensors.length][];
        for (int i = 0; i < all.length; i++) {
            all[i] = tensors[i] == null ? new long[0] : tensors[i].shape();
        }
        all[index] = sizes;
        return validator.stridesFor(index, all);
    }

    private void put(int index, TensorView tensor, boolean own) {
        TensorView before = tensors[index];
        boolean same = before != null && tensor.isLike(before);
        if (!same) {
            validator.checkAlone(index, tensor);
        } else {
            validator.checkMemory(index, tensor);
        }
        try {
            hold(index, own ? null : tensor.segment());
            memory[index].bind(tensor, own);
        } catch (Throwable e) {
            hold(index, memory[index].borrowed());
            throw e;
        }
        tensors[index] = tensor;
        unchecked |= !same;
    }

    /** Lets runs hold the arenas of all inputs open; of one as if this were bound to it. */
    private void hold(int index, MemorySegment borrowed) {
        RunArguments arguments = run.slot().arguments();
        arguments.releaseArenas();
        for (int i = 0; i < memory.length; i++) {
            MemorySegment segment = i == index ? borrowed : memory[i].borrowed();
            if (segment != null) {
                arguments.keepOpen(segment);
            }
        }
    }

    /** Compares inputs that have been bound since the last time with one another. */
    public void requireFitting() {
        if (!unchecked) {
            return;
        }
        for (int i = 0; i < tensors.length; i++) {
            requireBound(i);
        }
        validator.check(tensors, values);
        unchecked = false;
    }

    /**
     * Returns what is bound to an input.
     *
     * @throws IllegalStateException if nothing is
     */
    public TensorView requireBound(int index) {
        TensorView tensor = tensors[Objects.checkIndex(index, tensors.length)];
        if (tensor == null) {
            throw new IllegalStateException(
                    "nothing is bound to %s; its sizes are not fixed, so call allocate(%d, sizes…) or bind(%2$d, tensor)"
                            .formatted(validator.label(index), index));
        }
        return tensor;
    }

    /** Checks the elements that the model uses as indices. */
    public void checkValues() {
        if (values != null) {
            validator.checkValues(tensors, values);
        }
    }

    /** Says of the JDK's exceptions which input they are about. */
    public RuntimeException explained(RuntimeException e) {
        return validator.explained(e, tensors);
    }

    /** Returns what messages call an input. */
    public String label(int index) {
        return validator.label(index);
    }

    /** Frees the memory of this object's own; the run is closed. */
    public void close() {
        Closeables.closeAll(memory);
    }

    /** The memory that is bound to one input: of this object's own, or the caller's. */
    private static final class BoundInput implements AutoCloseable {
        private final BoundRun run;
        private final int index;

        /** The caller's memory, whose arena runs hold open; null if it is the runner's own. */
        private MemorySegment borrowed;

        private Room room = Room.NONE;

        /** Memory that has been allocated and is not bound yet. */
        private Room fresh = Room.NONE;

        /**
         * Memory of the runner's own. No run needs to hold it open: a runner in a run is not
         * closed.
         */
        private static final class Room {
            static final Room NONE = new Room(null, MemorySegment.NULL);

            private final Arena arena;
            private final MemorySegment memory;

            Room(Arena arena, MemorySegment memory) {
                this.arena = arena;
                this.memory = memory;
            }

            static Room of(long bytes) {
                Arena arena = Arena.ofConfined();
                return new Room(arena, arena.allocate(bytes, TensorView.ALIGNMENT));
            }

            void free() {
                if (arena != null) {
                    arena.close();
                }
            }
        }

        BoundInput(BoundRun run, int index) {
            this.run = run;
            this.index = index;
        }

        /** Makes a tensor of memory that {@link #bind} then keeps, or {@link #dropRoom} frees. */
        TensorView room(DType dtype, long[] shape, long[] strides) {
            long bytes = Shapes.spanBytes(shape, strides, dtype.byteSize());
            if (room == Room.NONE || room.memory.byteSize() < bytes) {
                fresh = Room.of(bytes);
            } else {
                fresh = room;
            }
            return TensorFactory.wrap(fresh.memory, dtype, shape, strides);
        }

        void dropRoom() {
            if (fresh != room) {
                fresh.free();
            }
            fresh = Room.NONE;
        }

        /**
         * Binds a tensor.
         *
         * @param own whether {@link #room} made it
         */
        void bind(TensorView tensor, boolean own) {
            long before = run.bind(index, tensor);
            Room unused = own && fresh == room ? Room.NONE : room;
            borrowed = own ? null : tensor.segment();
            room = own ? fresh : Room.NONE;
            fresh = Room.NONE;
            try {
                Handles.throwIfAny(Handles.takeBack(run.slot().tensors(), before, null));
            } finally {
                unused.free();
            }
        }

        /** Memory whose arena is to be held open by runs; null if there is none. */
        MemorySegment borrowed() {
            return borrowed;
        }

        /** Frees the runner's own memory; nothing is bound to the run any more. */
        @Override
        public void close() {
            room.free();
            room = Room.NONE;
        }
    }
}
