package io.github.aoti4j.batch;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Native memory that grows. Any thread may use it, one at a time. */
final class NativeBuffer implements AutoCloseable {
    private static final long ALIGNMENT = 64;
    private static final long SMALLEST = 4096;

    private Arena arena = Arena.ofShared();
    private MemorySegment segment = MemorySegment.NULL;

    MemorySegment segment() {
        return segment;
    }

    /** Makes room for so many bytes; what is there stays. */
    MemorySegment require(long bytes) {
        if (bytes > segment.byteSize()) {
            grow(Math.max(Math.max(bytes, SMALLEST), segment.byteSize() * 2));
        }
        return segment;
    }

    private void grow(long bytes) {
        Arena larger = Arena.ofShared();
        try {
            MemorySegment moved = larger.allocate(bytes, ALIGNMENT);
            moved.copyFrom(segment);
            segment = moved;
        } catch (Throwable e) {
            larger.close();
            throw e;
        }
        arena.close();
        arena = larger;
    }

    @Override
    public void close() {
        arena.close();
    }
}
