package io.github.aoti4j.bindings.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

class ReservedMemoryTest {
    private static final long STEP = 16 * Pages.SIZE;

    @Test
    void growsFromItsBeginning() {
        ReservedMemory memory = ReservedMemory.reserve(3 * STEP, STEP);
        assertEquals(0, memory.address() % Pages.SIZE);
        assertEquals(0, memory.committed());
        for (int i = 1; i <= 3; i++) {
            assertTrue(memory.commit(STEP));
            assertEquals(i * STEP, memory.committed());
            MemorySegment all = MemorySegment.ofAddress(memory.address()).reinterpret(i * STEP);
            assertEquals(0, all.get(JAVA_LONG, (i - 1) * STEP));
            all.fill((byte) 7);
            assertEquals(7, all.get(JAVA_BYTE, i * STEP - 1));
        }
        assertFalse(memory.commit(STEP));
        assertEquals(3 * STEP, memory.committed());
    }

    @Test
    void takesLessIfTheSystemRefuses() {
        ReservedMemory memory = ReservedMemory.reserve(1L << 60, STEP);
        assertTrue(memory.commit(STEP));
        unmapping(memory).accept(MemorySegment.NULL);
    }

    /** What is done at the end must not refer to the class loader whose end it waits for. */
    @Test
    void isUnmappedByTheJdkAlone() throws IOException {
        // So large that nothing takes its place at once.
        ReservedMemory memory = ReservedMemory.reserve(1L << 30, STEP);
        var unmapping = unmapping(memory);
        assertNull(unmapping.getClass().getClassLoader());
        assertTrue(isMapped(memory));
        unmapping.accept(MemorySegment.NULL);
        assertFalse(isMapped(memory));
    }

    private static Consumer<MemorySegment> unmapping(ReservedMemory memory) {
        return ReservedMemory.unmapping(memory.address(), memory.reserved());
    }

    private static boolean isMapped(ReservedMemory memory) throws IOException {
        long end = memory.address() + memory.reserved();
        return Files.readAllLines(Path.of("/proc/self/maps")).stream()
                .map(line -> line.split("[- ]", 3))
                .anyMatch(
                        range ->
                                Long.parseUnsignedLong(range[0], 16) <= memory.address()
                                        && end <= Long.parseUnsignedLong(range[1], 16));
    }

    @Test
    void failsIfTheSystemRefusesTheLeast() {
        assertThrows(OutOfMemoryError.class, () -> ReservedMemory.reserve(1L << 60, 1L << 59));
    }

    @Test
    void blocksOfTheHeapAreAligned() {
        long block = NativeHeap.allocate(64, 1 << 20);
        assertEquals(0, block % 64);
        MemorySegment.ofAddress(block).reinterpret(1 << 20).fill((byte) 1);
        NativeHeap.free(block);
        assertEquals(0, NativeHeap.allocate(64, 1L << 60));
    }
}
