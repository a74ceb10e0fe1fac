package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;

/** Embedding bags, as libtorch computes them. */
@Tag("libtorch")
class EmbeddingBagTest {
    private static final Operator BAG = Operator.of("aoti_torch_cpu__embedding_bag");

    /** A table of rows, and bags of a seed. */
    record Case(DType dtype, long rows, long width, int indices, int bags, long mode, long seed) {}

    @Provide
    Arbitrary<Case> cases() {
        return Combinators.combine(
                        Arbitraries.of(DType.FLOAT32, DType.FLOAT64),
                        Arbitraries.longs().between(1, 9),
                        Arbitraries.longs().between(1, 20),
                        Arbitraries.integers().between(0, 12),
                        Arbitraries.integers().between(1, 6),
                        Arbitraries.longs().between(0, 2),
                        Arbitraries.longs())
                .as(Case::new);
    }

    private static TestTensor longs(BothSides sides, long... values) {
        TestTensor tensor =
                sides.output(TensorSpec.of(DType.INT64, values.length).with(Values.WHOLE));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = MemorySegment.ofAddress(tensor.value(false));
            long libtorch = TorchApi.dataAddress(handle, arena.allocate(JAVA_LONG));
            for (long data : new long[] {libtorch, Tensors.data(tensor.value(true))}) {
                MemorySegment.ofAddress(data)
                        .reinterpret((long) values.length * Long.BYTES)
                        .copyFrom(MemorySegment.ofArray(values));
            }
        }
        return tensor;
    }

    private static long[] offsets(Random random, Case c) {
        long[] offsets = random.longs(c.bags, 0, c.indices + 1).sorted().toArray();
        offsets[0] = 0;
        return offsets;
    }

    @Property(seed = "1", tries = 1000)
    void addsUpWhatLibTorchAddsUp(@ForAll("cases") Case c) {
        Random random = new Random(c.seed);
        try (BothSides sides = new BothSides()) {
            var weight = sides.input(TensorSpec.of(c.dtype, c.rows, c.width).withSeed(c.seed));
            var indices = longs(sides, random.longs(c.indices, 0, c.rows).toArray());
            var offsets = longs(sides, offsets(random, c));
            long padding = random.nextInt(3) == 0 ? random.nextLong(c.rows) : -1;
            boolean weighted = c.mode == 0 && random.nextBoolean();
            var factors =
                    sides.optional(
                            weighted ? sides.input(TensorSpec.of(c.dtype, c.indices)) : null);
            var result = sides.result();
            assertTrue(
                    sides.call(
                            BAG,
                            weight,
                            indices,
                            offsets,
                            0,
                            c.mode,
                            0,
                            factors,
                            0,
                            padding,
                            result,
                            sides.result(),
                            sides.result(),
                            sides.result()));
            sides.assertEqual(result, Tolerance.of(c.dtype, 20, 4));
        }
    }

    @Example
    void endsBagsAtTheLastOffset() {
        try (BothSides sides = new BothSides()) {
            var result = sides.result();
            assertTrue(
                    sides.call(
                            BAG,
                            sides.input(TensorSpec.of(DType.FLOAT32, 5, 3)),
                            longs(sides, 1, 4, 4, 0),
                            longs(sides, 0, 3, 4),
                            0,
                            1L,
                            0,
                            0L,
                            1,
                            -1L,
                            result,
                            sides.result(),
                            sides.result(),
                            sides.result()));
            sides.assertEqual(result, Tolerance.of(DType.FLOAT32, 8, 4));
        }
    }

    @Example
    void refusesIndicesAndOffsetsThatAreNotThere() {
        long[][] wrong = {{5, 0}, {-1, 0}, {0, 1}, {0, 0, 9}, {0, 0, 2, 1}};
        for (long[] indexThenOffsets : wrong) {
            try (BothSides sides = new BothSides()) {
                var offsets = Arrays.copyOfRange(indexThenOffsets, 1, indexThenOffsets.length);
                assertFalse(
                        sides.callOurs(
                                BAG,
                                sides.input(TensorSpec.of(DType.FLOAT32, 5, 3)),
                                longs(sides, indexThenOffsets[0], 1),
                                longs(sides, offsets),
                                0,
                                0L,
                                0,
                                0L,
                                0,
                                -1L,
                                sides.result(),
                                sides.result(),
                                sides.result(),
                                sides.result()),
                        () -> Arrays.toString(indexThenOffsets));
            }
        }
    }
}
