package io.github.aoti4j.batch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.aoti4j.Model;
import io.github.aoti4j.ModelDescription;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.ModelPackage;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Engine;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.testing.Checkout;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

class BatchTest {
    private static final ModelOptions BUILT_IN = ModelOptions.defaults().engine(Engine.BUILT_IN);

    private static Path fixture(String name) {
        return Checkout.fixtures().resolve(name).resolve(name + ".pt2");
    }

    private static Path digits() {
        return Checkout.root()
                .resolve("cli/src/main/resources/io/github/aoti4j/cli/digits/digits.pt2");
    }

    private static ModelDescription describe(Path path) {
        try (ModelPackage opened = ModelPackage.open(path)) {
            return opened.describe(opened.models().getFirst());
        }
    }

    private static BatchPlan plan(
            Path path,
            int rows,
            NullRule nulls,
            List<Element> elements,
            int depth,
            int... outputs) {
        ModelDescription model = describe(path);
        List<InputPlan> inputs = new ArrayList<>();
        for (int i = 0; i < elements.size(); i++) {
            inputs.add(
                    InputTensor.of(model.inputs().get(i), "c" + i)
                            .plan(elements.get(i), depth, false));
        }
        return new BatchPlan(
                inputs,
                Arrays.stream(outputs)
                        .mapToObj(o -> OutputPlan.of(o, model.outputInfos().get(o), "o" + o))
                        .toList(),
                BatchSizes.of(model.inputs().subList(0, elements.size()), rows),
                nulls);
    }

    private static void write(Object value, InputWriter writer) {
        switch (value) {
            case null -> writer.putNull();
            case Object[] list -> {
                writer.beginList(list.length);
                for (Object element : list) {
                    write(element, writer);
                }
                writer.endList();
            }
            case float[] list -> {
                writer.beginList(list.length);
                for (float element : list) {
                    writer.put((double) element);
                }
                writer.endList();
            }
            case double[] list -> writer.putDoubles(list);
            case long[] list -> {
                writer.beginList(list.length);
                for (long element : list) {
                    writer.put(element);
                }
                writer.endList();
            }
            case byte[] bytes -> writer.putBytes(bytes);
            case Float number -> writer.put(number.doubleValue());
            case Long number -> writer.put(number.longValue());
            default -> throw new IllegalArgumentException(value.getClass().toString());
        }
    }

    /** Runs rows as an engine does. Null for rows that are not scored. */
    private static List<Object[]> score(Model model, BatchPlan plan, List<Object[]> rows) {
        List<Object[]> results = new ArrayList<>();
        try (Batch batch = new Batch(model, plan, "partition 7")) {
            for (Object[] row : rows) {
                if (batch.isFull()) {
                    results.addAll(batch.run());
                }
                switch (batch.add((input, writer) -> write(row[input], writer))) {
                    case ADDED -> {}
                    case NULL -> {
                        results.addAll(batch.run());
                        results.add(null);
                    }
                    case NEXT -> results.addAll(batch.run());
                }
            }
            results.addAll(batch.run());
        }
        return results;
    }

    private static List<Object[]> images(int count) {
        Random random = new Random(1);
        List<Object[]> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            float[] pixels = new float[64];
            for (int p = 0; p < 64; p++) {
                pixels[p] = random.nextFloat();
            }
            rows.add(new Object[] {pixels});
        }
        return rows;
    }

    private static float[][] expectedDigits(Model model, List<Object[]> rows) {
        float[] all = new float[rows.size() * 64];
        for (int i = 0; i < rows.size(); i++) {
            System.arraycopy((float[]) rows.get(i)[0], 0, all, i * 64, 64);
        }
        try (Arena arena = Arena.ofConfined()) {
            float[] scores =
                    model.run(arena, Tensor.of(arena, all, rows.size(), 1, 8, 8))
                            .getFirst()
                            .toFloatArray();
            float[][] result = new float[rows.size()][];
            for (int i = 0; i < result.length; i++) {
                result[i] = Arrays.copyOfRange(scores, i * 10, i * 10 + 10);
            }
            return result;
        }
    }

    /** Products of matrices of different sizes may add in different orders. */
    private static void assertScores(float[][] expected, List<Object[]> actual) {
        assertEquals(expected.length, actual.size());
        for (int i = 0; i < expected.length; i++) {
            assertArrayEquals(expected[i], (float[]) actual.get(i)[0], 1e-4f, "row " + i);
        }
    }

    @Test
    void aTensorOfSeveralDimensionsMayBeOneListOrNestedOrBytes() {
        List<Object[]> flat = images(21);
        List<Object[]> nested = new ArrayList<>();
        List<Object[]> bytes = new ArrayList<>();
        for (Object[] row : flat) {
            float[] pixels = (float[]) row[0];
            Object[] lines = new Object[8];
            ByteBuffer buffer = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
            for (int line = 0; line < 8; line++) {
                lines[line] = Arrays.copyOfRange(pixels, line * 8, line * 8 + 8);
            }
            for (float pixel : pixels) {
                buffer.putFloat(pixel);
            }
            nested.add(new Object[] {new Object[] {lines}});
            bytes.add(new Object[] {buffer.array()});
        }
        List<Element> floats = List.of(Element.FLOAT32);
        try (Model model = Model.load(digits(), BUILT_IN)) {
            float[][] expected = expectedDigits(model, flat);
            assertScores(
                    expected, score(model, plan(digits(), 8, NullRule.FAIL, floats, 1, 0), flat));
            assertScores(
                    expected, score(model, plan(digits(), 8, NullRule.FAIL, floats, 3, 0), nested));
            assertScores(
                    expected,
                    score(
                            model,
                            plan(digits(), 8, NullRule.FAIL, List.of(Element.BYTES), 0, 0),
                            bytes));
        }
    }

    /** Three rows at a time: the seventh is padded. */
    @Test
    void aPackageOfOneSizeIsPadded() {
        Path path = fixture("multi_output");
        Random random = new Random(2);
        List<Object[]> rows = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            rows.add(new Object[] {row(random), row(random)});
        }
        BatchPlan plan =
                plan(
                        path,
                        256,
                        NullRule.FAIL,
                        List.of(Element.FLOAT32, Element.FLOAT32),
                        1,
                        0,
                        1,
                        2,
                        3);
        assertEquals(new BatchSizes(3, 3, 1), plan.sizes());
        try (Model model = Model.load(path, BUILT_IN)) {
            List<Object[]> results = score(model, plan, rows);
            assertEquals(7, results.size());
            for (int i = 0; i < 7; i++) {
                assertRow(model, rows.get(i), results.get(i), i);
            }
        }
    }

    private static float[] row(Random random) {
        float[] row = new float[5];
        for (int i = 0; i < 5; i++) {
            row[i] = random.nextFloat() - 0.5f;
        }
        return row;
    }

    /** Compares with a run of three rows that are all this one. */
    private static void assertRow(Model model, Object[] row, Object[] result, int i) {
        try (Arena arena = Arena.ofConfined()) {
            List<Tensor> expected = model.run(arena, thrice(arena, row[0]), thrice(arena, row[1]));
            assertArrayEquals(
                    Arrays.copyOf(expected.get(0).toFloatArray(), 5), (float[]) result[0]);
            assertEquals(expected.get(1).toFloatArray()[0], result[1], "row " + i);
            assertEquals(expected.get(2).toLongArray()[0], result[2], "row " + i);
            assertArrayEquals(
                    Arrays.copyOf(expected.get(3).toBooleanArray(), 5), (boolean[]) result[3]);
        }
    }

    private static Tensor thrice(Arena arena, Object row) {
        float[] all = new float[15];
        for (int i = 0; i < 15; i++) {
            all[i] = ((float[]) row)[i % 5];
        }
        return Tensor.of(arena, all, 3, 5);
    }

    @Test
    void aBatchEndsWhereTheSizesChange() {
        Path path = fixture("text");
        int[] lengths = {3, 3, 5, 5, 5, 2, 3, 24, 24, 1};
        List<Object[]> rows = new ArrayList<>();
        for (int length : lengths) {
            long[] ids = new long[length];
            long[] mask = new long[length];
            Arrays.fill(ids, rows.size() + 1);
            Arrays.fill(mask, 1);
            rows.add(new Object[] {ids, mask});
        }
        BatchPlan plan = plan(path, 4, NullRule.FAIL, List.of(Element.INT64, Element.INT64), 1, 0);
        try (Model model = Model.load(path, BUILT_IN)) {
            List<Object[]> results = score(model, plan, rows);
            assertEquals(rows.size(), results.size());
            for (int i = 0; i < rows.size(); i++) {
                try (Arena arena = Arena.ofConfined()) {
                    float[] expected =
                            model.run(
                                            arena,
                                            Tensor.of(
                                                    arena, (long[]) rows.get(i)[0], 1, lengths[i]),
                                            Tensor.of(
                                                    arena, (long[]) rows.get(i)[1], 1, lengths[i]))
                                    .getFirst()
                                    .toFloatArray();
                    assertArrayEquals(expected, (float[]) results.get(i)[0], 1e-5f, "row " + i);
                }
            }
        }
    }

    @Test
    void arraysOfOutputsAreNested() {
        Path path = Checkout.fixtures().resolve("tied/blob.pt2");
        BatchPlan plan = plan(path, 1, NullRule.FAIL, List.of(Element.INT64), 1, 0);
        try (Model model = Model.load(path, BUILT_IN)) {
            List<Object[]> results =
                    score(
                            model,
                            plan,
                            List.of(
                                    new Object[] {new long[] {1, 2, 0}},
                                    new Object[] {new long[3]}));
            Object[] nested = assertInstanceOf(Object[].class, results.getFirst()[0]);
            assertEquals(3, nested.length);
            assertEquals(12, ((float[]) nested[0]).length);
        }
    }

    @Test
    void nullsAreSkippedOrReplacedOrRefused() {
        List<Element> floats = List.of(Element.FLOAT32);
        List<Object[]> rows = new ArrayList<>(images(3));
        Object[] holes = new Object[64];
        Arrays.fill(holes, 0.5f);
        holes[7] = null;
        rows.set(1, new Object[] {holes});
        rows.add(new Object[] {null});
        try (Model model = Model.load(digits(), BUILT_IN)) {
            var skip = new NullRule(NullRule.Action.SKIP, 0);
            List<Object[]> skipped = score(model, plan(digits(), 8, skip, floats, 1, 0), rows);
            assertEquals(
                    List.of(false, true, false, true),
                    skipped.stream().map(r -> r == null).toList());

            var replace = new NullRule(NullRule.Action.REPLACE, 0.5);
            float[] half = new float[64];
            Arrays.fill(half, 0.5f);
            List<Object[]> replaced = score(model, plan(digits(), 8, replace, floats, 1, 0), rows);
            float[] expected = expectedDigits(model, List.<Object[]>of(new Object[] {half}))[0];
            assertArrayEquals(expected, (float[]) replaced.get(1)[0], 1e-4f);
            assertArrayEquals(expected, (float[]) replaced.get(3)[0], 1e-4f);

            BatchPlan fail = plan(digits(), 8, NullRule.FAIL, floats, 1, 0);
            assertEquals(
                    "row 1 of partition 7, column c0: has a null among its elements",
                    assertThrows(InvalidInputException.class, () -> score(model, fail, rows))
                            .getMessage());
            assertEquals(
                    "row 0 of partition 7, column c0: is null",
                    assertThrows(
                                    InvalidInputException.class,
                                    () -> score(model, fail, rows.subList(3, 4)))
                            .getMessage());
        }
    }

    @Test
    void whatCannotBeARowNamesRowAndColumn() {
        try (Model model = Model.load(digits(), BUILT_IN)) {
            BatchPlan plan = plan(digits(), 8, NullRule.FAIL, List.of(Element.FLOAT32), 1, 0);
            List<Object[]> rows = new ArrayList<>(images(9));
            rows.add(new Object[] {new float[63]});
            assertEquals(
                    "row 9 of partition 7, column c0: 63 elements where [1, 8, 8] has 64",
                    assertThrows(InvalidInputException.class, () -> score(model, plan, rows))
                            .getMessage());
            BatchPlan bytes = plan(digits(), 8, NullRule.FAIL, List.of(Element.BYTES), 0, 0);
            List<Object[]> odd = List.<Object[]>of(new Object[] {new byte[255]});
            assertEquals(
                    "row 0 of partition 7, column c0: 255 bytes where float32 [1, 8, 8] has 256",
                    assertThrows(InvalidInputException.class, () -> score(model, bytes, odd))
                            .getMessage());
        }
    }

    /** The values of a row are only looked at by the model. */
    @Test
    void whatTheModelRefusesNamesTheRows() {
        Path path = fixture("embedding");
        BatchPlan plan = plan(path, 3, NullRule.FAIL, List.of(Element.INT64), 0, 0);
        try (Model model = Model.load(path, BUILT_IN)) {
            List<Object[]> rows = new ArrayList<>();
            for (long id : new long[] {0, 1, 2, 1, 999}) {
                rows.add(new Object[] {id});
            }
            String message =
                    assertThrows(AotiException.class, () -> score(model, plan, rows)).getMessage();
            assertEquals("a batch of 2 rows from row 3 of partition 7: ", message.substring(0, 45));
            assertEquals(4, score(model, plan, rows.subList(0, 4)).size());
        }
    }

    @Test
    void aClosedBatchIsRefused() {
        try (Model model = Model.load(digits(), BUILT_IN)) {
            Batch batch =
                    new Batch(
                            model,
                            plan(digits(), 8, NullRule.FAIL, List.of(Element.FLOAT32), 1, 0),
                            "p");
            batch.close();
            batch.close();
            assertThrows(IllegalStateException.class, batch::run);
            assertThrows(
                    IllegalStateException.class,
                    () -> batch.add((_, writer) -> writer.putDoubles(new double[64])));
        }
    }

    /** Through a model that returns what it gets. */
    @Test
    void everyDtypeKeepsItsValues() {
        InputTensor half = new InputTensor("c", "i", DType.FLOAT16, List.of());
        try (InputWriter writer =
                new InputWriter(half.plan(Element.FLOAT32, 0, true), NullRule.FAIL, 4)) {
            for (double value : new double[] {1, -2.5, 65504, 1e-8}) {
                writer.beginRow();
                writer.put(value);
                writer.endRow();
            }
            MemorySegment segment = writer.tensor(4, 5).segment();
            short[] bits = segment.toArray(ValueLayout.JAVA_SHORT);
            assertArrayEquals(new short[] {0x3C00, (short) 0xC100, 0x7BFF, 0, 0}, bits);
        }
        InputTensor brain = new InputTensor("c", "i", DType.BFLOAT16, List.of());
        try (InputWriter writer =
                new InputWriter(brain.plan(Element.FLOAT32, 0, true), NullRule.FAIL, 4)) {
            for (double value :
                    new double[] {
                        1,
                        Float.intBitsToFloat(0x3F808000),
                        Float.intBitsToFloat(0x3F818000),
                        Double.NaN
                    }) {
                writer.beginRow();
                writer.put(value);
                writer.endRow();
            }
            short[] bits = writer.tensor(4, 4).segment().toArray(ValueLayout.JAVA_SHORT);
            assertArrayEquals(new short[] {0x3F80, 0x3F80, 0x3F82, 0x7FC0}, bits);
        }
        InputTensor unsigned = new InputTensor("c", "i", DType.UINT8, List.of());
        try (InputWriter writer =
                new InputWriter(unsigned.plan(Element.INT16, 0, false), NullRule.FAIL, 1)) {
            writer.beginRow();
            writer.put(255L);
            assertEquals(
                    "256 is no uint8: 0 to 255 are",
                    assertThrows(InvalidInputException.class, () -> writer.put(256L)).getMessage());
            assertThrows(InvalidInputException.class, () -> writer.put(-1L));
        }
    }
}
