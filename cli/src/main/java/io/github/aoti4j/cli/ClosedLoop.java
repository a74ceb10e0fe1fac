package io.github.aoti4j.cli;

/**
 * Back to back: the next run is due when the last is done. It shows what a model can do at most. It
 * says little about what callers see who come on their own account, since nobody comes while a run
 * is slow.
 */
final class ClosedLoop implements Pace {
    private final Phase phase;
    private boolean begun;

    ClosedLoop(Phase phase) {
        this.phase = phase;
    }

    @Override
    public long next() {
        long now = phase.now();
        // One run at least, however short the phase.
        if (phase.isOver(now) && (begun || phase.isStopped())) {
            return END;
        }
        begun = true;
        return now;
    }
}
