package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.builtin.tensor.Tensors;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The comparison of operators with libtorch finds equal what is equal, and nothing else. */
@Tag("libtorch")
class BothSidesTest {
    @Provide
    Arbitrary<TensorSpec> tensors() {
        return Arbitraries.of(
                        DType.FLOAT32,
                        DType.FLOAT64,
                        DType.BFLOAT16,
                        DType.FLOAT16,
                        DType.INT64,
                        DType.INT32,
                        DType.INT16,
                        DType.UINT8,
                        DType.BOOL)
                .flatMap(
                        dtype ->
                                TensorSpec.shapes(5, 6)
                                        .flatMap(
                                                shape ->
                                                        TensorSpec.inputs(
                                                                dtype,
                                                                Values.HOSTILE,
                                                                shape.stream()
                                                                        .mapToLong(Long::longValue)
                                                                        .toArray())));
    }

    @Property(seed = "1", tries = 300)
    void oneMemoryIsEqualToItself(@ForAll("tensors") TensorSpec spec) {
        try (BothSides sides = new BothSides()) {
            sides.assertEqual(sides.input(spec), Tolerance.EXACT);
            sides.assertEqual(sides.output(spec), Tolerance.EXACT);
        }
    }

    @Property(seed = "2", tries = 300)
    void anyOtherByteIsFound(@ForAll("tensors") TensorSpec spec) {
        try (BothSides sides = new BothSides()) {
            TestTensor tensor = sides.output(spec);
            long ours = tensor.value(true);
            if (Tensors.count(ours) == 0) {
                return;
            }
            // The upper byte: in a float, sign and exponent.
            MemorySegment last =
                    MemorySegment.ofAddress(Tensors.data(ours))
                            .reinterpret(spec.extent() * spec.dtype().byteSize());
            long at = last.byteSize() - spec.offset() * spec.dtype().byteSize() - 1;
            byte other = (byte) (last.get(ValueLayout.JAVA_BYTE, at) ^ 0x55);
            last.set(ValueLayout.JAVA_BYTE, at, other);
            assertThrows(AssertionError.class, () -> sides.assertEqual(tensor, Tolerance.EXACT));
        }
    }

    @Property(seed = "3", tries = 100)
    void writesOutsideTheElementsAreFound(@ForAll("tensors") TensorSpec spec) {
        try (BothSides sides = new BothSides()) {
            TestTensor tensor = sides.output(spec);
            tensor.requireIntact("untouched");
            MemorySegment.ofAddress(
                            Tensors.data(tensor.value(true))
                                    + (spec.extent() - spec.offset()) * spec.dtype().byteSize())
                    .reinterpret(1)
                    .set(ValueLayout.JAVA_BYTE, 0, (byte) 0);
            assertThrows(AssertionError.class, () -> tensor.requireIntact("written"));
        }
    }
}
