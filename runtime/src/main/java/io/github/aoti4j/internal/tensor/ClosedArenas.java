package io.github.aoti4j.internal.tensor;

import java.lang.foreign.MemorySegment;

/**
 * The JDK's exceptions for memory whose arena is closed ("Already closed") or confined to another
 * thread, with what the memory was.
 */
public final class ClosedArenas {
    private ClosedArenas() {}

    /**
     * Returns an exception of the same type that names a tensor.
     *
     * @param e what was thrown when the tensor was used, among others; becomes the cause
     * @return null if the exception is not the JDK's, or the tensor can be used
     */
    public static RuntimeException explained(RuntimeException e, TensorView tensor, String what) {
        MemorySegment.Scope scope = tensor.segment().scope();
        RuntimeException explained = null;
        if (e.getClass() == IllegalStateException.class && !scope.isAlive()) {
            if ("Already closed".equals(e.getMessage())) {
                explained =
                        new IllegalStateException(
                                "%s (%s): its arena is closed".formatted(what, tensor));
            }
        } else if (e instanceof WrongThreadException
                && !tensor.segment().isAccessibleBy(Thread.currentThread())) {
            explained =
                    new WrongThreadException(
                            "%s (%s): its arena is confined to another thread"
                                    .formatted(what, tensor));
        }
        if (explained != null) {
            explained.initCause(e);
        }
        return explained;
    }
}
