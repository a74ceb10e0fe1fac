package io.github.aoti4j.internal.builtin.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.bindings.stub.StubLibrary;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** The machine code that makes and deletes tensors of runs, as models call it. */
class PoolShelfTest {
    private static final int FLOAT = 6;
    private static final int DOUBLE = 7;
    private static final String EMPTY = "aoti_torch_empty_strided";
    private static final String DELETE = "aoti_torch_delete_tensor_object";

    private static final FunctionDescriptor EMPTY_SHAPE =
            FunctionDescriptor.of(
                    JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT,
                    JAVA_LONG);
    private static final FunctionDescriptor DELETE_SHAPE =
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG);

    /** How often Java has been called. */
    private static final AtomicInteger CALLS = new AtomicInteger();

    private final Arena arena = Arena.ofShared();
    private final Pool pool = new Pool();
    private StubLibrary library;
    private NativeLibrary loaded;
    private MethodHandle empty;
    private MethodHandle delete;
    private long live;
    private long bytes;

    @BeforeEach
    void open() throws Exception {
        live = Tensors.liveCount();
        bytes = Memory.bytesInUse();
        library =
                StubLibrary.open(
                        List.of("first", EMPTY, DELETE, "last"),
                        NativeLibrary.ofSystem("libstdc++.so.6").orElseThrow());
        loaded = NativeLibrary.ifLoaded(library.soname()).orElseThrow();
        var methods = MethodHandles.lookup();
        bind(EMPTY, methods, EMPTY_SHAPE);
        bind(DELETE, methods, DELETE_SHAPE);
        empty = Linker.nativeLinker().downcallHandle(loaded.address(EMPTY), EMPTY_SHAPE);
        delete = Linker.nativeLinker().downcallHandle(loaded.address(DELETE), DELETE_SHAPE);
        CALLS.set(0);
    }

    private void bind(String function, MethodHandles.Lookup methods, FunctionDescriptor shape)
            throws ReflectiveOperationException {
        var method = methods.findStatic(PoolShelfTest.class, function, shape.toMethodType());
        library.bind(function, Linker.nativeLinker().upcallStub(method, shape, library.arena()));
    }

    @AfterEach
    void nothingIsLeft() {
        pool.close();
        loaded.close();
        library.close();
        arena.close();
        assertEquals(live, Tensors.liveCount());
        assertEquals(bytes, Memory.bytesInUse());
        assertEquals(0, pool.bytesCached());
    }

    @SuppressWarnings("UnusedMethod") // found by its name
    private static int aoti_torch_empty_strided(
            long rank, long sizes, long strides, int dtype, int type, int index, long result) {
        CALLS.incrementAndGet();
        try {
            Creation.emptyStrided(rank, sizes, strides, dtype, type, index, result);
            return 0;
        } catch (BuiltInFailure e) {
            return 1;
        }
    }

    @SuppressWarnings("UnusedMethod") // found by its name
    private static int aoti_torch_delete_tensor_object(long tensor) {
        CALLS.incrementAndGet();
        try {
            Handles.delete(tensor);
            return 0;
        } catch (BuiltInFailure e) {
            return 1;
        }
    }

    private long list(long... values) {
        return arena.allocateFrom(JAVA_LONG, values).address();
    }

    private int tryEmpty(
            int dtype, int device, MemorySegment result, long[] sizes, long[] strides) {
        try {
            return (int)
                    empty.invokeExact(
                            (long) sizes.length,
                            list(sizes),
                            list(strides),
                            dtype,
                            device,
                            0,
                            result.address());
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private long empty(int dtype, long[] sizes, long[] strides) {
        MemorySegment result = arena.allocate(JAVA_LONG);
        assertEquals(0, tryEmpty(dtype, 0, result, sizes, strides));
        return result.get(JAVA_LONG, 0);
    }

    private long empty(long... sizes) {
        long[] strides = new long[sizes.length];
        long stride = 1;
        for (int d = sizes.length - 1; d >= 0; d--) {
            strides[d] = stride;
            stride *= sizes[d];
        }
        return empty(FLOAT, sizes, strides);
    }

    private int tryDelete(long tensor) {
        try {
            return (int) delete.invokeExact(tensor);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private void delete(long tensor) {
        assertEquals(0, tryDelete(tensor));
    }

    /** Requires that Java has been called so often since this was last asked. */
    private static void assertCalls(int expected) {
        assertEquals(expected, CALLS.getAndSet(0), "calls of Java");
    }

    private static <T> T inRun(Pool pool, Callable<T> body) {
        Pool outer = pool.enter();
        try {
            return body.call();
        } catch (Exception e) {
            throw new AssertionError(e);
        } finally {
            pool.leave(outer);
        }
    }

    private void inRun(Runnable body) {
        Object _ = inRun(pool, Executors.callable(body));
    }

    @Test
    void aTensorLikeADeletedOneTakesNoCallOfJava() {
        inRun(
                () -> {
                    for (long[] sizes : new long[][] {{8, 10}, {}, {0, 3}, {1}, {2, 3, 4, 5}}) {
                        long first = empty(sizes);
                        String text = Tensors.describe(first);
                        long storageBytes = Raw.getLong(first + 64);
                        long inUse = pool.bytesInUse();
                        long data = Tensors.data(first);
                        CALLS.set(0);
                        delete(first);
                        assertEquals(1, tryDelete(first), "deleted twice");
                        assertCalls(1);
                        assertThrows(BuiltInFailure.class, () -> Tensors.require(first, "self"));
                        assertTrue(pool.bytesInUse() < inUse);
                        assertEquals(first, empty(sizes));
                        assertCalls(0);
                        assertEquals(text, Tensors.describe(first));
                        assertEquals(storageBytes, Raw.getLong(first + 64));
                        assertEquals(data, Tensors.data(first));
                        assertEquals(inUse, pool.bytesInUse());
                        // What Java deletes lies there, too.
                        Tensors.delete(first);
                        assertEquals(first, empty(sizes));
                        assertCalls(0);
                        delete(first);
                    }
                });
    }

    @Test
    void otherTensorsAreMadeByJava() {
        inRun(
                () -> {
                    delete(empty(8, 10));
                    CALLS.set(0);
                    long[] sizes = {8, 10};
                    long[] strides = {10, 1};
                    MemorySegment result = arena.allocate(JAVA_LONG);
                    assertEquals(1, tryEmpty(FLOAT, 1, result, sizes, strides), "not the CPU");
                    assertCalls(1);
                    List<Long> others = new ArrayList<>();
                    others.add(empty(DOUBLE, sizes, strides));
                    others.add(empty(FLOAT, new long[] {8, 9}, strides));
                    others.add(empty(FLOAT, new long[] {7, 10}, strides));
                    others.add(empty(FLOAT, sizes, new long[] {1, 8}));
                    others.add(empty(FLOAT, sizes, new long[] {10, 2}));
                    others.add(empty(FLOAT, new long[] {8}, new long[] {10}));
                    others.add(empty(FLOAT, new long[] {8, 10, 1}, new long[] {10, 1, 1}));
                    assertCalls(7);
                    assertEquals(
                            "float64 [8, 10] strides [10, 1]", Tensors.describe(others.get(0)));
                    assertEquals("float32 [8] strides [10]", Tensors.describe(others.get(5)));
                    others.forEach(this::delete);
                    assertEquals(0, pool.bytesInUse());
                });
    }

    @Test
    void whatIsNotATensorsAloneIsDeletedByJava() {
        inRun(
                () -> {
                    long base = empty(100);
                    long view = view(base, 10);
                    CALLS.set(0);
                    delete(base);
                    assertCalls(1);
                    assertEquals(448, pool.bytesInUse());
                    // The storage is that of the base.
                    delete(view);
                    assertCalls(1);
                    long large = empty(1 << 20);
                    CALLS.set(0);
                    delete(large);
                    assertCalls(1);
                    assertEquals(1, tryDelete(0));
                    assertEquals(0, pool.bytesInUse());
                });
    }

    private long view(long base, long size) {
        MemorySegment result = arena.allocate(JAVA_LONG);
        Creation.reinterpret(base, 1, list(size), list(1), 0, result.address());
        return result.get(JAVA_LONG, 0);
    }

    @Test
    void onlyRunsUseTheirShelves() throws Exception {
        long[] tensor = new long[1];
        inRun(
                () -> {
                    tensor[0] = empty(5);
                    delete(tensor[0]);
                });
        CALLS.set(0);
        long outside = empty(5);
        assertNotEquals(tensor[0], outside);
        delete(outside);
        assertCalls(2);
        try (Pool inner = new Pool()) {
            inRun(
                    () -> {
                        assertEquals(tensor[0], empty(5));
                        assertCalls(0);
                        Object _ =
                                inRun(
                                        inner,
                                        () -> {
                                            // Another run's, though on its thread.
                                            delete(tensor[0]);
                                            assertCalls(1);
                                            long other = empty(5);
                                            assertNotEquals(tensor[0], other);
                                            assertCalls(1);
                                            delete(other);
                                            assertCalls(0);
                                            Pool suspended = Pool.suspend();
                                            delete(empty(5));
                                            assertCalls(2);
                                            Pool.resume(suspended);
                                            return null;
                                        });
                        long again = empty(5);
                        CALLS.set(0);
                        delete(again);
                        assertCalls(0);
                    });
            assertEquals(0, inner.bytesInUse());
        }
        Set<Long> open = new HashSet<>();
        inRun(() -> open.add(empty(7)));
        Thread other =
                new Thread(
                        () -> {
                            CALLS.set(0);
                            open.forEach(this::delete);
                            assertCalls(1);
                        });
        other.start();
        other.join();
        assertEquals(0, pool.bytesInUse());
    }

    @Test
    void virtualThreadsDoWithout() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            threads.submit(
                            () ->
                                    inRun(
                                            () -> {
                                                delete(empty(5));
                                                delete(empty(5));
                                                assertCalls(4);
                                            }))
                    .get();
        }
    }

    @Test
    void aShelfIsSmall() {
        inRun(
                () -> {
                    List<Long> many = new ArrayList<>();
                    for (int i = 1; i <= 100; i++) {
                        many.add(empty(i, 3));
                    }
                    CALLS.set(0);
                    many.forEach(this::delete);
                    assertTrue(CALLS.get() > 1 && CALLS.get() < 10, () -> "calls: " + CALLS);
                    assertEquals(0, pool.bytesInUse());
                    // What comes again and again finds a place all the same.
                    delete(empty(200, 3));
                    CALLS.set(0);
                    delete(empty(200, 3));
                    assertCalls(0);
                });
    }

    @Test
    void functionsFailWhenTheLibraryIsClosed() throws Exception {
        inRun(
                () -> {
                    long kept = empty(5);
                    delete(empty(6));
                    MemorySegment result = arena.allocate(JAVA_LONG);
                    try (NativeLibrary _ = NativeLibrary.ifLoaded(library.soname()).orElseThrow()) {
                        library.close();
                        assertEquals(1, tryEmpty(FLOAT, 0, result, new long[] {6}, new long[] {1}));
                        assertEquals(1, tryDelete(kept));
                    }
                    Tensors.delete(kept);
                });
    }

    /** One thread's runs: random tensors, of which no two share memory. */
    private void randomRuns(Random random, Pool own, ExecutorService other) throws Exception {
        List<long[]> tensors = new ArrayList<>();
        for (int run = 0; run < 10; run++) {
            Pool outer = own.enter();
            for (int i = 0; i < 200; i++) {
                if (tensors.size() < 25 && random.nextInt(5) < 3) {
                    long size = 1L << random.nextInt(14);
                    long tensor = empty(size);
                    Raw.setLong(Tensors.data(tensor), tensor);
                    assertEquals(size, Tensors.size(tensor, 0));
                    tensors.add(new long[] {tensor, tensor});
                    if (random.nextInt(4) == 0) {
                        tensors.add(new long[] {view(tensor, 1), tensor});
                    }
                } else if (!tensors.isEmpty()) {
                    long[] each = tensors.remove(random.nextInt(tensors.size()));
                    assertEquals(each[1], Raw.getLong(Tensors.data(each[0])), "another's memory");
                    switch (random.nextInt(8)) {
                        case 0 -> Tensors.delete(each[0]);
                        case 1 -> other.submit(() -> delete(each[0])).get();
                        default -> delete(each[0]);
                    }
                }
            }
            own.leave(outer);
        }
        long inUse = own.bytesInUse();
        Set<Long> blocks = new HashSet<>();
        tensors.forEach(each -> blocks.add(Tensors.data(each[0])));
        assertTrue(inUse >= 64L * blocks.size() && inUse <= 65_600L * blocks.size());
        own.close();
        tensors.forEach(each -> delete(each[0]));
        assertFalse(own.bytesCached() > 0);
    }

    @RepeatedTest(5)
    void tensorsOfManyThreadsAreApart(RepetitionInfo repetition) throws Exception {
        int count = 8;
        try (ExecutorService threads = Executors.newFixedThreadPool(count);
                ExecutorService other = Executors.newSingleThreadExecutor()) {
            List<Future<?>> runs = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Random random = new Random(100L * repetition.getCurrentRepetition() + i);
                Pool own = new Pool();
                runs.add(
                        threads.submit(
                                () -> {
                                    randomRuns(random, own, other);
                                    return null;
                                }));
            }
            for (Future<?> run : runs) {
                run.get();
            }
        }
        assertTrue(CALLS.get() > 0);
    }
}
