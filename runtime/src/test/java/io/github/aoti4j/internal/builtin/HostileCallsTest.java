package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.builtin.tensor.BuiltInFailure;
import io.github.aoti4j.internal.builtin.tensor.Memory;
import io.github.aoti4j.internal.builtin.tensor.Pool;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.StringTokenizer;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Every function that models call, with arguments that no model should pass: handles that were
 * deleted or never existed, sizes that overflow, dtypes that there are not. Only pointers are good,
 * as nothing can check them. A call succeeds or fails; it neither ends the process nor loses
 * memory.
 */
class HostileCallsTest {
    private static final int CALLS = Integer.getInteger("aoti.test.hostile", 8_000);
    private static final int MOST_TENSORS = 48;
    private static final int SLOTS = 5;

    private static final long[] NUMBERS = {
        0,
        1,
        2,
        3,
        4,
        5,
        7,
        64,
        65,
        -1,
        -2,
        -3,
        -64,
        1L << 46,
        1L << 62,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        Long.MIN_VALUE + 1,
        Long.MAX_VALUE - 1
    };

    private static final int[] INTS = {0, 0, 1, 1, 2, -1, Integer.MAX_VALUE, Integer.MIN_VALUE};

    private static final double[] DOUBLES = {
        0, 1, 0.5, -1, 1e300, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY
    };

    /**
     * By function, without its prefix: what its arguments are. h a handle, O where a handle goes, q
     * null or where a handle is, l a list of handles, x a list of null or where a handle is, c its
     * length, n a rank, s an array of numbers, k its length, P null or where a number is, F null or
     * where a double is, B null or where an int is, e where an element goes, p memory, i a number,
     * I an int, t a dtype, v a device, d a double, 0 null.
     */
    private static final Map<String, String> ARGUMENTS = new TreeMap<>();

    static {
        String all =
                """
                delete_tensor_object h, new_tensor_handle hO, new_uninitialized_tensor O,
                assign_tensors hh, assign_tensors_out hO, empty_strided nsstvIO,
                create_tensor_from_blob pnssitvIO, create_tensor_from_blob_v2 pnssitvIOI00,
                _reinterpret_tensor hnssiO, clone hO, clone_preserve_strides hO, copy_ hhI,
                tensor_copy_ hh, zero_ h, cpu_fill__Scalar hd, item_float16 he, item_bfloat16 he,
                item_float32 he, item_float64 he, item_uint8 he, item_uint16 he, item_uint32 he,
                item_uint64 he, item_int8 he, item_int16 he, item_int32 he, item_int64 he,
                item_bool he, scalar_to_tensor_float64 dO, scalar_to_tensor_uint8 IO,
                scalar_to_tensor_int8 IO, scalar_to_tensor_int16 IO, scalar_to_tensor_int32 IO,
                scalar_to_tensor_int64 iO, scalar_to_tensor_bool IO, as_strided hssO,
                cpu_view_as_real hO, _alloc_from_pool hitnssO, cpu_mm_out hhh, cpu_bmm_out hhh,
                cpu_addmm_out hhhhdd, cpu_baddbmm_out hhhhdd, cpu__addmm_activation hhhddIO,
                cpu_addmv hhhddO, cpu_slice_Tensor hiPPiO, cpu_cat lciO, cpu_nonzero_static hiiO,
                cpu_nonzero hO, cpu_masked_select hhO, cpu_repeat_interleave_Tensor hPO,
                cpu_index_Tensor hxcO, cpu_cumsum hiBO, cpu_cumprod hiBO, cpu_topk hiiIIOO,
                cpu_sort hiIOO, cpu_sort_stable hBiIOO, cpu__embedding_bag hhhIiIqIiOOOO,
                cpu_mkldnn_rnn_layer hhhhhhhIskiiiIIIIOOOO,
                cpu__scaled_dot_product_flash_attention_for_cpu hhhdIqFOO,
                cpu_convolution hhqskskskIskiO, cpu_histc hiddO, cpu__grouped_mm hhqqBO
                """;
        var words = new StringTokenizer(all, ", \n");
        while (words.hasMoreTokens()) {
            ARGUMENTS.put("aoti_torch_" + words.nextToken(), words.nextToken());
        }
    }

    private final List<Long> live = new ArrayList<>();
    private final List<Long> deleted = new ArrayList<>();
    private final Set<String> succeeded = new TreeSet<>();

    private Random random;
    private MemorySegment numbers;
    private MemorySegment slots;
    private MemorySegment cells;
    private MemorySegment memory;
    private int slot;
    private int cell;
    private boolean wrapped;

    @Test
    void everyFunctionIsCalled() {
        for (FunctionTable.Function function : FunctionTable.FUNCTIONS) {
            String arguments = ARGUMENTS.get(function.symbol());
            assertNotNull(arguments, function.symbol());
            assertEquals(function.signature().length(), arguments.length(), function.symbol());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void aCallFailsOrSucceeds(long seed) throws ReflectiveOperationException {
        random = new Random(seed);
        try (Arena arena = Arena.ofConfined()) {
            numbers = arena.allocate(JAVA_LONG, 4096);
            slots = arena.allocate(JAVA_LONG, SLOTS);
            cells = arena.allocate(JAVA_LONG, 256);
            memory = arena.allocate(1 << 20, 64);
            Pool pool = new Pool();
            Pool outer = pool.enter();
            try {
                callAll();
            } finally {
                pool.leave(outer);
                pool.close();
            }
        }
        assertTrue(succeeded.size() > ARGUMENTS.size() / 2, succeeded::toString);
    }

    private void callAll() throws ReflectiveOperationException {
        long tensors = Tensors.liveCount();
        long bytes = Memory.bytesInUse();
        for (int i = 0; i < CALLS; i++) {
            if (live.size() < 8 || random.nextInt(4) == 0) {
                live.add(tensor());
            }
            call(pick(FunctionTable.FUNCTIONS));
            live.removeIf(handle -> !isLive(handle));
            while (live.size() > MOST_TENSORS) {
                delete(random.nextInt(live.size()));
            }
        }
        while (!live.isEmpty()) {
            delete(live.size() - 1);
        }
        assertEquals(tensors, Tensors.liveCount());
        assertEquals(bytes, Memory.bytesInUse());
    }

    private void call(FunctionTable.Function function) throws ReflectiveOperationException {
        slots.fill((byte) 0);
        slot = 0;
        cell = 0;
        wrapped = false;
        String kinds = ARGUMENTS.get(function.symbol());
        Object[] arguments = new Object[kinds.length()];
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = argument(kinds.charAt(i), function.signature().charAt(i));
        }
        try {
            method(function).invoke(null, arguments);
            succeeded.add(function.symbol());
        } catch (InvocationTargetException e) {
            if (!(e.getCause() instanceof BuiltInFailure)) {
                fail(function.symbol() + Arrays.toString(arguments), e.getCause());
            }
        }
        for (int i = 0; i < SLOTS; i++) {
            long made = slots.getAtIndex(JAVA_LONG, i);
            if (made != 0) {
                live.add(made);
                if (wrapped) {
                    delete(live.size() - 1);
                }
            }
        }
        if (function.symbol().endsWith("delete_tensor_object")) {
            deleted.add((Long) arguments[0]);
        }
    }

    private static Method method(FunctionTable.Function function) throws NoSuchMethodException {
        Class<?>[] types =
                function.signature()
                        .chars()
                        .mapToObj(
                                letter ->
                                        letter == 'L'
                                                ? long.class
                                                : letter == 'I' ? int.class : double.class)
                        .toArray(Class<?>[]::new);
        return function.home().getMethod(function.method(), types);
    }

    private Object argument(char kind, char letter) {
        return switch (kind) {
            case 'h' -> handle();
            case 'O' -> slots.address() + Long.BYTES * (long) slot++;
            case 'q' -> random.nextBoolean() ? 0L : cellOf(handle());
            case 'l' -> handles(false);
            case 'x' -> handles(true);
            case 'c' -> (long) random.nextInt(-1, 6);
            case 'n', 'k' -> random.nextInt(8) == 0 ? number() : (long) random.nextInt(5);
            case 's' -> someNumbers();
            case 'P' -> random.nextBoolean() ? 0L : cellOf(number());
            case 'F' -> random.nextBoolean() ? 0L : cellOf(Double.doubleToLongBits(real()));
            case 'B' -> random.nextBoolean() ? 0L : intCell(dtype());
            case 'e' -> cellOf(0);
            case 'p' -> {
                wrapped = true; // its sizes are the caller's word
                yield random.nextInt(4) == 0 ? 0L : memory.address();
            }
            case 'i' -> number();
            case 'I' -> INTS[random.nextInt(INTS.length)];
            case 't' -> dtype();
            case 'v' -> random.nextInt(8) == 0 ? random.nextInt(-1, 3) : 0;
            case 'd' -> real();
            case '0' -> 0L;
            default -> throw new AssertionError(kind + " " + letter);
        };
    }

    private long handle() {
        return switch (random.nextInt(16)) {
            case 0 -> 0L;
            case 1 -> deleted.isEmpty() ? 8L : pick(deleted);
            case 2 -> pick(live) + random.nextInt(-300, 300);
            case 3 -> random.nextLong();
            default -> pick(live);
        };
    }

    private long handles(boolean optional) {
        long list = cells.address() + Long.BYTES * (long) cell;
        int first = cell;
        cell += 8;
        for (int i = 0; i < 8; i++) {
            long handle = handle();
            long entry = !optional ? handle : random.nextInt(3) == 0 ? 0 : cellOf(handle);
            cells.setAtIndex(JAVA_LONG, first + i, entry);
        }
        return list;
    }

    private long cellOf(long value) {
        cells.setAtIndex(JAVA_LONG, cell, value);
        return cells.address() + Long.BYTES * (long) cell++;
    }

    private long intCell(int value) {
        long address = cellOf(0);
        cells.set(JAVA_INT, address - cells.address(), value);
        return address;
    }

    /** An array of more numbers than a rank or a length that is accepted. */
    private long someNumbers() {
        int from = random.nextInt(4096 - 128);
        for (int i = 0; i < 128; i++) {
            long value = random.nextInt(10) == 0 ? number() : random.nextInt(4);
            numbers.setAtIndex(JAVA_LONG, from + i, value);
        }
        return numbers.address() + Long.BYTES * (long) from;
    }

    private long number() {
        return NUMBERS[random.nextInt(NUMBERS.length)];
    }

    private double real() {
        return DOUBLES[random.nextInt(DOUBLES.length)];
    }

    private int dtype() {
        return random.nextInt(6) == 0
                ? random.nextInt(-2, 70)
                : pick(List.of(DType.values())).code();
    }

    /** A tensor of a model in good order: mostly small, of float32 and int64. */
    private long tensor() {
        DType dtype =
                switch (random.nextInt(8)) {
                    case 0 -> pick(List.of(DType.values()));
                    case 1, 2 -> DType.INT64;
                    default -> DType.FLOAT32;
                };
        int rank = random.nextInt(5);
        long tensor = Tensors.begin(dtype.code(), rank);
        long stride = 1;
        long extent = 1;
        for (int d = rank - 1; d >= 0; d--) {
            long size = random.nextInt(12) == 0 ? 0 : random.nextInt(1, 4);
            boolean broadcast = random.nextInt(8) == 0;
            Tensors.setDimension(tensor, d, size, broadcast ? 0 : stride);
            extent += broadcast ? 0 : stride * Math.max(0, size - 1);
            stride *= Math.max(1, size);
        }
        Tensors.allocate(tensor);
        long bytes = extent * Tensors.elementBytes(dtype.code());
        MemorySegment data = MemorySegment.ofAddress(Tensors.data(tensor)).reinterpret(bytes);
        if (Tensors.count(tensor) > 0 && dtype == DType.INT64) {
            for (long i = 0; i < bytes / Long.BYTES; i++) {
                data.setAtIndex(
                        JAVA_LONG, i, random.nextInt(8) == 0 ? number() : random.nextInt(3));
            }
        }
        return tensor;
    }

    private static boolean isLive(long handle) {
        try {
            Tensors.require(handle, "handle");
            return true;
        } catch (BuiltInFailure e) {
            return e.getMessage().contains("undefined");
        }
    }

    private void delete(int index) {
        long handle = live.remove(index);
        deleted.add(handle);
        if (deleted.size() > 64) {
            deleted.removeFirst();
        }
        Tensors.delete(handle);
    }

    private <T> T pick(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }
}
