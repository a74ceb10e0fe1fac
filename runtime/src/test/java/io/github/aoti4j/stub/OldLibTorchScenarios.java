package io.github.aoti4j.stub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.libtorch.LibTorch;

import java.lang.foreign.Arena;

/** A libtorch that says only that something failed: before 2.13. */
final class OldLibTorchScenarios {
    @Scenario
    void saysWhereTheMessageIs() {
        assertEquals("2.10.0", LibTorch.load().version());
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            Tensor input = Tensor.of(arena, new float[] {1}, 1);
            Stub.fail("aoti_torch_create_tensor_from_blob");
            var e = assertThrows(NativeException.class, () -> model.run(arena, input));
            assertEquals("aoti_torch_create_tensor_from_blob", e.function());
            assertTrue(e.nativeMessage().contains("-Daoti.native.output=true"), e::toString);
            Stub.work();
            assertEquals(2, model.run(arena, input).getFirst().toFloatArray()[0]);
        }
    }

    @Scenario
    void givesTheMessageOfANewerModel() {
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            Tensor input = Tensor.of(arena, new float[] {1}, 1);
            Stub.fail(Stub.RUN_SINGLE_THREADED);
            var e = assertThrows(NativeException.class, () -> model.run(arena, input));
            assertEquals("told to fail on 1", e.nativeMessage());
        }
    }
}
