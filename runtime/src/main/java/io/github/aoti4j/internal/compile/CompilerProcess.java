package io.github.aoti4j.internal.compile;

import io.github.aoti4j.core.AotiException;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a program without a shell, for a limited time. */
final class CompilerProcess {
    /** How many bytes of its output are kept: the first error is the one that matters. */
    static final int KEPT = 8000;

    private CompilerProcess() {}

    record Result(int exit, String output) {}

    /**
     * Runs a program in a folder, also for its temporary files; on timeout or interrupt it is
     * killed.
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
                        "%s took more than %d seconds, and was stopped; -Daoti.compile.timeout=SECONDS allows more"
                                .formatted(command.getFirst(), timeout.toSeconds()));
            }
            reader.join();
            return new Result(process.exitValue(), output.text);
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
        private String text = "";

        Output(InputStream in) {
            this.in = in;
        }

        @Override
        public void run() {
            try (in) {
                byte[] kept = in.readNBytes(KEPT);
                long more = in.transferTo(OutputStream.nullOutputStream());
                // The source is the package's, and messages quote it: no control characters.
                text =
                        new String(kept, StandardCharsets.UTF_8)
                                        .replaceAll("[^\\n\\t -~]", "?")
                                        .strip()
                                + (more > 0 ? "\n…" : "");
            } catch (IOException | UncheckedIOException e) {
                // It was killed.
            }
        }
    }
}
