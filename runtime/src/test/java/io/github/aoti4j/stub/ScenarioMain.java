package io.github.aoti4j.stub;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Runs the scenarios that its arguments name, in a process of their own, until one fails: what it
 * leaves behind must not disturb the next. Prints a line for each: {@code passed NAME}, or {@code
 * failed NAME} with the stack trace, its line breaks escaped.
 */
final class ScenarioMain {
    static final String PASSED = "passed ";
    static final String FAILED = "failed ";

    /** No scenario comes near it: it is for those that hang. */
    private static final int SECONDS = 60;

    private ScenarioMain() {}

    public static void main(String[] names) {
        var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        var watchdog = Executors.newScheduledThreadPool(1, Thread.ofPlatform().daemon().factory());
        for (String name : names) {
            var alarm = watchdog.schedule(() -> giveUp(name), SECONDS, TimeUnit.SECONDS);
            try {
                run(name);
                out.println(PASSED + name);
            } catch (Throwable e) {
                var trace = new StringWriter();
                e.printStackTrace(new PrintWriter(trace));
                out.println(FAILED + name + " " + trace.toString().replace("\n", "\\n"));
                return;
            } finally {
                alarm.cancel(false);
            }
        }
    }

    private static void run(String name) throws Throwable {
        Stub.reset();
        Map<String, Long> before = Stub.alive();
        Scenarios.run(name);
        Stub.requireSound(before);
    }

    private static void giveUp(String name) {
        System.out.println(name + " takes more than " + SECONDS + " seconds; its threads are in");
        Thread.getAllStackTraces()
                .forEach(
                        (thread, frames) -> {
                            System.out.println(thread);
                            for (var frame : frames) {
                                System.out.println("    " + frame);
                            }
                        });
        Runtime.getRuntime().halt(3);
    }
}
