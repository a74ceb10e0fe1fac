package io.github.aoti4j.internal.exec;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.container.Handles;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.tensor.TensorFactory;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The memory that a runner has bound to one input: its own, or the caller's. */
final class BoundInput implements AutoCloseable {
    private final BoundRun run;
    private final int index;

    /** The caller's memory, whose arena runs hold open; null if it is the runner's own. */
    private MemorySegment borrowed;

    private Room room = Room.NONE;

    /** Memory that has been allocated and is not bound yet. */
    private Room fresh = Room.NONE;

    /**
     * Memory of the runner's own. No run needs to hold it open: a runner in a run is not closed.
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
            Handles.throwIfAny(Handles.delete(before, null));
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
