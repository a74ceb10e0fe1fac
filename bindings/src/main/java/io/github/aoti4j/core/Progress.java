package io.github.aoti4j.core;

/** Hears how far a long piece of work has come. */
@FunctionalInterface
public interface Progress {
    /** Hears nothing. */
    Progress NONE = (message, done, total) -> {};

    /**
     * Called now and then by whichever thread does the work: first with {@code done} 0, last with
     * {@code done} equal to {@code total} if the work succeeds, never if there is nothing to do.
     * What it throws ends the work.
     *
     * @param message what is being done
     * @param done how many bytes are done
     * @param total how many bytes there are
     */
    void update(String message, long done, long total);
}
