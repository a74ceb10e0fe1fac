package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;

import java.util.Arrays;
import java.util.Random;

/** Views of views, and handles that are assigned, show the same elements as libtorch's. */
@Tag("libtorch")
class ViewsTest {
    private static final Operator EMPTY = Operator.of("aoti_torch_empty_strided");
    private static final Operator COPY = Operator.of("aoti_torch_copy_");
    private static final Operator REINTERPRET = Operator.of("aoti_torch__reinterpret_tensor");
    private static final Operator AS_STRIDED = Operator.of("aoti_torch_as_strided");
    private static final Operator HANDLE = Operator.of("aoti_torch_new_tensor_handle");
    private static final Operator UNDEFINED = Operator.of("aoti_torch_new_uninitialized_tensor");
    private static final Operator ASSIGN = Operator.of("aoti_torch_assign_tensors");
    private static final Operator ASSIGN_OUT = Operator.of("aoti_torch_assign_tensors_out");

    /** Elements of the memory that all share. */
    private static final int LENGTH = 64;

    /** A tensor on both sides, and where it begins. */
    private record View(BothSides.Result slot, long offset, int rank) {
        BothSides.Argument handle() {
            return ours -> ours ? slot.ours() : slot.libtorch();
        }
    }

    private static View base(BothSides sides) {
        var slot = sides.result();
        long[] sizes = {LENGTH};
        int dtype = DType.FLOAT32.code();
        assertTrue(sides.call(EMPTY, 1L, sides.longs(sizes), sides.longs(1), dtype, 0, 0, slot));
        View base = new View(slot, 0, 1);
        TensorSpec elements = TensorSpec.of(DType.FLOAT32, sizes);
        assertTrue(sides.call(COPY, base.handle(), sides.input(elements), 0));
        return base;
    }

    @Property(seed = "1", tries = 1500)
    void viewsOfViews(@ForAll Random random) {
        try (BothSides sides = new BothSides()) {
            View view = base(sides);
            for (int i = random.nextInt(6); i >= 0; i--) {
                view = next(sides, view, random);
                sides.assertEqual(view.slot, Tolerance.EXACT);
            }
        }
    }

    private static View next(BothSides sides, View from, Random random) {
        return switch (random.nextInt(6)) {
            case 0, 1 -> {
                long offset = random.nextLong(LENGTH - from.offset);
                yield view(sides, from, random.nextInt(4), offset, random);
            }
            case 2 -> view(sides, from, from.rank, -1, random);
            case 3 -> {
                var slot = sides.result();
                assertTrue(sides.call(HANDLE, from.handle(), slot));
                yield new View(slot, from.offset, from.rank);
            }
            case 4 -> {
                var slot = sides.result();
                assertTrue(sides.call(UNDEFINED, slot));
                View assigned = new View(slot, from.offset, from.rank);
                assertTrue(sides.call(ASSIGN, from.handle(), assigned.handle()));
                yield assigned;
            }
            default -> {
                var slot = sides.result();
                assertTrue(sides.call(ASSIGN_OUT, from.handle(), slot));
                yield new View(slot, from.offset, from.rank);
            }
        };
    }

    /** Makes a view within the memory; by as_strided if the offset is negative. */
    private static View view(BothSides sides, View from, int rank, long offset, Random random) {
        long first = from.offset + Math.max(offset, 0);
        long room = LENGTH - 1 - first;
        long[] sizes = new long[rank];
        long[] strides = new long[rank];
        for (int d = 0; d < rank; d++) {
            sizes[d] = random.nextInt(5);
            strides[d] = random.nextLong(1 + room / Math.max(1, sizes[d] - 1));
            room -= Math.max(0, sizes[d] - 1) * strides[d];
        }
        var slot = sides.result();
        var sizeList = sides.longs(sizes);
        var strideList = sides.longs(strides);
        boolean made =
                offset < 0
                        ? sides.call(AS_STRIDED, from.handle(), sizeList, strideList, slot)
                        : sides.call(
                                REINTERPRET,
                                from.handle(),
                                (long) rank,
                                sizeList,
                                strideList,
                                offset,
                                slot);
        assertTrue(made, () -> Arrays.toString(sizes) + Arrays.toString(strides));
        return new View(slot, first, rank);
    }
}
