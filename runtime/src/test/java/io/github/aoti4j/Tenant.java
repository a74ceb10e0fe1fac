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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;

/** An application with a copy of aoti4j in a class loader of its own, as in a servlet container. */
final class Tenant implements AutoCloseable {
    private final URLClassLoader loader;

    Tenant() {
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

    ClassLoader loader() {
        return loader;
    }

    /** Does a job on a thread of the container, which has the tenant's loader meanwhile. */
    void work(Executor container, Job job) throws InterruptedException, ExecutionException {
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
    void workHere(Job job) throws ReflectiveOperationException {
        Class.forName(Desk.class.getName(), true, loader)
                .getMethod("work", String.class)
                .invoke(null, job.name());
    }

    @Override
    public void close() throws IOException {
        loader.close();
    }

    /** What a tenant may do. */
    enum Job {
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
        private Desk() {}

        public static void work(String job) {
            Job.valueOf(job).work();
        }
    }
}
