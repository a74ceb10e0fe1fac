package io.github.aoti4j.cli;

import io.github.aoti4j.core.Progress;

import java.io.Console;
import java.io.PrintWriter;

/** Progress on standard error: a bar on a terminal, elsewhere one line at the beginning. */
final class TerminalProgress implements Progress {
    private static final int WIDTH = 30;

    private final PrintWriter err;
    private final boolean terminal = isTerminal();

    TerminalProgress(PrintWriter err) {
        this.err = err;
    }

    /** In a runtime image without the module that implements terminals there is no console. */
    @SuppressWarnings("SystemConsoleNull")
    private static boolean isTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    @Override
    public void update(String message, long done, long total) {
        if (!terminal) {
            if (done == 0) {
                err.println("aoti: " + message);
            }
            return;
        }
        if (done >= total) {
            err.print("\r\u001b[K");
        } else {
            int filled = (int) (WIDTH * done / total);
            err.printf(
                    "\r%s [%s%s] %3d%%",
                    message, "#".repeat(filled), ".".repeat(WIDTH - filled), 100 * done / total);
        }
        err.flush();
    }
}
