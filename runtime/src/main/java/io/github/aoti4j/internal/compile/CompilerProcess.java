package io.github.aoti4j.internal.compile;

import io.github.aoti4j.core.AotiException;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program that is run to its end, or to the end of its time, without a shell. */
final class CompilerProcess {
    /** The beginning of what it prints is kept: the first error is the one that matters. */
    static final int KEPT = 8000;

    private CompilerProcess() {}

    /**
     * How it ended.
     *
     * @param output what it printed on both streams, cut after {@value #KEPT} bytes
     */
    record Result(int exit, String output) {}

    /**
     * Runs a program.
     *
     * @param command the program and its arguments
     * @param folder its working folder, which is also where it puts its temporary files
     * @param timeout how long it may take
     * @throws IOException if it cannot be started
     * @throws AotiException if it took too long, or the thread was interrupted, which keeps its
     *     interrupt flag; the program and its children are killed
     */
    static Result run(List<String> command, Path folder, Duration timeout) throws IOException {
        var builder =
                new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C");
        builder.environment().put("TMPDIR", folder.toString());
        Process process = builder.start();
        var output = new Output(process.getInputStream());
        Thread reader = Thread.ofVirtual().inheritInheritableThreadLocals(false).start(output);
        try {
            process.getOutputStream().close();
            if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AotiException(
                        "%s took more than %d seconds, and was stopped; -Daoti.compile.timeout=SECONDS gives it more"
                                .formatted(command.getFirst(), timeout.toSeconds()));
            }
            reader.join();
            return new Result(process.exitValue(), output.text());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AotiException("interrupted while " + command.getFirst() + " was running", e);
        } finally {
            if (process.isAlive()) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                Process _ = process.destroyForcibly();
            }
        }
    }

    /** Reads to the end, so that the program never waits, and keeps the beginning. */
    private static final class Output implements Runnable {
        private final InputStream in;
        private final byte[] kept = new byte[KEPT];
        private int length;
        private boolean cut;

        Output(InputStream in) {
            this.in = in;
        }

        @Override
        public void run() {
            try (in) {
                byte[] chunk = new byte[8192];
                for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                    int taken = Math.min(n, KEPT - length);
                    System.arraycopy(chunk, 0, kept, length, taken);
                    length += taken;
                    cut |= taken < n;
                }
            } catch (IOException | UncheckedIOException e) {
                // It was killed: there is no more.
            }
        }

        String text() {
            String text = new String(kept, 0, length, StandardCharsets.UTF_8);
            // The source is the package's, and so are the words that a message quotes of it.
            return text.replaceAll("[^\\n\\t -~]", "?").strip() + (cut ? "\n…" : "");
        }
    }
}
