package io.github.aoti4j.stub;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Runs the scenarios: what this library does when native code fails, or returns what models seldom
 * return. Native code is a stub that does so on demand and counts what is freed.
 */
@Tag("slow")
class StubTest {
    @TempDir private Path folder;

    @TestFactory
    Stream<DynamicTest> onLibTorchThatKeepsMessages() throws Exception {
        return run(Scenarios.onNewLibTorch());
    }

    @TestFactory
    Stream<DynamicTest> onLibTorchThatKeepsNoMessages() throws Exception {
        return run(Scenarios.onOldLibTorch(), "STUB_TORCH_2_10");
    }

    @TestFactory
    Stream<DynamicTest> onCuda() throws Exception {
        List<String> scenarios = Scenarios.onCuda();
        Optional<StubLibraries> libraries = StubLibraries.withCompiler();
        if (libraries.isEmpty()) {
            return scenarios.stream().map(name -> dynamicTest(name, StubTest::skip));
        }
        libraries.get().build(folder);
        libraries.get().buildCuda(folder);
        return tests(new ScenarioProcess(folder, Map.of("STUB_CUDA_DEVICES", "2")).run(scenarios));
    }

    @TestFactory
    Stream<DynamicTest> onCudaWithoutDevices() throws Exception {
        List<String> scenarios = Scenarios.onNoCuda();
        Optional<StubLibraries> libraries = StubLibraries.withCompiler();
        if (libraries.isEmpty()) {
            return scenarios.stream().map(name -> dynamicTest(name, StubTest::skip));
        }
        libraries.get().build(folder);
        libraries.get().buildCuda(folder);
        return tests(new ScenarioProcess(folder, Map.of("STUB_CUDA_DEVICES", "0")).run(scenarios));
    }

    private Stream<DynamicTest> run(List<String> scenarios, String... torchDefinitions)
            throws Exception {
        Optional<StubLibraries> libraries = StubLibraries.withCompiler();
        if (libraries.isEmpty()) {
            // Aborting the factory itself would show no test and no reason.
            return scenarios.stream().map(name -> dynamicTest(name, StubTest::skip));
        }
        libraries.get().build(folder, torchDefinitions);
        return tests(new ScenarioProcess(folder, Map.of()).run(scenarios));
    }

    private static Stream<DynamicTest> tests(Map<String, String> results) {
        return results.entrySet().stream()
                .map(result -> dynamicTest(result.getKey(), () -> requirePassed(result)));
    }

    private static void skip() {
        abort("no C compiler (gcc, cc or clang) is on the PATH");
    }

    private static void requirePassed(Map.Entry<String, String> result) {
        if (!result.getValue().isEmpty()) {
            fail(result.getKey() + ": " + result.getValue());
        }
    }
}
