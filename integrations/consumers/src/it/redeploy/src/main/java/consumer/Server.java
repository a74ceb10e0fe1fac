package consumer;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A server with two applications at a time, each with aoti4j in a class loader of its own, ten
 * times over.
 */
public final class Server {
    private static final int ROUNDS = 10;

    public static void main(String[] args) throws Exception {
        URL[] jars = jars(Path.of(args[0]), Path.of(args[1]));
        List<WeakReference<ClassLoader>> applications = new ArrayList<>();
        deploy(jars, args[2], applications);
        awaitUnloading(applications);
        // What the first ones leave serves the next ones: OpenBLAS, say. The C library unloads a
        // model with the next one.
        Left first = Left.now();
        for (int round = 1; round < ROUNDS; round++) {
            deploy(jars, args[2], applications);
            awaitUnloading(applications);
        }
        Left last = Left.now();
        if (!last.equals(first)) {
            throw new AssertionError(
                    "after the first round: " + first + "\nafter the last: " + last);
        }
        System.out.println(
                applications.size()
                        + " applications have come and gone; left: "
                        + last.mappedFiles().size()
                        + " mapped files, threads "
                        + last.threads());
    }

    private static URL[] jars(Path application, Path folder) throws IOException {
        List<URL> urls = new ArrayList<>(List.of(application.toUri().toURL()));
        try (Stream<Path> files = Files.list(folder)) {
            for (Path jar : files.toList()) {
                urls.add(jar.toUri().toURL());
            }
        }
        return urls.toArray(URL[]::new);
    }

    private static void deploy(
            URL[] jars, String digits, List<WeakReference<ClassLoader>> applications)
            throws Exception {
        ClassLoader platform = ClassLoader.getPlatformClassLoader();
        try (var one = new URLClassLoader(jars, platform);
                var other = new URLClassLoader(jars, platform)) {
            for (URLClassLoader application : List.of(one, other, one)) {
                Throwable[] failure = new Throwable[1];
                // A model's library stays as long as a thread that has run it.
                Thread request = new Thread(() -> failure[0] = failureOf(application, digits));
                request.setContextClassLoader(application);
                request.start();
                request.join();
                if (failure[0] != null) {
                    throw new AssertionError(failure[0]);
                }
            }
            applications.add(new WeakReference<>(one));
            applications.add(new WeakReference<>(other));
        }
    }

    private static Throwable failureOf(ClassLoader application, String digits) {
        try {
            Class<?> main = application.loadClass("consumer.Digits");
            if (main.getClassLoader() != application) {
                throw new AssertionError("loaded by " + main.getClassLoader());
            }
            main.getMethod("main", String[].class).invoke(null, (Object) new String[] {digits});
            return null;
        } catch (ReflectiveOperationException | RuntimeException | Error e) {
            return e;
        }
    }

    private static void awaitUnloading(List<WeakReference<ClassLoader>> applications)
            throws InterruptedException {
        for (int i = 0; i < 200 && left(applications) > 0; i++) {
            System.gc();
            // Time for cleaners, which run after a collection.
            Thread.sleep(20);
        }
        if (left(applications) > 0) {
            throw new AssertionError(left(applications) + " class loaders stay");
        }
    }

    private static long left(List<WeakReference<ClassLoader>> applications) {
        return applications.stream().filter(loader -> loader.get() != null).count();
    }

    /** What a process has: mapped files, and threads by their names, Java's and others. */
    private record Left(Set<String> mappedFiles, Map<String, Integer> threads) {
        static Left now() throws IOException {
            Set<String> mapped =
                    Files.readAllLines(Path.of("/proc/self/maps")).stream()
                            .filter(line -> line.indexOf('/') > 0)
                            .map(line -> line.substring(line.indexOf('/')))
                            .collect(Collectors.toCollection(TreeSet::new));
            Map<String, Integer> threads = new TreeMap<>();
            try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
                for (Path task : tasks.toList()) {
                    String name = Files.readString(task.resolve("comm")).strip();
                    // The JVM's own come and go.
                    if (!name.matches("(C1|C2|GC|G1) .*|C[12] Comp.*")) {
                        threads.merge(name, 1, Integer::sum);
                    }
                }
            }
            return new Left(mapped, threads);
        }
    }
}
