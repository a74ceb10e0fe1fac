package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.testing.ChildJvm;
import io.github.aoti4j.testing.NeedsLibTorch;

import org.junit.jupiter.api.Test;

import java.io.File;
import java.lang.foreign.Arena;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * The library loaded several times in one JVM, as by applications in one container: libtorch is
 * shared, the operators in Java are each copy's own.
 */
@NeedsLibTorch
class OperatorLoadersTest {
    @Test
    void eachCopyHasItsOwnOperators() throws Exception {
        ChildJvm.Ending ending = ChildJvm.run(Children.of(InItsOwnProcess.class).with());
        assertEquals(0, ending.exitCode(), ending.output());
    }

    /** What one copy does. Loaded once by each class loader, and called by types of the JDK. */
    public static final class Copy implements DoubleUnaryOperator, AutoCloseable {
        private final OperatorLibrary operators = OperatorLibrary.create();

        /** Makes a copy whose operator gives a number. */
        public Copy() {}

        /** Registers the operator, which gives this number. */
        @Override
        public double applyAsDouble(double number) {
            operators.register(
                    DemoOperators.SCALE_ADD,
                    call -> {
                        Tensor y = call.empty(DType.FLOAT32, call.tensor("x").shape());
                        for (long i = 0; i < y.elementCount(); i++) {
                            y.segment()
                                    .setAtIndex(
                                            java.lang.foreign.ValueLayout.JAVA_FLOAT,
                                            i,
                                            (float) number);
                        }
                        return y;
                    });
            return number;
        }

        @Override
        public void close() {
            operators.close();
        }
    }

    /** Loads a model and returns what its operator gives, or the message of its refusal. */
    public static final class Run implements Supplier<String> {
        /** Makes it. */
        public Run() {}

        @Override
        public String get() {
            Fixture fixture = Fixture.of("custom_scale_add");
            try (Model model = fixture.load();
                    Arena arena = Arena.ofConfined()) {
                var outputs = model.run(arena, fixture.inputs("rows2", model, arena));
                return String.valueOf(outputs.getLast().toFloatArray()[0]);
            } catch (IncompatibleModelException e) {
                return e.getMessage();
            }
        }
    }

    /** What the test does. */
    static final class InItsOwnProcess {
        private InItsOwnProcess() {}

        public static void main(String[] arguments) throws Exception {
            ClassLoader first = loader();
            ClassLoader second = loader();
            ClassLoader third = loader();
            AutoCloseable one = copy(first);
            AutoCloseable two = copy(second);
            register(one, 1);
            register(two, 2);
            require("1.0", run(first));
            require("2.0", run(second));
            require("1.0", run(first));
            String refusal = run(third);
            if (!refusal.contains("by another copy of this library, of another class loader")) {
                throw new AssertionError(refusal);
            }
            try {
                register(two, 3);
                throw new AssertionError("registered twice");
            } catch (RuntimeException e) {
                if (!e.getMessage().contains("demo::scale_add exists already")) {
                    throw e;
                }
            }
            // libtorch has the first one's.
            one.close();
            require("2.0", run(second));
            AutoCloseable again = copy(first);
            register(again, 4);
            two.close();
            require("4.0", run(first));
            again.close();
            atOnce(List.of(first, second, third));
        }

        /** All register, run and take back at the same time. */
        private static void atOnce(List<ClassLoader> loaders) throws Exception {
            try (var threads = Executors.newCachedThreadPool()) {
                for (int round = 0; round < 5; round++) {
                    var start = new CountDownLatch(loaders.size());
                    List<Future<?>> all = new ArrayList<>();
                    for (int i = 0; i < loaders.size(); i++) {
                        ClassLoader loader = loaders.get(i);
                        int number = 10 * round + i;
                        Callable<Void> task =
                                () -> {
                                    start.countDown();
                                    start.await();
                                    try (AutoCloseable copy = copy(loader)) {
                                        register(copy, number);
                                        require(number + ".0", run(loader));
                                    }
                                    return null;
                                };
                        all.add(threads.submit(task));
                    }
                    for (Future<?> each : all) {
                        each.get();
                    }
                }
            }
        }

        private static ClassLoader loader() throws Exception {
            List<URL> urls = new ArrayList<>();
            for (String entry :
                    Pattern.compile(File.pathSeparator)
                            .split(System.getProperty("java.class.path"), -1)) {
                URI uri = Path.of(entry).toUri();
                urls.add(uri.toURL());
            }
            return new URLClassLoader(
                    urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
        }

        private static AutoCloseable copy(ClassLoader loader) throws Exception {
            return (AutoCloseable) make(Copy.class, loader);
        }

        private static void register(AutoCloseable copy, double number) {
            double _ = ((DoubleUnaryOperator) copy).applyAsDouble(number);
        }

        private static String run(ClassLoader loader) throws Exception {
            return (String) ((Supplier<?>) make(Run.class, loader)).get();
        }

        private static Object make(Class<?> of, ClassLoader loader) throws Exception {
            return loader.loadClass(of.getName()).getDeclaredConstructor().newInstance();
        }

        private static void require(String expected, String actual) {
            if (!expected.equals(actual)) {
                throw new AotiException(actual + " instead of " + expected);
            }
        }
    }
}
