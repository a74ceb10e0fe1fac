package io.github.aoti4j.stub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Inputs that are refused: native code must not hear of them. */
final class InputScenarios {
    /** As PyTorch writes it: float32 [1..8, 4], row-major. */
    private static final String SOURCE =
            """
            AOTInductorModel::AOTInductorModel()
                : AOTInductorModelBase(1, 1, 2, device_str, cubin_dir, true) {
                inputs_info_[0].name = "arg0_1";
                outputs_info_[0].name = "output0";
            }
            AOTI_NOINLINE static void check_input_0(AtenTensorHandle* input_handles) {
                ConstantHandle arg0_1 = ConstantHandle(input_handles[0]);
                int32_t arg0_1_dtype;
                int32_t arg0_1_expected_dtype = aoti_torch_dtype_float32();
                if (arg0_1_expected_dtype != arg0_1_dtype) { throw std::runtime_error("dtype"); }
                auto arg0_1_size = arg0_1.sizes();
                if (arg0_1_size[0] < 1) { throw std::runtime_error("size 0"); }
                if (arg0_1_size[0] > 8) { throw std::runtime_error("size 0"); }
                if (4 != arg0_1_size[1]) { throw std::runtime_error("size 1"); }
                auto arg0_1_stride = arg0_1.strides();
                if (4 != arg0_1_stride[0]) { throw std::runtime_error("stride 0"); }
                if (1 != arg0_1_stride[1]) { throw std::runtime_error("stride 1"); }
                int32_t arg0_1_device_type;
                int32_t arg0_1_expected_device_type = 0;
            }
            """;

    private static Tensor vector(Arena arena, float... values) {
        return Tensor.of(arena, values, values.length);
    }

    /** Demands that a run throws before any tensor has been made. */
    private static <T extends Throwable> T refuses(
            Class<T> expected, Model model, Arena arena, Tensor... inputs) {
        long created = Stub.get("tensors_created");
        long runs = Stub.get("runs");
        T thrown = assertThrows(expected, () -> model.run(arena, inputs));
        assertEquals(created, Stub.get("tensors_created"));
        assertEquals(runs, Stub.get("runs"));
        return thrown;
    }

    private static void refusesInput(Model model, Arena arena, String reason, Tensor input) {
        var e = refuses(InvalidInputException.class, model, arena, input);
        assertTrue(e.getMessage().contains("arg0_1"), e::toString);
        assertTrue(e.getMessage().contains(reason), e::toString);
    }

    @Scenario
    void refusesAWrongNumber() {
        Stub.shape(2, "f");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            Tensor input = vector(arena, 1);
            for (Tensor[] inputs : new Tensor[][] {{}, {input}, {input, input, input}}) {
                var e = refuses(InvalidInputException.class, model, arena, inputs);
                assertTrue(e.getMessage().contains("takes 2 inputs"), e::toString);
                assertTrue(e.getMessage().contains("but " + inputs.length), e::toString);
            }
        }
    }

    @Scenario
    void refusesNulls() {
        Stub.shape(2, "f");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            Tensor input = vector(arena, 1);
            var e = refuses(NullPointerException.class, model, arena, input, null);
            assertTrue(e.getMessage().contains("arg1_1"), e::toString);
            e = refuses(NullPointerException.class, model, null, input, input);
            assertTrue(e.getMessage().contains("arena"), e::toString);
            e = refuses(NullPointerException.class, model, arena, (Tensor[]) null);
            assertTrue(e.getMessage().contains("inputs"), e::toString);
            e =
                    assertThrows(
                            NullPointerException.class,
                            () -> model.run(arena, (List<Tensor>) null));
            assertTrue(e.getMessage().contains("inputs"), e::toString);
        }
    }

    @Scenario
    void refusesReadOnlyMemory() {
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            MemorySegment memory = vector(arena, 1).segment().asReadOnly();
            refusesInput(model, arena, "read-only", Tensor.wrap(memory, DType.FLOAT32, 1));
        }
    }

    @Scenario
    void refusesTooManyDimensions() {
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            refusesInput(
                    model, arena, "dimensions", Tensor.zeros(arena, DType.FLOAT32, new long[65]));
        }
    }

    @Scenario
    void refusesWhatTheSourceForbids() {
        try (Model model = Model.load(Stub.pathWithSource(SOURCE));
                Arena arena = Arena.ofConfined()) {
            Tensor good = Tensor.of(arena, new float[8], 2, 4);
            refusesInput(model, arena, "float32", Tensor.zeros(arena, DType.FLOAT64, 2, 4));
            refusesInput(model, arena, "dimensions", Tensor.zeros(arena, DType.FLOAT32, 2, 4, 1));
            refusesInput(model, arena, "dimension 0", Tensor.zeros(arena, DType.FLOAT32, 0, 4));
            refusesInput(model, arena, "dimension 0", Tensor.zeros(arena, DType.FLOAT32, 9, 4));
            refusesInput(model, arena, "dimension 1", Tensor.zeros(arena, DType.FLOAT32, 2, 5));
            refusesInput(model, arena, "stride", good.copyWithStrides(arena, 1, 2));
            float[] ones = {1, 1, 1, 1, 1, 1, 1, 1};
            assertArrayEquals(ones, model.run(arena, good).getFirst().toFloatArray());
        }
    }

    @Scenario
    void takesNoChecksFromASourceOfAnotherModel() {
        Stub.shape(2, "f");
        try (Model model = Model.load(Stub.pathWithSource(SOURCE));
                Arena arena = Arena.ofConfined()) {
            Tensor output = model.run(arena, vector(arena, 1), vector(arena, 2)).getFirst();
            assertArrayEquals(new float[] {2}, output.toFloatArray());
        }
    }

    @Scenario
    void refusesToRunAClosedModel() {
        Model model = Stub.load(1);
        model.close();
        try (Arena arena = Arena.ofConfined()) {
            Tensor input = vector(arena, 1);
            var e = refuses(IllegalStateException.class, model, arena, input);
            assertEquals("model model is closed", e.getMessage());
        }
    }
}
