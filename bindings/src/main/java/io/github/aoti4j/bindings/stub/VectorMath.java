package io.github.aoti4j.bindings.stub;

import io.github.aoti4j.bindings.os.NativeLibrary;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Functions on vectors. Models call those of SLEEF, which libtorch has; libmvec of the C library
 * has the same functions with the same calling convention. They are accurate to 4 ULP, those of
 * SLEEF to the 1 that their names state.
 *
 * <p>Which libmvec has depends on its version: on x86-64 all since 2.35, before that six. It is
 * opened when it is needed. Thread-safe.
 */
public final class VectorMath implements AutoCloseable {
    // SLEEF's functions as ATen's cpu/vec calls them. libmvec has no lgamma, fmod, nextafter.
    private static final List<String> UNARY =
            List.of(
                    "acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "erf", "exp",
                    "exp2", "expm1", "log", "log10", "log1p", "log2", "sin", "sinh", "tan", "tanh");

    private static final List<String> BINARY = List.of("atan2", "pow");

    private static final Map<String, String> TARGETS =
            targets(System.getProperty("os.arch").equals("aarch64"));

    /** Null until it is needed. */
    private Optional<NativeLibrary> library;

    /** Returns the names of SLEEF's functions that a libmvec may have. */
    public static List<String> symbols() {
        return List.copyOf(TARGETS.keySet());
    }

    /** Returns the function to call in place of one of SLEEF's, if there is one. */
    public synchronized Optional<MemorySegment> find(String symbol) {
        String target = TARGETS.get(symbol);
        if (target == null) {
            return Optional.empty();
        }
        if (library == null) {
            library = NativeLibrary.ofSystem("libmvec.so.1");
        }
        return library.flatMap(mathematics -> mathematics.find(target));
    }

    @Override
    public synchronized void close() {
        if (library != null) {
            library.ifPresent(NativeLibrary::close);
            library = null;
        }
    }

    /** The letter stands for the instruction set: AVX2, AVX-512 or Advanced SIMD. */
    static Map<String, String> targets(boolean aarch64) {
        var targets = new Targets();
        if (aarch64) {
            targets.add("f", 4, 'n');
            targets.add("d", 2, 'n');
        } else {
            targets.add("f", 8, 'd');
            targets.add("d", 4, 'd');
            targets.add("f", 16, 'e');
            targets.add("d", 8, 'e');
        }
        return targets.targets;
    }

    private static final class Targets {
        private final Map<String, String> targets = new HashMap<>();

        void add(String type, int lanes, char instructions) {
            String suffix = type + lanes;
            String prefix = "_ZGV" + instructions + "N" + lanes;
            String end = type.equals("f") ? "f" : "";
            for (String name : UNARY) {
                targets.put("Sleef_" + name + suffix + "_u10", prefix + "v_" + name + end);
            }
            for (String name : BINARY) {
                targets.put("Sleef_" + name + suffix + "_u10", prefix + "vv_" + name + end);
            }
            for (String name : List.of("sin", "cos")) {
                targets.put("Sleef_" + name + suffix + "_u35", prefix + "v_" + name + end);
            }
            targets.put("Sleef_erfc" + suffix + "_u15", prefix + "v_erfc" + end);
            targets.put("Sleef_hypot" + suffix + "_u05", prefix + "vv_hypot" + end);
        }
    }
}
