package io.github.aoti4j.internal.builtin.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.LongStream;

class TensorsTest {
    private static final int FLOAT = 6;
    private static final int BYTE = 1;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment slot = arena.allocate(JAVA_LONG);
    private long live;
    private long bytes;

    @BeforeEach
    void count() {
        live = Tensors.liveCount();
        bytes = Memory.bytesInUse();
    }

    @AfterEach
    void nothingIsLeft() {
        assertEquals(live, Tensors.liveCount());
        assertEquals(bytes, Memory.bytesInUse());
        arena.close();
    }

    private long list(long... values) {
        return arena.allocateFrom(JAVA_LONG, values).address();
    }

    private long empty(long[] sizes, long[] strides) {
        Creation.emptyStrided(
                sizes.length, list(sizes), list(strides), FLOAT, 0, 0, slot.address());
        return slot.get(JAVA_LONG, 0);
    }

    private long view(long tensor, long[] sizes, long[] strides, long offset) {
        Creation.reinterpret(
                tensor, sizes.length, list(sizes), list(strides), offset, slot.address());
        return slot.get(JAVA_LONG, 0);
    }

    @Test
    void aTensorIsWhatWasAskedFor() {
        long tensor = empty(new long[] {2, 3}, new long[] {5, 1});
        assertEquals("float32 [2, 3] strides [5, 1]", Tensors.describe(tensor));
        assertEquals(6, Tensors.count(tensor));
        assertEquals(0, Tensors.data(tensor) % 64);
        assertEquals(8 * 4, Raw.getLong(tensor + 64), "bytes of the storage");
        Tensors.delete(tensor);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 9, 10, 11, 63, 64})
    void anyRank(int rank) {
        long[] sizes = new long[rank];
        Arrays.setAll(sizes, d -> d % 32 == 0 ? 2 : 1);
        long[] strides = LongStream.range(0, rank).map(d -> d / 32 + 1).toArray();
        long tensor = empty(sizes, strides);
        Handles.newHandle(tensor, slot.address());
        long other = slot.get(JAVA_LONG, 0);
        String text = Tensors.describe(tensor);
        assertEquals(text, Tensors.describe(other));
        Tensors.delete(tensor);
        assertEquals(text, Tensors.describe(other));
        assertTrue(text.endsWith("strides " + Arrays.toString(strides)), text);
        Tensors.delete(other);
    }

    @Test
    void aViewHoldsItsStorage() {
        long base = empty(new long[] {4, 8}, new long[] {8, 1});
        long address = Tensors.data(base);
        long view = view(base, new long[] {3}, new long[] {8}, 9);
        Tensors.delete(base);
        assertEquals(bytes + 128, Memory.bytesInUse());
        assertEquals(address + 9 * 4, Tensors.data(view));
        // Offsets count from the tensor's own.
        long viewOfView = view(view, new long[] {32}, new long[] {1}, -9);
        assertEquals(address, Tensors.data(viewOfView));
        Tensors.delete(view);
        Tensors.delete(viewOfView);
    }

    @Test
    void aViewBeyondItsStorageFails() {
        long base = empty(new long[] {4, 8}, new long[] {8, 1});
        assertThrows(BuiltInFailure.class, () -> view(base, new long[] {33}, new long[] {1}, 0));
        assertThrows(BuiltInFailure.class, () -> view(base, new long[] {4}, new long[] {8}, 8));
        assertThrows(BuiltInFailure.class, () -> view(base, new long[] {1}, new long[] {1}, -1));
        assertThrows(
                BuiltInFailure.class,
                () -> view(base, new long[] {1}, new long[] {1}, Long.MAX_VALUE));
        Tensors.delete(view(base, new long[] {0, 5}, new long[] {1, 1}, 32));
        Tensors.delete(base);
    }

    @Test
    void partOfATensorHasATypeOfItsOwn() {
        long base = empty(new long[] {16}, new long[] {1});
        Creation.allocateFromPool(base, 3, BYTE, 1, list(61), list(1), slot.address());
        long part = slot.get(JAVA_LONG, 0);
        assertEquals(Tensors.data(base) + 3, Tensors.data(part));
        assertThrows(
                BuiltInFailure.class,
                () -> Creation.allocateFromPool(base, 3, FLOAT, 1, list(1), list(1), 0));
        assertThrows(
                BuiltInFailure.class,
                () -> Creation.allocateFromPool(base, 4, BYTE, 1, list(61), list(1), 0));
        Tensors.delete(base);
        Tensors.delete(part);
    }

    @Test
    void sizesThatNoMemoryHasFail() {
        long huge = Long.MAX_VALUE;
        long[][][] cases = {
            {{-1}, {1}},
            {{2}, {-1}},
            {{huge}, {1}},
            {{1L << 32, 1L << 32}, {1L << 32, 1}},
            {{1L << 32, 1L << 31}, {0, 0}},
            {{2, 2}, {huge, huge}},
            {{3}, {1L << 62}},
            {{1L << 45}, {1}},
            {{1L << 33, 1L << 33, 0}, {1, 1, 1}},
        };
        for (long[][] each : cases) {
            var failure = assertThrows(BuiltInFailure.class, () -> empty(each[0], each[1]));
            assertTrue(failure.getMessage().contains("float32 ["), failure::getMessage);
        }
        assertThrows(BuiltInFailure.class, () -> Creation.emptyStrided(65, 0, 0, FLOAT, 0, 0, 0));
        assertThrows(BuiltInFailure.class, () -> Creation.emptyStrided(-1, 0, 0, FLOAT, 0, 0, 0));
        assertThrows(BuiltInFailure.class, () -> Creation.emptyStrided(0, 0, 0, 99, 0, 0, 0));
        assertThrows(BuiltInFailure.class, () -> Creation.emptyStrided(0, 0, 0, -1, 0, 0, 0));
        assertThrows(BuiltInFailure.class, () -> Creation.emptyStrided(0, 0, 0, FLOAT, 1, 0, 0));
    }

    @Test
    void theStrideOfOneElementDoesNotMatter() {
        long tensor = empty(new long[] {1, 2}, new long[] {Long.MAX_VALUE, 1});
        assertEquals(Long.MAX_VALUE, Tensors.stride(tensor, 0));
        assertEquals(8, Layouts.spanBytes(tensor));
        Tensors.delete(tensor);
    }

    @Test
    void tensorsWithoutElementsHaveMemory() {
        long tensor = empty(new long[] {3, 0}, new long[] {1, 1});
        assertEquals(0, Tensors.count(tensor));
        assertNotEquals(0, Tensors.data(tensor));
        Tensors.delete(tensor);
    }

    @Test
    void aHandleThatIsNoneFails() {
        long tensor = empty(new long[] {3}, new long[] {1});
        for (long handle :
                new long[] {0, 8, tensor + 8, tensor - (1L << 31), -256, slot.address()}) {
            assertThrows(BuiltInFailure.class, () -> Tensors.delete(handle));
            assertThrows(BuiltInFailure.class, () -> Handles.newHandle(handle, slot.address()));
        }
        Tensors.delete(tensor);
        assertThrows(BuiltInFailure.class, () -> Tensors.delete(tensor));
        assertThrows(BuiltInFailure.class, () -> Tensors.require(tensor, "self"));
    }

    @Test
    void foreignMemoryIsSharedButNotFreed() {
        MemorySegment memory = arena.allocate(64);
        Creation.fromBlob(memory.address(), 1, list(3), list(2), 5, FLOAT, 0, 0, slot.address());
        long tensor = slot.get(JAVA_LONG, 0);
        assertEquals(memory.address() + 20, Tensors.data(tensor));
        long view = view(tensor, new long[] {10}, new long[] {1}, -5);
        assertEquals(memory.address(), Tensors.data(view));
        assertThrows(BuiltInFailure.class, () -> view(tensor, new long[] {11}, new long[] {1}, -5));
        Tensors.delete(tensor);
        Tensors.delete(view);
        assertThrows(
                BuiltInFailure.class,
                () -> Creation.fromBlob(0, 1, list(3), list(1), 0, FLOAT, 0, 0, slot.address()));
    }

    @Test
    void anUndefinedTensorIsAssignedTo() {
        Handles.newUndefined(slot.address());
        long undefined = slot.get(JAVA_LONG, 0);
        assertFalse(Tensors.isDefined(undefined));
        assertThrows(BuiltInFailure.class, () -> Tensors.require(undefined, "self"));
        long[] many = LongStream.rangeClosed(1, 12).map(d -> 1).toArray();
        for (long[] sizes : new long[][] {{2, 3}, many, {4}, many, many}) {
            long source = empty(sizes, sizes);
            Handles.assignTensors(source, undefined);
            assertTrue(Tensors.isDefined(undefined));
            assertEquals(Tensors.describe(source), Tensors.describe(undefined));
            assertEquals(Tensors.data(source), Tensors.data(undefined));
            Handles.assignTensors(undefined, undefined);
            Handles.assignTensors(undefined, source);
            Tensors.delete(source);
        }
        Handles.assignTensorsOut(undefined, slot.address());
        Tensors.delete(undefined);
        Tensors.delete(slot.get(JAVA_LONG, 0));
    }

    @Test
    void undefinedIsCopiedToo() {
        Handles.newUndefined(slot.address());
        long undefined = slot.get(JAVA_LONG, 0);
        long tensor = empty(new long[] {3}, new long[] {1});
        Handles.assignTensors(undefined, tensor);
        assertFalse(Tensors.isDefined(tensor));
        Handles.newHandle(tensor, slot.address());
        assertFalse(Tensors.isDefined(slot.get(JAVA_LONG, 0)));
        Tensors.delete(slot.get(JAVA_LONG, 0));
        Tensors.delete(tensor);
        Tensors.delete(undefined);
    }

    @Test
    void recordsOfAPoolOutliveIt() {
        Pool pool = new Pool();
        Pool before = pool.enter();
        long kept = empty(new long[] {3}, new long[] {1});
        Tensors.delete(empty(new long[] {3}, new long[] {1}));
        pool.leave(before);
        pool.close();
        assertEquals("float32 [3] strides [1]", Tensors.describe(kept));
        Tensors.delete(kept);
    }
}
