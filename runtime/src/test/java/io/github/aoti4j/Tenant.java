package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.aoti4j.core.InvalidInputException;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;

/** An application with a copy of aoti4j in a class loader of its own, as in a servlet container. */
public final class Tenant implements AutoCloseable {
    private final URLClassLoader loader;

    /** Makes a class loader that has the class path of this process, and shares the JDK alone. */
    public Tenant() {
        URL[] classPath =
                Arrays.stream(System.getProperty("java.class.path").split(":", -1))
                        .map(Tenant::url)
                        .toArray(URL[]::new);
        loader = new URLClassLoader(classPath, ClassLoader.getPlatformClassLoader());
    }

    private static URL url(String entry) {
        try {
            return Path.of(entry).toUri().toURL();
        } catch (MalformedURLException e) {
            throw new IllegalArgumentException(entry, e);
        }
    }

    public ClassLoader loader() {
        return loader;
    }

    /** Does a job on a thread of the container, which has the tenant's loader meanwhile. */
    public void work(Executor container, Job job) throws InterruptedException, ExecutionException {
        var task =
                new FutureTask<>(
                        () -> {
                            Thread thread = Thread.currentThread();
                            ClassLoader before = thread.getContextClassLoader();
                            thread.setContextClassLoader(loader);
                            try {
                                workHere(job);
                            } finally {
                                thread.setContextClassLoader(before);
                            }
                            return null;
                        });
        container.execute(task);
        task.get();
    }

    /** Does a job on this thread, whatever its context class loader. */
    public void workHere(Job job) throws ReflectiveOperationException {
        enter("work", job.name());
    }

    /** Loads a model that stays open. */
    public void keep(Kept kept) throws ReflectiveOperationException {
        enter("keep", kept.name());
    }

    /** Runs the model that was kept; returns what came of it. */
    public Object useKept() {
        return outcome("use");
    }

    /** Closes the model that was kept; returns what came of it. */
    public Object closeKept() {
        return outcome("close");
    }

    private Object outcome(String method) {
        try {
            return enter(method);
        } catch (ReflectiveOperationException e) {
            return e.getCause();
        }
    }

    private Object enter(String method, String... arguments) throws ReflectiveOperationException {
        Class<?>[] types = new Class<?>[arguments.length];
        Arrays.fill(types, String.class);
        return Class.forName(Desk.class.getName(), true, loader)
                .getMethod(method, types)
                .invoke(null, (Object[]) arguments);
    }

    @Override
    public void close() throws IOException {
        loader.close();
    }

    /** A model that a tenant may keep open. */
    public enum Kept {
        PLAIN("mlp", "batch1"),
        NATIVE_OPERATORS("proxy_fft", "3x16"),
        JAVA_OPERATORS("custom_scale_add", "rows2");

        private final String fixture;
        private final String caseName;

        /** Those that the engine can run. */
        public static List<Kept> all() {
            return EngineUnderTest.isBuiltIn() ? List.of(PLAIN) : List.of(values());
        }

        Kept(String fixture, String caseName) {
            this.fixture = fixture;
            this.caseName = caseName;
        }
    }

    /** What a tenant may do. */
    public enum Job {
        OPEN {
            @Override
            void work() {
                ModelPackage.open(Fixture.of("mlp").path()).close();
            }
        },
        RUN {
            @Override
            void work() {
                runAsPyTorchDoes(Fixture.of("mlp").path(), Fixture.of("mlp"), "batch1");
                try (Model model = Fixture.of("add_one").load();
                        Runner runner = model.newRunner()) {
                    runner.run();
                }
            }
        },
        WEIGHTS {
            @Override
            void work() {
                Fixture fixture = Fixture.of("weights_mlp");
                runAsPyTorchDoes(fixture.folder().resolve("blob.pt2"), fixture, "batch3");
            }
        },
        NATIVE_OPERATORS {
            @Override
            void work() {
                Fixture fixture = Fixture.of("proxy_fft");
                runAsPyTorchDoes(fixture.path(), fixture, "3x16");
            }
        },
        JAVA_OPERATORS {
            @Override
            void work() {
                Fixture fixture = Fixture.of("custom_scale_add");
                try (OperatorLibrary _ = DemoOperators.open()) {
                    runAsPyTorchDoes(fixture.path(), fixture, "rows2");
                }
            }
        },
        FAIL {
            @Override
            void work() {
                try (Model model = Fixture.of("mlp").load();
                        Arena arena = Arena.ofConfined()) {
                    Tensor wrong = Tensor.of(arena, new float[1], 1);
                    assertThrows(InvalidInputException.class, () -> model.run(arena, wrong));
                }
            }
        };

        abstract void work();

        /** Those that the engine can do. */
        public static List<Job> all() {
            return EngineUnderTest.isBuiltIn()
                    ? List.of(OPEN, RUN, WEIGHTS, FAIL)
                    : List.of(values());
        }

        private static void runAsPyTorchDoes(Path path, Fixture fixture, String caseName) {
            try (Model model = Model.load(path);
                    Arena arena = Arena.ofConfined()) {
                Golden.assertMatches(
                        fixture.outputs(caseName, arena),
                        model.run(arena, fixture.inputs(caseName, model, arena)));
            }
        }
    }

    /** Where the tenant's own classes are entered. */
    public static final class Desk {
        private static OperatorLibrary operators;
        private static Model model;
        private static Arena arena;
        private static List<Tensor> inputs;

        private Desk() {}

        public static void keep(String name) {
            // The classes that each run needs.
            Job.RUN.work();
            Kept kept = Kept.valueOf(name);
            operators = kept == Kept.JAVA_OPERATORS ? DemoOperators.open() : null;
            Fixture fixture = Fixture.of(kept.fixture);
            model = fixture.load();
            arena = Arena.ofShared();
            inputs = fixture.inputs(kept.caseName, model, arena);
        }

        public static String use() {
            return "outputs: " + model.run(arena, inputs).size();
        }

        public static String close() {
            arena.close();
            model.close();
            if (operators != null) {
                operators.close();
            }
            return "done";
        }

        public static void work(String job) {
            Job.valueOf(job).work();
        }
    }
}
