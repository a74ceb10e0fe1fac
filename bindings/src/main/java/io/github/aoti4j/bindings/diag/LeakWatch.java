package io.github.aoti4j.bindings.diag;

import io.github.aoti4j.bindings.os.Threads;

import java.lang.ref.Cleaner;

/**
 * Reports owners of native memory that were forgotten: one that becomes garbage without having been
 * closed is named in a warning. Its memory is not freed, since it may be in use.
 *
 * <p>{@code -Daoti.leaks=trace} adds where the owner was made, which costs a stack trace for each
 * one; {@code -Daoti.leaks=off} does nothing at all.
 *
 * <p>Thread-safe.
 */
public final class LeakWatch {
    private static final String MODE = System.getProperty("aoti.leaks", "");
    private static final boolean OFF = MODE.equals("off");
    private static final boolean TRACE = MODE.equals("trace");

    private static final LeakWatch NONE = new LeakWatch(null, null);

    private static final Cleaner CLEANER =
            OFF ? null : Cleaner.create(Threads.daemon("aoti4j leak reports").factory());

    private final String what;
    private final Throwable made;
    private Cleaner.Cleanable registration;
    private volatile boolean closed;

    private LeakWatch(String what, Throwable made) {
        this.what = what;
        this.made = made;
    }

    /**
     * Watches an owner, which calls {@link #closed} when it is closed, and must not be reachable
     * from {@code what}, its name at the beginning of a sentence.
     */
    public static LeakWatch of(Object owner, String what) {
        if (OFF) {
            return NONE;
        }
        var watch = new LeakWatch(what, TRACE ? new Throwable("it was made here") : null);
        watch.registration = CLEANER.register(owner, watch::report);
        return watch;
    }

    /** Ends the watch. Further calls do nothing. */
    public void closed() {
        if (registration != null) {
            closed = true;
            registration.clean();
        }
    }

    private void report() {
        if (!closed) {
            System.getLogger("io.github.aoti4j")
                    .log(
                            System.Logger.Level.WARNING,
                            "%s was never closed, and is garbage now; its native memory stays until the process ends"
                                            .formatted(what)
                                    + (TRACE
                                            ? ""
                                            : " (-Daoti.leaks=trace shows where it was made)"),
                            made);
        }
    }
}
