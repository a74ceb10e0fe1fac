package io.github.aoti4j;

import io.github.aoti4j.bindings.TorchApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.RunSlot;
import io.github.aoti4j.internal.Shapes;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What a runner has bound to one input: a native tensor, and the memory if it is the runner's. */
final class BoundInput {
    /** A native tensor over the bound memory; null as long as nothing is bound. */
    private MemorySegment handle;

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
            return new Room(arena, arena.allocate(bytes, Tensor.ALIGNMENT));
        }

        void free() {
            if (arena != null) {
                arena.close();
            }
        }
    }

    MemorySegment handle() {
        return handle;
    }

    /** Makes a tensor of memory that {@link #bind} then keeps, or {@link #dropRoom} frees. */
    Tensor room(DType dtype, long[] shape, long[] strides) {
        long bytes = Shapes.spanBytes(shape, strides, dtype.byteSize());
        if (room == Room.NONE || room.memory.byteSize() < bytes) {
            fresh = Room.of(bytes);
        } else {
            fresh = room;
        }
        return Tensor.wrap(fresh.memory, dtype, shape, strides);
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
    void bind(RunSlot slot, Tensor tensor, boolean own) {
        MemorySegment next =
                slot.newTensor(
                        tensor.segment(),
                        tensor.device(),
                        tensor.dtype().code(),
                        tensor.shapeUnsafe(),
                        tensor.stridesUnsafe());
        Room unused = own && fresh == room ? Room.NONE : room;
        MemorySegment before = handle;
        handle = next;
        borrowed = own ? null : tensor.segment();
        room = own ? fresh : Room.NONE;
        fresh = Room.NONE;
        try {
            delete(before);
        } finally {
            unused.free();
        }
    }

    /** Memory whose arena is to be held open by runs; null if there is none. */
    MemorySegment borrowed() {
        return borrowed;
    }

    void close() {
        MemorySegment before = handle;
        handle = null;
        try {
            delete(before);
        } finally {
            room.free();
            room = Room.NONE;
        }
    }

    private static void delete(MemorySegment tensor) {
        if (tensor != null) {
            TorchApi.deleteTensor(tensor);
        }
    }
}
