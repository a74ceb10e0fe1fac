package io.github.aoti4j.stub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Loading and closing models. */
final class LoadScenarios {
    private static final String CREATE = "AOTInductorModelContainerCreateWithDevice";
    private static final String DELETE = "AOTInductorModelContainerDelete";

    private static float addedTo(float value, Model model) {
        try (Arena arena = Arena.ofConfined()) {
            Tensor input = Tensor.of(arena, new float[] {value}, 1);
            return model.run(arena, input).getFirst().toFloatArray()[0];
        }
    }

    @Scenario
    void freesEverythingAfterGoodRuns() {
        try (Model model = Stub.load(1);
                Arena arena = Arena.ofConfined()) {
            for (int i = 0; i < 3; i++) {
                Tensor input = Tensor.of(arena, new float[] {i, 2}, 2);
                Tensor output = model.run(arena, input).getFirst();
                assertArrayEquals(new float[] {i + 1, 3}, output.toFloatArray());
            }
        }
    }

    @Scenario
    void givesTheModelsMessageIfItCannotBeCreated() {
        Stub.fail(CREATE);
        var e = assertThrows(NativeException.class, () -> Stub.load(1));
        assertEquals(CREATE, e.function());
        assertEquals(Stub.MESSAGE, e.nativeMessage());
    }

    @Scenario
    void freesAContainerThatCannotDescribeItself() {
        for (String function :
                List.of(
                        "AOTInductorModelContainerGetNumInputs",
                        "AOTInductorModelContainerGetInputName",
                        "AOTInductorModelContainerGetNumOutputs",
                        "AOTInductorModelContainerGetOutputName",
                        "AOTInductorModelContainerGetNumConstants",
                        "AOTInductorModelContainerGetConstantName",
                        "AOTInductorModelContainerGetConstantOriginalFQN",
                        "AOTInductorModelContainerGetConstantDtype",
                        "AOTInductorModelContainerGetConstantType",
                        "AOTInductorModelContainerGetConstantDataSize",
                        "AOTInductorModelContainerGetConstantFromFolded",
                        "AOTInductorModelContainerExtractConstantsMapEntries")) {
            long created = Stub.get("containers_created");
            Stub.fail(function);
            var e = assertThrows(NativeException.class, () -> Stub.load(1), function);
            assertEquals(function, e.function());
            assertEquals(Stub.MESSAGE, e.nativeMessage());
            assertEquals(created + 1, Stub.get("containers_created"));
        }
    }

    /** Says that there are no constants, so that each run in flight gets a container of its own. */
    private static final String WITHOUT_CONSTANTS =
            """
            AOTInductorModel::AOTInductorModel()
                : AOTInductorModelBase(1, 1, 0, device_str, cubin_dir, true) {
                inputs_info_[0].name = "arg0_1";
                outputs_info_[0].name = "output0";
            }
            """;

    @Scenario
    void deletesTheContainersThatWereMadeIfAnotherCannotBe() {
        Path path = Stub.pathWithSource(WITHOUT_CONSTANTS);
        Map<String, Long> before = Stub.alive();
        Stub.fail("AOTInductorModelContainerCreateWithDevice", 1, 1);
        assertThrows(
                NativeException.class, () -> Model.load(path, ModelOptions.defaults().runners(3)));
        assertEquals(before, Stub.alive());
    }

    @Scenario
    void deletesTheContainersThatWereMadeIfOneCannotHaveTheConstants() {
        // The model has constants all the same, and no function to share them.
        Path path = Stub.pathWithSource(WITHOUT_CONSTANTS);
        Map<String, Long> before = Stub.alive();
        assertThrows(
                IncompatibleModelException.class,
                () -> Model.load(path, ModelOptions.defaults().runners(3)));
        assertEquals(before, Stub.alive());
    }

    @Scenario
    void namesAllFunctionsThatTheModelLacks() {
        var e =
                assertThrows(
                        IncompatibleModelException.class,
                        () -> Model.load(Stub.path("without_counts")));
        assertTrue(e.getMessage().contains("AOTInductorModelContainerGetNumInputs"), e::toString);
        assertTrue(e.getMessage().contains("AOTInductorModelContainerGetNumOutputs"), e::toString);
    }

    @Scenario
    void namesTheFunctionThatLibTorchLacks() {
        var e =
                assertThrows(
                        IncompatibleModelException.class,
                        () -> Model.load(Stub.path("needs_future")));
        assertTrue(e.getMessage().contains("aoti_torch_cpu_from_the_future"), e::toString);
    }

    @Scenario
    void namesConstantsThatAreNotThere() {
        Stub.set("constant_missing", 1);
        var e = assertThrows(IncompatibleModelException.class, () -> Stub.load(1));
        assertTrue(e.getMessage().contains("linear.weight"), e::toString);
        assertFalse(e.getMessage().contains("folded"), e::toString);
    }

    @Scenario
    void takesTheConstantsOfAnOldModelForGranted() {
        Stub.set("constant_missing", 1);
        try (Model model = Model.load(Stub.path("without_extract"))) {
            assertEquals(2, addedTo(1, model));
        }
    }

    @Scenario
    void letsAModelCheckItsInputsIfThereIsNoSourceToReadTheChecksFrom() {
        try (Model model = Stub.load(1)) {
            assertEquals(2, addedTo(1, model));
            assertEquals(1, Stub.get("checks_asked_for"));
            // A model looks once; others are not to be asked.
            assertEquals(2, addedTo(1, model));
            assertEquals(0, Stub.get("checks_asked_for"));
        }
    }

    @Scenario
    void callsEachModelsOwnFunctions() {
        try (Model one = Stub.load(1);
                Model two = Model.load(Stub.path("adds_two"))) {
            assertEquals(6, addedTo(5, one));
            assertEquals(7, addedTo(5, two));
        }
    }

    @Scenario
    void loadsAModelTwice() {
        long created = Stub.get("containers_created");
        try (Model staying = Stub.load(1)) {
            Stub.load(1).close();
            assertEquals(created + 2, Stub.get("containers_created"));
            assertEquals(2, addedTo(1, staying));
        }
    }

    @Scenario
    void closesOnce() {
        Model model = Stub.load(1);
        assertFalse(model.isClosed());
        model.close();
        long deleted = Stub.get("containers_deleted");
        model.close();
        assertTrue(model.isClosed());
        assertEquals(deleted, Stub.get("containers_deleted"));
    }

    @Scenario
    void reportsAContainerThatCannotBeDeletedOnce() {
        Model model = Stub.load(1);
        Stub.fail(DELETE);
        var e = assertThrows(NativeException.class, model::close);
        assertEquals(DELETE, e.function());
        assertEquals(Stub.MESSAGE, e.nativeMessage());
        model.close();
    }
}
