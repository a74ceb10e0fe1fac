package io.github.aoti4j.micrometer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.Engine;
import io.github.aoti4j.testing.Checkout;
import io.github.aoti4j.testing.ChildJvm;
import io.micrometer.core.instrument.MeterRegistry;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Predicate;

/** A registry that outlives an application does not keep its classes. */
class ClassLoaderLeakTest {
    private static final Path ADD_ONE = Checkout.fixtures().resolve("add_one/add_one.pt2");

    @Test
    void aRegistryKeepsNoClassesOfAnApplication() throws Exception {
        // The JDK refers to classes softly, until memory is short.
        String noSoftReferences = "-XX:SoftRefLRUPolicyMSPerMB=0";
        var child = new ChildJvm(Server.class).options("-Xmx256m", noSoftReferences);
        var ending = ChildJvm.run(child.with());
        assertEquals(0, ending.exitCode(), ending.output());
    }

    /** Has the registry; the application has aoti4j. */
    static final class Server {
        private Server() {}

        public static void main(String[] args) throws Exception {
            try (var shared = loader(Server::isShared, ClassLoader.getPlatformClassLoader())) {
                Object registry =
                        shared.loadClass("io.micrometer.core.instrument.simple.SimpleMeterRegistry")
                                .getConstructor()
                                .newInstance();
                WeakReference<ClassLoader> application = serve(registry, shared);
                for (int i = 0; i < 100 && application.get() != null; i++) {
                    System.gc();
                    // Time for cleaners, which run after a collection.
                    Thread.sleep(20);
                }
                if (application.get() != null) {
                    throw new AssertionError("the class loader stays, for " + registry);
                }
            }
        }

        private static WeakReference<ClassLoader> serve(Object registry, ClassLoader shared)
                throws Exception {
            Predicate<String> own = path -> !isShared(path);
            try (var application = loader(own, shared)) {
                application
                        .loadClass(Application.class.getName())
                        .getMethod("work", shared.loadClass(MeterRegistry.class.getName()))
                        .invoke(null, registry);
                return new WeakReference<>(application);
            }
        }

        private static boolean isShared(String path) {
            return path.contains("/io/micrometer/") || path.contains("/org/hdrhistogram/");
        }

        private static URLClassLoader loader(Predicate<String> choice, ClassLoader parent) {
            URL[] urls =
                    Arrays.stream(System.getProperty("java.class.path").split(":", -1))
                            .filter(choice)
                            .map(Server::url)
                            .toArray(URL[]::new);
            return new URLClassLoader(urls, parent);
        }

        private static URL url(String path) {
            try {
                return Path.of(path).toUri().toURL();
            } catch (java.net.MalformedURLException e) {
                throw new IllegalArgumentException(path, e);
            }
        }
    }

    /** Counts a run. */
    public static final class Application {
        private Application() {}

        public static void work(MeterRegistry registry) {
            try (var metrics = new ModelMetrics("m");
                    Model model =
                            Model.load(
                                    ADD_ONE,
                                    ModelOptions.defaults()
                                            .engine(Engine.BUILT_IN)
                                            .listener(metrics));
                    Arena arena = Arena.ofConfined()) {
                metrics.bindTo(registry);
                model.run(arena, Tensor.of(arena, new float[80], 8, 10));
                long runs =
                        registry.get("aoti4j.model.run").tags("outcome", "success").timer().count();
                if (runs != 1) {
                    throw new AssertionError("runs: " + runs);
                }
            }
        }
    }
}
