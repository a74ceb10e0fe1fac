package io.github.aoti4j.weights.mapped;

import io.github.aoti4j.bindings.os.RefCounted;
import io.github.aoti4j.weights.Lease;

/** One use of something counted, given back once. */
public final class Share implements Lease {
    private final RefCounted<?> counted;
    private boolean released;

    /** Takes over a use. */
    public Share(RefCounted<?> counted) {
        this.counted = counted;
    }

    @Override
    public synchronized void close() {
        if (!released) {
            counted.release();
            released = true;
        }
    }
}
