package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.Engine;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.testing.OnBothEngines;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.lang.foreign.Arena;
import java.util.stream.Stream;

/** Every committed package gives what PyTorch gives. */
@ExtendWith(DemoOperators.class)
@NeedsLibTorch
@OnBothEngines
class FixturesTest {
    static Stream<Arguments> cases() {
        return Fixture.all().stream()
                .flatMap(fixture -> fixture.cases().stream().map(c -> Arguments.of(fixture, c)));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("cases")
    void givesWhatPyTorchGives(Fixture fixture, String caseName) {
        try (Model model = fixture.load();
                Arena arena = Arena.ofConfined()) {
            var outputs = model.run(arena, fixture.inputs(caseName, model, arena));
            Golden.assertMatches(fixture.outputs(caseName, arena), outputs);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("io.github.aoti4j.Fixture#all")
    void theBuiltInEngineRefusesWhatNeedsLibTorch(Fixture fixture) {
        var options = ModelOptions.defaults().engine(Engine.BUILT_IN);
        if (!EngineUnderTest.NEED_LIBTORCH.contains(fixture.name())) {
            Model.load(fixture.path(), options).close();
            return;
        }
        String message =
                assertThrows(
                                IncompatibleModelException.class,
                                () -> Model.load(fixture.path(), options))
                        .getMessage();
        assertTrue(message.contains("needs libtorch for: aoti_torch_"), message);
    }

    @Test
    void areAllThere() {
        assertTrue(cases().count() >= 20, "fixtures are missing from the checkout");
    }
}
