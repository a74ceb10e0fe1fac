package io.github.aoti4j.stub;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** All scenarios, by the libtorch that they run on. Finding them runs none of their code. */
final class Scenarios {
    private static final List<Class<?>> ON_NEW_LIBTORCH =
            List.of(
                    LoadScenarios.class,
                    FailureScenarios.class,
                    OutputScenarios.class,
                    InputScenarios.class,
                    ArenaScenarios.class,
                    ThreadScenarios.class,
                    RunnerScenarios.class);

    private static final List<Class<?>> ON_OLD_LIBTORCH = List.of(OldLibTorchScenarios.class);

    private static final List<Class<?>> ON_CUDA =
            List.of(
                    CudaTensorScenarios.class,
                    CudaModelScenarios.class,
                    CudaUploadScenarios.class,
                    CudaGraphScenarios.class);

    private static final List<Class<?>> ON_NO_CUDA = List.of(NoCudaScenarios.class);

    private Scenarios() {}

    /** Returns the names of the scenarios for PyTorch 2.13 and later, as {@code Class.method}. */
    static List<String> onNewLibTorch() {
        return methods(ON_NEW_LIBTORCH).map(Scenarios::name).toList();
    }

    /** Returns the names of the scenarios for PyTorch 2.10, as {@code Class.method}. */
    static List<String> onOldLibTorch() {
        return methods(ON_OLD_LIBTORCH).map(Scenarios::name).toList();
    }

    /** Returns the names of the scenarios for two CUDA devices, as {@code Class.method}. */
    static List<String> onCuda() {
        return methods(ON_CUDA).map(Scenarios::name).toList();
    }

    /** Returns the names of the scenarios for a driver without a device. */
    static List<String> onNoCuda() {
        return methods(ON_NO_CUDA).map(Scenarios::name).toList();
    }

    /** Runs a scenario. */
    static void run(String name) throws Throwable {
        Method scenario =
                Stream.of(ON_NEW_LIBTORCH, ON_OLD_LIBTORCH, ON_CUDA, ON_NO_CUDA)
                        .flatMap(Scenarios::methods)
                        .filter(method -> name(method).equals(name))
                        .findFirst()
                        .orElseThrow();
        try {
            scenario.invoke(scenario.getDeclaringClass().getDeclaredConstructor().newInstance());
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static Stream<Method> methods(List<Class<?>> classes) {
        return classes.stream()
                .flatMap(c -> Arrays.stream(c.getDeclaredMethods()))
                .filter(method -> method.isAnnotationPresent(Scenario.class))
                .sorted(Comparator.comparing(Scenarios::name));
    }

    private static String name(Method method) {
        return method.getDeclaringClass().getSimpleName() + "." + method.getName();
    }
}
