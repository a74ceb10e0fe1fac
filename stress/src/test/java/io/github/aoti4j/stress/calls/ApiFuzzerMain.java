package io.github.aoti4j.stress.calls;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Makes sequences of calls, one per line of the input, in a process that may crash. Answers with a
 * line: {@code ok} and what was answered and not refused, or {@code failed} and the stack trace,
 * its line breaks escaped; and ends after that, since what is left behind must not disturb the
 * next.
 */
final class ApiFuzzerMain {
    /** Before the answer, since libtorch prints too. */
    static final String ANSWER = "### ";

    static final String OK = "ok ";

    private static final int SECONDS = 60;

    private ApiFuzzerMain() {}

    public static void main(String[] args) throws Exception {
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        var watchdog = Executors.newScheduledThreadPool(1, Thread.ofPlatform().daemon().factory());
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            var alarm = watchdog.schedule(() -> giveUp(out), SECONDS, TimeUnit.SECONDS);
            try {
                List<Action> answered = ApiFuzzer.run(Step.decode(line));
                out.println(
                        ANSWER
                                + OK
                                + String.join(",", answered.stream().map(Action::name).toList()));
            } catch (Throwable e) {
                var trace = new StringWriter();
                e.printStackTrace(new PrintWriter(trace));
                out.println(ANSWER + "failed " + trace.toString().replace("\n", "\\n"));
                Runtime.getRuntime().halt(1);
            } finally {
                alarm.cancel(false);
            }
        }
    }

    private static void giveUp(PrintStream out) {
        var text = new StringBuilder("hangs; its threads are in");
        Thread.getAllStackTraces()
                .forEach(
                        (thread, frames) -> {
                            text.append("\\n").append(thread);
                            for (var frame : frames) {
                                text.append("\\n    ").append(frame);
                            }
                        });
        out.println(ANSWER + "failed " + text);
        Runtime.getRuntime().halt(3);
    }
}
