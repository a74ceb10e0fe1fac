package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.util.List;

/** What packages say of their outputs, compared with what PyTorch returned. */
class OutputInfoTest {
    private static List<OutputInfo> outputs(Fixture fixture) {
        try (ModelPackage opened = ModelPackage.open(fixture.path())) {
            return opened.describe(opened.models().getFirst()).outputInfos();
        }
    }

    @Test
    void whatIsSaidIsTrue() {
        int dtypes = 0;
        int shapes = 0;
        int all = 0;
        for (Fixture fixture : Fixture.all()) {
            List<OutputInfo> infos = outputs(fixture);
            for (String name : infos.isEmpty() ? List.<String>of() : fixture.cases()) {
                try (Arena arena = Arena.ofConfined()) {
                    List<Tensor> expected = fixture.outputs(name, arena);
                    for (int i = 0; i < expected.size(); i++) {
                        OutputInfo info = infos.get(i);
                        Tensor tensor = expected.get(i);
                        String what = fixture + " " + name + " " + info + " " + tensor;
                        all++;
                        dtypes += info.dtype().isPresent() ? 1 : 0;
                        shapes += info.dimensions().isPresent() ? 1 : 0;
                        info.dtype().ifPresent(d -> assertEquals(tensor.dtype(), d, what));
                        info.dimensions().ifPresent(d -> assertFits(what, d, tensor));
                    }
                }
            }
        }
        assertTrue(dtypes > all / 2, dtypes + " dtypes known of " + all);
        assertTrue(shapes > all / 2, shapes + " shapes known of " + all);
    }

    private static void assertFits(String what, List<Dimension> dimensions, Tensor tensor) {
        assertEquals(tensor.rank(), dimensions.size(), what);
        for (int d = 0; d < tensor.rank(); d++) {
            if (dimensions.get(d).isFixed()) {
                assertEquals(dimensions.get(d).min(), tensor.size(d), what);
            }
        }
    }

    @Test
    void sizesThatVaryHaveTheNamesOfTheInputs() {
        Fixture mlp = Fixture.of("mlp");
        assertEquals("output0: float32 [s31, 1]", outputs(mlp).getFirst().toString());
        try (ModelPackage opened = ModelPackage.open(mlp.path())) {
            InputInfo input = opened.describe("model").inputs().getFirst();
            assertEquals(
                    List.of(new Dimension("s31", 1, 1024), new Dimension("", 10, 10)),
                    input.dimensions().orElseThrow());
        }
        assertEquals("int64", outputs(Fixture.of("multi_output")).get(4).dtype().get().torchName());
    }
}
