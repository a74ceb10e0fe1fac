package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.aoti4j.libtorch.LibTorch;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;

/**
 * libtorch's default random generator, seeded as {@code torch.manual_seed} does.
 *
 * <p>Not for products: libtorch has no C function for it, so this calls C++ by its mangled names,
 * and cannot take the generator's mutex. No model may run meanwhile.
 */
final class DefaultGenerator {
    private static final String VTABLE = "_ZTVN2at16CPUGeneratorImplE";

    private DefaultGenerator() {}

    static void seed(long seed) throws Throwable {
        try (Arena arena = Arena.ofConfined()) {
            var symbols =
                    SymbolLookup.libraryLookup(
                            LibTorch.load().directory().resolve("libtorch_cpu.so"), arena);
            var linker = Linker.nativeLinker();
            var generator =
                    (MemorySegment)
                            linker.downcallHandle(
                                            symbols.findOrThrow(
                                                    "_ZN2at6detail22getDefaultCPUGeneratorEv"),
                                            FunctionDescriptor.of(ValueLayout.ADDRESS))
                                    .invokeExact();
            // An at::Generator is one pointer to its implementation, whose first word is its table.
            var implementation =
                    generator.reinterpret(8).get(ValueLayout.ADDRESS, 0).reinterpret(8);
            assertEquals(
                    symbols.findOrThrow(VTABLE).address() + 16,
                    implementation.get(ValueLayout.JAVA_LONG, 0),
                    "the default generator is of another class");
            linker.downcallHandle(
                            symbols.findOrThrow("_ZN2at16CPUGeneratorImpl16set_current_seedEm"),
                            FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG))
                    .invokeExact(implementation, seed);
        }
    }
}
