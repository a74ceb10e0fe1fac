package io.github.aoti4j.batch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.InputInfo;
import io.github.aoti4j.ModelDescription;
import io.github.aoti4j.ModelPackage;
import io.github.aoti4j.batch.Element.Conversion;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.testing.Checkout;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What is decided before there are rows. */
class PlanTest {
    private static ModelDescription describe(String fixture) {
        try (ModelPackage opened =
                ModelPackage.open(Checkout.fixtures().resolve(fixture).resolve(fixture + ".pt2"))) {
            return opened.describe(opened.models().getFirst());
        }
    }

    @Test
    void conversionsLoseNothing() {
        assertEquals(Conversion.EXACT, Element.FLOAT32.to(DType.FLOAT64));
        assertEquals(Conversion.EXACT, Element.INT16.to(DType.FLOAT32));
        assertEquals(Conversion.EXACT, Element.INT32.to(DType.FLOAT64));
        assertEquals(Conversion.EXACT, Element.INT8.to(DType.BFLOAT16));
        assertEquals(Conversion.EXACT, Element.BOOLEAN.to(DType.INT8));
        assertEquals(Conversion.EXACT, Element.BYTES.to(DType.COMPLEX64));
        assertEquals(Conversion.ROUNDED, Element.FLOAT64.to(DType.FLOAT32));
        assertEquals(Conversion.ROUNDED, Element.INT32.to(DType.FLOAT32));
        assertEquals(Conversion.ROUNDED, Element.INT64.to(DType.FLOAT64));
        assertEquals(Conversion.ROUNDED, Element.FLOAT32.to(DType.FLOAT16));
        assertEquals(Conversion.CHECKED, Element.INT64.to(DType.UINT32));
        assertEquals(Conversion.NONE, Element.INT64.to(DType.INT32));
        assertEquals(Conversion.NONE, Element.FLOAT32.to(DType.INT64));
        assertEquals(Conversion.NONE, Element.INT8.to(DType.BOOL));
        assertEquals(Conversion.NONE, Element.FLOAT32.to(DType.FLOAT8_E5M2));
    }

    /** Whatever a number of 8 to 16 bits is, it comes back. */
    @Test
    void exactConversionsAreExact() {
        for (int value = Short.MIN_VALUE; value <= Short.MAX_VALUE; value++) {
            assertEquals(value, (int) (float) value);
        }
        for (int value = Byte.MIN_VALUE; value <= Byte.MAX_VALUE; value++) {
            assertEquals(value, (int) Float.float16ToFloat(Float.floatToFloat16(value)));
        }
    }

    @Test
    void columnsOfOutputsHoldAllValues() {
        for (DType dtype : DType.values()) {
            Optional<Element> element = Element.of(dtype);
            assertEquals(
                    dtype.isComplex()
                            || dtype == DType.UINT64
                            || dtype.torchName().startsWith("float8")
                            || dtype.torchName().startsWith("float4"),
                    element.isEmpty(),
                    dtype.torchName());
            element.ifPresent(e -> assertTrue(e.holds(dtype), dtype.torchName()));
            assertTrue(Element.BYTES.holds(dtype));
        }
        assertTrue(Element.FLOAT64.holds(DType.FLOAT32));
        assertTrue(Element.FLOAT64.holds(DType.INT32));
        assertFalse(Element.FLOAT32.holds(DType.FLOAT64));
        assertFalse(Element.FLOAT32.holds(DType.INT32));
        assertFalse(Element.FLOAT64.holds(DType.INT64));
        assertFalse(Element.INT32.holds(DType.INT64));
        assertFalse(Element.INT64.holds(DType.FLOAT32));
        assertTrue(Element.FLOAT32.holds(DType.INT16));
    }

    private static String refusal(String fixture, Element element, int depth) {
        InputInfo info = describe(fixture).inputs().getFirst();
        return assertThrows(
                        InvalidInputException.class,
                        () -> InputTensor.of(info, "x").plan(element, depth, false))
                .getMessage();
    }

    @Test
    void refusalsNameTheColumn() {
        String mlp = "column x cannot be input args[0] (arg4_1): float32 [s31: 1..1024, 10]: ";
        assertEquals(
                mlp
                        + "its float64 values would be rounded to float32: cast the column, or"
                        + " allow rounding",
                refusal("mlp", Element.FLOAT64, 1));
        assertEquals(
                mlp + "a row's tensor has 1 dimensions, and the column's arrays are nested 2 deep",
                refusal("mlp", Element.FLOAT32, 2));
        assertEquals(
                mlp + "a row's tensor has 1 dimensions, and the column's arrays are nested 0 deep",
                refusal("mlp", Element.FLOAT32, 0));
        assertEquals(
                "column x cannot be input args[0] (arg1_1): int64 [s37: 1..64]: its float32 values"
                        + " cannot all be int64: cast the column, or give the tensors' bytes",
                refusal("embedding", Element.FLOAT32, 0));
        assertEquals(
                "column x cannot be input args[0] (arg0_1): float32 []: it has no dimension for the"
                        + " rows of a batch",
                refusal("zero_dim", Element.FLOAT32, 0));
    }

    @Test
    void batchesHaveTheSizesOfThePackage() {
        assertEquals(new BatchSizes(8, 8, 1), BatchSizes.of(describe("add_one").inputs(), 256));
        assertEquals(new BatchSizes(256, 1, 1), BatchSizes.of(describe("mlp").inputs(), 256));
        assertEquals(new BatchSizes(1024, 1, 1), BatchSizes.of(describe("mlp").inputs(), 4096));
        List<InputInfo> shared = describe("shared_batch").inputs();
        assertEquals(new BatchSizes(32, 1, 1), BatchSizes.of(shared.subList(0, 2), 256));
        assertEquals(new BatchSizes(64, 2, 2), BatchSizes.of(shared.subList(2, 3), 256));
        assertEquals(
                "inputs do not have the same number of rows: args[1] (arg1_1): float32 [s38: 1..32,"
                        + " 3] and args[2] (arg2_1): float32 [2*s38: 2..64]",
                assertThrows(
                                InvalidInputException.class,
                                () -> BatchSizes.of(shared.subList(1, 3), 256))
                        .getMessage());
        assertEquals(8, new BatchSizes(64, 4, 4).of(5));
        assertEquals(4, new BatchSizes(64, 4, 4).of(1));
        assertEquals(8, new BatchSizes(64, 4, 4).of(8));
    }

    /** So that another engine's rows can be scored, too. */
    @Test
    void nothingHereKnowsAnEngine() throws Exception {
        Path classes =
                Path.of(Batch.class.getProtectionDomain().getCodeSource().getLocation().toURI())
                        .resolve("io/github/aoti4j/batch");
        int seen = 0;
        try (Stream<Path> files = Files.list(classes)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
                if (file.getFileName().toString().contains("Test")) {
                    continue;
                }
                seen++;
                String constants = text(file);
                for (String engine : List.of("org/apache/", "scala/", "io/github/aoti4j/spark")) {
                    assertFalse(constants.contains(engine), file + " knows " + engine);
                }
            }
        }
        assertTrue(seen >= 10, seen + " classes seen");
        assertTrue(text(classes.resolve("Batch.class")).contains("io/github/aoti4j/Model"));
    }

    private static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    }
}
