package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.Progress;
import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.libtorch.LibTorchOptions;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.weights.Paging;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import java.lang.foreign.Arena;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Null for each parameter of each public method: a {@link NullPointerException} that is meant, not
 * one that some dereference happens to throw further in, or nothing where null is an answer.
 */
@NeedsLibTorch
class NullsTest {
    private static final Path PACKAGE = Fixture.of("call_structures").path();

    /** Where null stands for None, or is what the parameter's documentation allows. */
    private static final Set<String> ALLOWED =
            Set.of("Arguments.with(String, Object) 1", "LibTorchOptions.withDirectory(Path) 0");

    /** What the call at hand is made on and with, closed after it. */
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    private final Map<Class<?>, Object> values = new HashMap<>();

    @TestFactory
    List<DynamicTest> nullIsRefused() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Class<?> type :
                List.of(
                        Arguments.class,
                        CallSpec.class,
                        Constants.class,
                        GuardedModel.class,
                        Model.class,
                        ModelCache.class,
                        ModelDescription.class,
                        ModelOptions.class,
                        ModelPackage.class,
                        OperatorLibrary.class,
                        Runner.class,
                        Tensor.class,
                        LibTorch.class,
                        LibTorchOptions.class)) {
            for (Method method : type.getDeclaredMethods()) {
                if (Modifier.isPublic(method.getModifiers())
                        && !method.isBridge()
                        // There is no stream without a GPU.
                        && !List.of(method.getParameterTypes()).contains(CudaStream.class)) {
                    addAll(method, tests);
                }
            }
        }
        return tests;
    }

    private void addAll(Method method, List<DynamicTest> tests) {
        for (int i = 0; i < method.getParameterCount(); i++) {
            String name = name(method) + " " + i;
            boolean comparison = method.getName().equals("equals");
            if (!method.getParameterTypes()[i].isPrimitive() && !comparison) {
                int index = i;
                tests.add(dynamicTest(name, () -> pass(method, index, name)));
            }
        }
    }

    private static String name(Method method) {
        List<String> types = new ArrayList<>();
        for (Class<?> type : method.getParameterTypes()) {
            types.add(type.getSimpleName());
        }
        return "%s.%s(%s)"
                .formatted(
                        method.getDeclaringClass().getSimpleName(),
                        method.getName(),
                        String.join(", ", types));
    }

    private void pass(Method method, int index, String name) throws Exception {
        try {
            Object target =
                    Modifier.isStatic(method.getModifiers())
                            ? null
                            : value(method.getDeclaringClass());
            Object[] arguments = new Object[method.getParameterCount()];
            for (int i = 0; i < arguments.length; i++) {
                arguments[i] = i == index ? null : value(method.getParameterTypes()[i]);
            }
            if (ALLOWED.contains(name)) {
                assertNotNull(method.invoke(target, arguments));
                return;
            }
            var thrown =
                    assertThrows(
                            InvocationTargetException.class,
                            () -> method.invoke(target, arguments));
            var e = assertInstanceOf(NullPointerException.class, thrown.getCause());
            assertNotNull(e.getMessage(), () -> Arrays.toString(e.getStackTrace()));
            // What the JVM says of a dereference.
            assertFalse(e.getMessage().startsWith("Cannot "), () -> trace(e));
            assertTrue(e.getMessage().length() < 40, e::toString);
        } finally {
            closeAll();
        }
    }

    private static String trace(Throwable e) {
        return e + "\n" + Arrays.toString(e.getStackTrace());
    }

    @AfterEach
    void closeAll() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
        values.clear();
    }

    private Object value(Class<?> type) {
        Object value = values.get(type);
        if (value == null) {
            value = make(type);
            values.put(type, value);
            if (value instanceof AutoCloseable closeable) {
                opened.push(closeable);
            }
        }
        return value;
    }

    /** Something that would do. */
    private Object make(Class<?> type) {
        return switch (type.getSimpleName()) {
            case "boolean" -> true;
            case "int" -> 0;
            case "long" -> 1L;
            case "String" -> "model";
            case "Path" -> PACKAGE;
            case "Path[]" -> new Path[] {PACKAGE};
            case "List" -> List.of();
            case "Map" -> Map.of();
            case "Collection" -> List.of();
            case "Record" -> new Pair(null, null);
            case "Class" -> Map.class;
            case "Object" -> "value";
            case "Object[]" -> new Object[0];
            case "Duration" -> Duration.ofDays(1);
            case "Arena" -> Arena.ofConfined();
            case "MemorySegment" -> ((Arena) value(Arena.class)).allocate(64);
            case "DType" -> DType.FLOAT32;
            case "Device" -> Device.CPU;
            case "Paging" -> Paging.LAZY;
            case "Progress" -> Progress.NONE;
            case "long[]" -> new long[] {1};
            case "float[]" -> new float[1];
            case "float[][]" -> new float[1][1];
            case "long[][]" -> new long[1][1];
            case "Buffer" -> FloatBuffer.allocate(1);
            case "double[]" -> new double[1];
            case "int[]" -> new int[1];
            case "short[]" -> new short[1];
            case "byte[]" -> new byte[1];
            case "boolean[]" -> new boolean[1];
            case "Tensor" -> Tensor.zeros((Arena) value(Arena.class), DType.FLOAT32, 1);
            case "Tensor[]" -> new Tensor[] {(Tensor) value(Tensor.class)};
            case "OperatorFunction" -> (OperatorFunction) _ -> null;
            case "Arguments" -> Arguments.of();
            case "Model" -> Model.load(PACKAGE);
            case "ModelPackage" -> ModelPackage.open(PACKAGE);
            case "ModelDescription" -> model(ModelPackage.class).describe("model");
            case "ModelOptions" -> ModelOptions.defaults();
            case "ModelCache" -> ModelCache.ofProcess();
            case "GuardedModel" -> GuardedModel.load(PACKAGE);
            case "Runner" -> model(Model.class).newRunner();
            case "Constants" -> model(Model.class).constants();
            case "CallSpec" -> model(Model.class).callSpec();
            case "OperatorLibrary" -> OperatorLibrary.create();
            case "LibTorch" -> LibTorch.load();
            case "LibTorchOptions" -> LibTorchOptions.DEFAULT;
            default -> throw new AssertionError("no value of " + type);
        };
    }

    private <T> T model(Class<T> type) {
        return type.cast(value(type));
    }

    /** Keyword arguments. */
    record Pair(Tensor a, Tensor b) {}
}
