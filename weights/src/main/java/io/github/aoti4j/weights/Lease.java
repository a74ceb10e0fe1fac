package io.github.aoti4j.weights;

/**
 * A share in mapped memory: as long as one is held, closing the owner does not unmap.
 *
 * <p>Thread-safe.
 */
public interface Lease extends AutoCloseable {
    /**
     * Gives the share back; the last one to go, the owner's own included, unmaps. Closing again
     * does nothing.
     *
     * @throws IllegalStateException if this is the last one and a native call is using the memory
     *     at this moment; it then stays mapped, and close can be tried again
     */
    @Override
    void close();
}
