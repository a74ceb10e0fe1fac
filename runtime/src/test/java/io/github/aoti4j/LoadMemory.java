package io.github.aoti4j;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;

/**
 * Loads and closes a model many times and prints what the process's private memory consists of: the
 * figures of {@code docs/observability.md}. Arguments: a package, and how many loads.
 */
final class LoadMemory {
    private static final int LINES = 5;
    private static final int MIB = 20;

    private LoadMemory() {}

    public static void main(String[] args) throws InterruptedException {
        Path model = Path.of(args[0]);
        int loads = Integer.parseInt(args[1]);
        System.out.println("loads, MiB: private (RssAnon), heap committed, heap in use, malloc");
        for (int i = 0; i <= loads; i++) {
            if (i % Math.max(1, loads / LINES) == 0) {
                print(i + "", Vitals.now());
            }
            Model.load(model).close();
        }
        print("after a collection", Vitals.settled());
    }

    private static void print(String when, Vitals vitals) {
        var heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        System.out.printf(
                "%s: %d, %d, %d, %d%n",
                when,
                vitals.anonymousBytes() >> MIB,
                heap.getCommitted() >> MIB,
                heap.getUsed() >> MIB,
                vitals.nativeBytes() >> MIB);
    }
}
