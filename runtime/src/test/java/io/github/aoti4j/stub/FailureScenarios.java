package io.github.aoti4j.stub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;
import java.util.List;

/** Runs in which native code fails, at every point where it can. */
final class FailureScenarios {
    private static final String CREATE_TENSOR = "aoti_torch_create_tensor_from_blob";
    private static final String DELETE_TENSOR = "aoti_torch_delete_tensor_object";

    private static Tensor vector(Arena arena, float... values) {
        return Tensor.of(arena, values, values.length);
    }

    /**
     * Lets a run of a model with three inputs and two outputs fail, then one succeed, through both
     * entry points.
     */
    private static void failsAndGoesOn(int taken, int written) {
        for (int runners = 1; runners <= 2; runners++) {
            String function = runners == 1 ? Stub.RUN_SINGLE_THREADED : Stub.RUN;
            Stub.shape(3, "ff");
            try (Model model = Stub.load(runners);
                    Arena arena = Arena.ofConfined()) {
                var inputs = List.of(vector(arena, 1), vector(arena, 2, 3), vector(arena, 4));
                Stub.set("taken", taken);
                Stub.set("written", written);
                Stub.fail(function);
                long before = Stub.alive().get("tensors");
                var e = assertThrows(NativeException.class, () -> model.run(arena, inputs));
                assertEquals(function, e.function());
                assertEquals("told to fail on 1", e.nativeMessage());
                assertEquals(before, Stub.alive().get("tensors"));
                Stub.work();
                List<Tensor> outputs = model.run(arena, inputs);
                assertArrayEquals(new float[] {2}, outputs.get(0).toFloatArray());
                assertArrayEquals(new float[] {3, 4}, outputs.get(1).toFloatArray());
            }
        }
    }

    @Scenario
    void deletesInputsThatWereNotTaken() {
        failsAndGoesOn(0, 0);
    }

    @Scenario
    void deletesTheInputsThatAreLeft() {
        failsAndGoesOn(1, 0);
        failsAndGoesOn(2, 0);
    }

    @Scenario
    void deletesNoInputThatWasTaken() {
        failsAndGoesOn(3, 0);
    }

    @Scenario
    void deletesOutputsWrittenBeforeTheFailure() {
        failsAndGoesOn(3, 1);
        failsAndGoesOn(3, 2);
    }

    @Scenario
    void saysWhereTheMessageIsIfTheModelKeepsNone() {
        assertTrue(messageOf("without_last_error").contains("standard error"));
    }

    @Scenario
    void saysThatThereIsNoMessage() {
        Stub.set("message_absent", 1);
        assertEquals("no message", messageOf("model"));
    }

    @Scenario
    void saysThatTheMessageIsEmpty() {
        Stub.setText("message", "");
        assertEquals("no message", messageOf("model"));
    }

    private static String messageOf(String name) {
        try (Model model = Model.load(Stub.path(name));
                Arena arena = Arena.ofConfined()) {
            Stub.fail(Stub.RUN_SINGLE_THREADED);
            Tensor input = vector(arena, 1);
            var e = assertThrows(NativeException.class, () -> model.run(arena, input));
            assertFalse(e.getMessage().isBlank());
            return e.nativeMessage();
        }
    }

    @Scenario
    void survivesAFailureToTellWhy() {
        try (Model model = Stub.load(2);
                Arena arena = Arena.ofConfined()) {
            Tensor input = vector(arena, 1);
            Stub.fail("AOTInductorGetLastError");
            Stub.set("failures", 1000);
            var e = assertThrows(NativeException.class, () -> model.run(arena, input));
            assertEquals(Stub.RUN, e.function());
            assertEquals("no message", e.nativeMessage());
        }
    }

    @Scenario
    void takesTheEntryPointWithoutLocksForOneRunner() {
        assertEquals(1, singleThreadedRuns("model", 1));
        assertEquals(0, singleThreadedRuns("model", 2));
        assertEquals(0, singleThreadedRuns("without_single_threaded", 1));
    }

    private static long singleThreadedRuns(String name, int runners) {
        long before = Stub.get("runs_single_threaded");
        try (Model model = Model.load(Stub.path(name), ModelOptions.defaults().runners(runners));
                Arena arena = Arena.ofConfined()) {
            Tensor output = model.run(arena, vector(arena, 1)).getFirst();
            assertEquals(2, output.toFloatArray()[0]);
        }
        return Stub.get("runs_single_threaded") - before;
    }

    @Scenario
    void doesNotRunIfLibTorchRefusesAnInput() {
        Stub.shape(3, "f");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            var inputs = List.of(vector(arena, 1), vector(arena, 2), vector(arena, 3));
            for (int skip = 0; skip < 3; skip++) {
                long runs = Stub.get("runs");
                Stub.fail(CREATE_TENSOR, skip, 1);
                var e = assertThrows(NativeException.class, () -> model.run(arena, inputs));
                assertEquals(CREATE_TENSOR, e.function());
                assertTrue(e.nativeMessage().contains(Stub.MESSAGE), e::toString);
                assertEquals(runs, Stub.get("runs"));
            }
            assertEquals(2, model.run(arena, inputs).getFirst().toFloatArray()[0]);
        }
    }

    @Scenario
    void deletesOutputsThatCannotBeLookedInto() {
        Stub.shape(1, "ff");
        for (String function :
                List.of(
                        "aoti_torch_is_defined",
                        "aoti_torch_get_device_type",
                        "aoti_torch_get_layout",
                        "aoti_torch_get_dtype",
                        "aoti_torch_get_dim",
                        "aoti_torch_get_sizes",
                        "aoti_torch_get_strides",
                        "aoti_torch_get_data_ptr")) {
            for (int skip = 0; skip < 2; skip++) {
                // A model that has run knows its outputs and asks less.
                try (Model model = Stub.load(1);
                        Arena arena = Arena.ofConfined()) {
                    Tensor input = vector(arena, 1);
                    long before = Stub.alive().get("tensors");
                    Stub.fail(function, skip, 1);
                    var e = assertThrows(NativeException.class, () -> model.run(arena, input));
                    assertEquals(function, e.function());
                    assertEquals(before, Stub.alive().get("tensors"), function);
                }
            }
        }
    }

    @Scenario
    void deletesOutputsOfWhichLessIsAsked() {
        Stub.shape(1, "ff");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            assertEquals(2, model.run(arena, vector(arena, 1)).size());
            long before = Stub.alive().get("tensors");
            for (String function :
                    List.of(
                            "aoti_torch_get_sizes",
                            "aoti_torch_get_strides",
                            "aoti_torch_get_data_ptr")) {
                for (int skip = 0; skip < 2; skip++) {
                    Stub.fail(function, skip, 1);
                    var e =
                            assertThrows(
                                    NativeException.class,
                                    () -> model.run(arena, vector(arena, 1)));
                    assertEquals(function, e.function());
                    assertEquals(before, Stub.alive().get("tensors"), function);
                }
            }
        }
    }

    @Scenario
    void deletesOutputsThatCannotBeResolved() {
        Stub.shape(1, "fjj");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            long before = Stub.alive().get("tensors");
            for (int skip = 0; skip < 2; skip++) {
                Stub.fail("aoti_torch_clone", skip, 1);
                var e =
                        assertThrows(
                                NativeException.class, () -> model.run(arena, vector(arena, 1)));
                assertTrue(e.nativeMessage().contains(Stub.MESSAGE), e::toString);
                assertEquals(before, Stub.alive().get("tensors"));
            }
        }
    }

    @Scenario
    void goesOnAfterAHandleThatCannotBeDeleted() throws Exception {
        Stub.shape(1, "df");
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofShared()) {
            Tensor input = vector(arena, 1);
            Stub.fail(DELETE_TENSOR, 0, 1);
            assertThrows(AotiException.class, () -> model.run(arena, input));
            Stub.setText("outputs", "ff");
            List<Tensor> outputs = Background.start(() -> model.run(arena, input)).get();
            assertEquals(2, outputs.getFirst().toFloatArray()[0]);
        }
    }

    @Scenario
    void deletesTheOtherOutputsIfOneCannotBeDeleted() {
        Stub.shape(1, "fff");
        try (Model model = Stub.load(1)) {
            Arena arena = Arena.ofConfined();
            assertEquals(3, model.run(arena, vector(arena, 1)).size());
            Stub.fail(DELETE_TENSOR, 0, 1);
            var e = assertThrows(NativeException.class, arena::close);
            assertEquals(DELETE_TENSOR, e.function());
        }
    }
}
