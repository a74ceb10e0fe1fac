package io.github.aoti4j.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.testing.Checkout;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.lang.reflect.Method;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** jextract skips what it cannot express, with no more than a warning: here that would show. */
class GeneratedNamesTest {

    @ParameterizedTest
    @CsvSource({
        "aoti_torch.h, torch.AotiTorch, 170",
        "aoti_torch_cuda.h, torch_cuda.AotiTorchCuda, 14",
        "libc.h, libc.Libc, 15"
    })
    void everyFunctionIsBound(String header, String className, int atLeast) throws Exception {
        var functions = declared(header).functions().keySet();

        assertTrue(functions.size() >= atLeast, functions::toString);
        assertEquals(Set.of(), missing(functions, className));
    }

    @ParameterizedTest
    @CsvSource({
        "aoti_model.h, model, 38",
        "cuda_driver.h, cuda_driver, 7",
        "cuda_runtime.h, cuda, 39"
    })
    void everyFunctionOfALibraryWithoutAFixedNameHasAPointerType(
            String header, String subpackage, int atLeast) throws Exception {
        var functions = declared(header).functions().keySet();

        assertTrue(functions.size() >= atLeast, functions::toString);
        for (var function : functions) {
            assertEquals(Set.of(), missing(Set.of("invoke"), subpackage + "." + function + "_fn"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "aoti_model.h, model.AotiModel, 5",
        "cuda_runtime.h, cuda.CudaRuntime, 9",
        "libc.h, libc.Libc, 14"
    })
    void everyConstantIsBound(String header, String className, int atLeast) throws Exception {
        var constants = declared(header).constants().keySet();

        assertTrue(constants.size() >= atLeast, constants::toString);
        assertEquals(Set.of(), missing(constants, className));
    }

    @ParameterizedTest
    @CsvSource({"cuda_driver.h, cuda_driver.CudaDriver, 4", "cuda_runtime.h, cuda.CudaRuntime, 20"})
    void everyEnumeratorIsBound(String header, String className, int atLeast) throws Exception {
        var enumerators = declared(header).enumerators();

        assertTrue(enumerators.size() >= atLeast, enumerators::toString);
        assertEquals(Set.of(), missing(enumerators, className));
    }

    private static CHeader declared(String header) throws IOException {
        return CHeader.read(Checkout.headers().resolve(header));
    }

    /** Those names that are neither methods nor, as variadic functions are, nested classes. */
    private static Set<String> missing(Collection<String> names, String className)
            throws ClassNotFoundException {
        // Not initialized: libtorch need not be there.
        var generated =
                Class.forName(
                        "io.github.aoti4j.bindings.generated." + className,
                        false,
                        GeneratedNamesTest.class.getClassLoader());
        var methods = Stream.of(generated.getMethods()).map(Method::getName);
        var nested = Stream.of(generated.getClasses()).map(Class::getSimpleName);
        var bound = Stream.concat(methods, nested).collect(Collectors.toSet());
        var missing = new TreeSet<>(names);
        missing.removeAll(bound);
        return missing;
    }
}
