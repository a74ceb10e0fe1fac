package io.github.aoti4j;

/** Uses the library for the first time in a process where a stack ends. */
final class StackEndFirst {
    private int left = 200;

    /** Tries to load, on the way up from the end, until there is enough stack. */
    void run() throws InterruptedException {
        Thread thread = new Thread(null, this::descend, "first", 400 << 10);
        thread.start();
        thread.join();
    }

    @SuppressWarnings("InfiniteRecursion") // the point of it
    private void descend() {
        try {
            descend();
        } catch (StackOverflowError e) {
            // That was the end.
        }
        if (left > 0) {
            left--;
            try (Model _ = StackEnd.Subject.PLAIN.load()) {
                left = 0;
            } catch (StackOverflowError e) {
                // Not here.
            }
        }
    }
}
