package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.sun.management.ThreadMXBean;

import io.github.aoti4j.bindings.torch.TensorApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.builtin.tensor.BuiltInFailure;
import io.github.aoti4j.internal.builtin.tensor.Copies;
import io.github.aoti4j.internal.builtin.tensor.Creation;
import io.github.aoti4j.internal.builtin.tensor.Failures;
import io.github.aoti4j.internal.builtin.tensor.Handles;
import io.github.aoti4j.internal.builtin.tensor.Memory;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;

class BuiltInTensorsTest {
    private static final int FLOAT = DType.FLOAT32.code();

    private final long liveBefore = Tensors.liveCount();
    private final long bytesBefore = Memory.bytesInUse();
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment slot = arena.allocate(JAVA_LONG);
    private final MemorySegment sizes = arena.allocateFrom(JAVA_LONG, 2, 3);
    private final MemorySegment strides = arena.allocateFrom(JAVA_LONG, 1, 2);
    private final MemorySegment data = arena.allocateFrom(JAVA_FLOAT, 1, 2, 3, 4, 5, 6);

    @AfterEach
    void nothingIsLeft() {
        assertEquals(liveBefore, Tensors.liveCount());
        assertEquals(bytesBefore, Memory.bytesInUse());
        arena.close();
    }

    private long blob(TensorApi tensors) {
        tensors.createFromBlob(data, 2, sizes, strides, FLOAT, slot);
        return slot.get(JAVA_LONG, 0);
    }

    @Test
    void answersWhatATensorIs() {
        TensorApi tensors = BuiltInTensors.INSTANCE;
        long blob = blob(tensors);
        tensors.newHandle(blob, slot.address());
        long tensor = slot.get(JAVA_LONG, 0);
        tensors.delete(blob);
        assertFalse(tensors.isLibTorch());
        assertTrue(tensors.isDefined(tensor, 0));
        assertTrue(tensors.isStrided(tensor, 0));
        assertTrue(tensors.hasTypeAndRank(tensor, FLOAT, 2, 0));
        assertTrue(tensors.hasSizes(tensor, new long[] {2, 3}, 0));
        assertFalse(tensors.hasStrides(tensor, new long[] {3, 1}, 0));
        assertEquals(data.address(), tensors.dataAddress(tensor, 0));
        assertEquals(TensorApi.CPU, tensors.deviceType(tensor, 0));
        assertEquals(0, tensors.deviceIndex(tensor, 0));
        assertFalse(tensors.isConjugated(tensor, 0));
        assertNull(tensors.takeFailure());
        tensors.delete(tensor);
    }

    @Test
    void aHandleThatIsNoneIsRefused() {
        TensorApi tensors = BuiltInTensors.INSTANCE;
        long tensor = blob(tensors);
        tensors.delete(tensor);
        var e = assertThrows(NativeException.class, () -> tensors.delete(tensor));
        assertEquals("aoti_torch_delete_tensor_object", e.function());
        assertThrows(NativeException.class, () -> tensors.newHandle(tensor, slot.address()));
        assertThrows(NativeException.class, () -> tensors.dataAddress(tensor, 0));
        assertThrows(NativeException.class, () -> tensors.rank(tensor, 0));
        assertThrows(NativeException.class, () -> tensors.isDefined(tensor, 0));
        assertThrows(NativeException.class, () -> tensors.copyToNew(tensor, slot.address(), data));
    }

    @Test
    void aCopyIsOfItsOwn() {
        TensorApi tensors = BuiltInTensors.INSTANCE;
        long tensor = blob(tensors);
        tensors.copyToNew(tensor, slot.address(), data);
        tensors.delete(tensor);
        long copy = slot.get(JAVA_LONG, 0);
        assertTrue(tensors.hasStrides(copy, new long[] {3, 1}, 0));
        assertArrayEquals(
                new float[] {1, 3, 5, 2, 4, 6},
                MemorySegment.ofAddress(tensors.dataAddress(copy, 0))
                        .reinterpret(24)
                        .toArray(JAVA_FLOAT));
        tensors.delete(copy);
    }

    @Test
    void whatIsCopiedMustBeOpen() {
        TensorApi tensors = BuiltInTensors.INSTANCE;
        Arena closed = Arena.ofShared();
        MemorySegment memory = closed.allocate(24);
        tensors.createFromBlob(memory, 2, sizes, strides, FLOAT, slot);
        long tensor = slot.get(JAVA_LONG, 0);
        closed.close();
        assertThrows(
                IllegalStateException.class,
                () -> tensors.copyToNew(tensor, slot.address(), memory));
        tensors.delete(tensor);
    }

    @Test
    void tensorsOutliveTheMemoryOfTheirRuns() {
        TensorApi tensors = BuiltInTensors.INSTANCE.forRuns();
        Object before = tensors.enter();
        Creation.emptyStrided(2, sizes.address(), strides.address(), FLOAT, 0, 0, slot.address());
        tensors.leave(before);
        tensors.close();
        long tensor = slot.get(JAVA_LONG, 0);
        tensors.copyToNew(
                tensor,
                slot.address(),
                MemorySegment.ofAddress(Tensors.data(tensor)).reinterpret(24));
        tensors.delete(tensor);
        tensors.delete(slot.get(JAVA_LONG, 0));
    }

    @Test
    void aRunWithinARunHasItsOwnMemory() {
        try (TensorApi outer = BuiltInTensors.INSTANCE.forRuns();
                TensorApi inner = BuiltInTensors.INSTANCE.forRuns()) {
            Object beforeOuter = outer.enter();
            Object beforeInner = inner.enter();
            Object beforeNone = BuiltInTensors.INSTANCE.enter();
            long block = Memory.take(100);
            BuiltInTensors.INSTANCE.leave(beforeNone);
            assertThrows(IllegalStateException.class, outer::enter);
            long ofInner = Memory.take(100);
            inner.leave(beforeInner);
            long ofOuter = Memory.take(100);
            Memory.give(ofOuter);
            Memory.give(ofInner);
            Memory.give(block);
            outer.leave(beforeOuter);
        }
    }

    @Test
    void aRunLikeTheOneBeforeMakesNoObject() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (TensorApi tensors = BuiltInTensors.INSTANCE.forRuns()) {
            long input = blob(tensors);
            // The compiler needs a while to see that nothing has to be made.
            long allocated = Long.MAX_VALUE;
            for (int attempt = 0; attempt < 30 && allocated != 0; attempt++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 50_000; i++) {
                    run(tensors, input);
                }
                allocated = threads.getCurrentThreadAllocatedBytes() - before;
            }
            assertEquals(0, allocated);
            tensors.delete(input);
        }
    }

    private void run(TensorApi tensors, long input) {
        long result = slot.address();
        tensors.newHandle(input, result);
        long self = slot.get(JAVA_LONG, 0);
        Object before = tensors.enter();
        Creation.emptyStrided(2, sizes.address(), strides.address(), FLOAT, 0, 0, result);
        long empty = slot.get(JAVA_LONG, 0);
        Creation.reinterpret(empty, 2, strides.address(), sizes.address(), 1, result);
        Handles.delete(empty);
        long view = slot.get(JAVA_LONG, 0);
        Copies.clone(self, result);
        long clone = slot.get(JAVA_LONG, 0);
        Copies.copyInto(clone, self, 0);
        Handles.delete(view);
        Handles.delete(self);
        tensors.leave(before);
        tensors.delete(clone);
    }

    @Test
    void aRunDoesNotFailForTheReasonOfAnEarlierOne() {
        try (TensorApi run = BuiltInTensors.INSTANCE.forRuns()) {
            Failures.keep("aoti_torch_cpu_mm_out", new BuiltInFailure("passed over by its model"));
            Object before = run.enter();
            assertNull(run.takeFailure());
            Failures.keep("aoti_torch_cpu_mm_out", new BuiltInFailure("this one's"));
            run.leave(before);
            assertTrue(run.takeFailure().getMessage().contains("this one's"));
            assertNull(run.takeFailure());
        }
    }
}
