package io.github.aoti4j.weights;

/**
 * A share in mapped memory: until it is closed, closing the owner does not unmap.
 *
 * <p>Thread-safe.
 */
public interface Lease extends AutoCloseable {
    /**
     * Ends the share; the end of the last one, the owner's own included, unmaps. Closing again does
     * nothing.
     *
     * @throws IllegalStateException if this is the last one and a native call is using the memory
     *     at this moment; it then stays mapped, and close can be tried again
     */
    @Override
    void close();
}
