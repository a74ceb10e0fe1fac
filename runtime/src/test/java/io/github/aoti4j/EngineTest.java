package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.Engine;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.Requirement;
import io.github.aoti4j.testing.ChildJvm;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Which engine a model runs on, and both in one process. */
@NeedsLibTorch
class EngineTest {
    private static final Fixture MLP = Fixture.of("mlp");
    private static final Path FFT = Fixture.of("proxy_fft").path();

    private static ModelOptions on(Engine engine) {
        return ModelOptions.defaults().engine(engine);
    }

    @Test
    void bothRunInOneProcess() {
        try (Model one = Model.load(MLP.path(), on(Engine.LIBTORCH));
                Model two = Model.load(MLP.path(), on(Engine.BUILT_IN));
                Arena arena = Arena.ofConfined()) {
            assertEquals(Engine.LIBTORCH, one.engine());
            assertEquals(Engine.BUILT_IN, two.engine());
            for (String name : MLP.cases()) {
                for (Model model : List.of(one, two, one)) {
                    Golden.assertMatches(
                            MLP.outputs(name, arena),
                            model.run(arena, MLP.inputs(name, model, arena)));
                }
            }
        }
    }

    @Test
    void anOutputOfOneIsAnInputOfTheOther() {
        Path path = Fixture.of("add_one").path();
        try (Model one = Model.load(path, on(Engine.LIBTORCH));
                Model two = Model.load(path, on(Engine.BUILT_IN));
                Arena arena = Arena.ofConfined()) {
            Tensor sum = Tensor.of(arena, new float[80], 8, 10);
            for (Model model : List.of(one, two, two, one)) {
                sum = model.run(arena, sum).getFirst();
            }
            float[] four = new float[80];
            Arrays.fill(four, 4);
            assertArrayEquals(four, sum.toFloatArray());
        }
    }

    @Test
    void whatNeedsLibTorchSaysFor() {
        var e =
                assertThrows(
                        IncompatibleModelException.class,
                        () -> Model.load(FFT, on(Engine.BUILT_IN)));
        assertTrue(e.getMessage().contains("needs libtorch for: "), e.getMessage());
        assertTrue(e.getMessage().contains("aoti_torch_cpu__fft_c2c"), e.getMessage());
        try (ModelPackage opened = ModelPackage.open(FFT)) {
            assertFalse(engine(opened, Engine.BUILT_IN).met());
            assertTrue(engine(opened, Engine.AUTO).met());
            String detail = engine(opened, Engine.AUTO).detail();
            assertTrue(detail.startsWith("needs libtorch for: aoti_torch_cpu__fft"), detail);
        }
    }

    private static Requirement engine(ModelPackage opened, Engine engine) {
        return opened.requirements("model", on(engine)).stream()
                .filter(requirement -> requirement.name().equals("engine"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void autoTakesTheBuiltInOneUntilLibTorchIsLoaded() throws Exception {
        var ending = ChildJvm.run(new ChildJvm(Auto.class).options("-Daoti.engine=auto").with());
        assertEquals(0, ending.exitCode(), ending.output());
    }

    /** A process that has loaded no libtorch yet, and has one on its class path. */
    static final class Auto {
        private Auto() {}

        public static void main(String[] args) throws IOException {
            for (Fixture fixture : List.of(MLP, Fixture.of("channels_last"))) {
                try (Model model = fixture.load()) {
                    assertEquals(Engine.BUILT_IN, model.engine());
                }
            }
            assertFalse(maps().contains("libtorch_cpu"), "libtorch has been loaded");
            try (Model model = Model.load(FFT)) {
                assertEquals(Engine.LIBTORCH, model.engine());
            }
            assertTrue(maps().contains("libtorch_cpu"));
            try (Model model = MLP.load()) {
                assertEquals(Engine.LIBTORCH, model.engine());
            }
        }

        private static String maps() throws IOException {
            return Files.readString(Path.of("/proc/self/maps"));
        }
    }

    @Test
    void aPropertyThatNamesNoneIsRefused() throws Exception {
        var ending = ChildJvm.run(new ChildJvm(Auto.class).options("-Daoti.engine=fast").with());
        assertEquals(1, ending.exitCode());
        String message =
                "-Daoti.engine: an engine is auto, libtorch or built-in, but this is \"fast\"";
        assertTrue(ending.output().contains(message), ending.output());
        assertThrows(IllegalArgumentException.class, () -> Engine.of("BUILT_IN"));
    }
}
