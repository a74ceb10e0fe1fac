package io.github.aoti4j.stress.fuzz;

import com.sun.management.ThreadMXBean;

import io.github.aoti4j.core.AotiException;

import java.lang.management.ManagementFactory;
import java.util.List;

/**
 * A reader of strangers' bytes, to be attacked. Whatever it is given, it makes something that holds
 * together or refuses in the documented way, and allocates no more than {@link #FIXED_BYTES} and
 * {@link #BYTES_PER_BYTE} for each byte of its input.
 *
 * @param name also that of its folder of inputs
 * @param refusal what it may throw
 * @param seeds small good inputs
 * @param reader reads one input to its end, and checks what comes out
 * @param words what means something in the format
 */
public record FuzzTarget(
        String name,
        Class<? extends Exception> refusal,
        Seeds seeds,
        Reader reader,
        List<String> words) {
    /** What a small input may cost at most, in bytes on the Java heap. */
    static final long FIXED_BYTES = 4L << 20;

    /** What each byte of a large one may cost. */
    static final long BYTES_PER_BYTE = 1000;

    /** Code that Jazzer has instrumented allocates on its own. */
    private static final int ALLOWANCE = Integer.getInteger("fuzz.allowance", 1);

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Reads an input. */
    public interface Reader {
        /**
         * Reads an input.
         *
         * @param input any bytes
         * @throws Exception the target's refusal; anything else is a defect
         */
        void read(byte[] input) throws Exception;
    }

    /** Makes inputs. */
    public interface Seeds {
        /**
         * Makes the inputs.
         *
         * @return at least one
         * @throws Exception if they cannot be made
         */
        List<byte[]> make() throws Exception;
    }

    /** Makes a target that refuses with an {@link AotiException}. */
    public static FuzzTarget of(String name, Seeds seeds, Reader reader) {
        return new FuzzTarget(name, AotiException.class, seeds, reader, List.of());
    }

    /** The same, refusing with another exception. */
    public FuzzTarget refusing(Class<? extends Exception> type) {
        return new FuzzTarget(name, type, seeds, reader, words);
    }

    /** The same with words of the format. */
    public FuzzTarget words(String... some) {
        return new FuzzTarget(name, refusal, seeds, reader, List.of(some));
    }

    /**
     * Gives the reader an input.
     *
     * @return false if it refused
     * @throws AssertionError if it did anything but make something or refuse, or cost too much
     */
    public boolean accepts(byte[] input) {
        long limit = ALLOWANCE * (FIXED_BYTES + BYTES_PER_BYTE * input.length);
        long before = THREADS.getCurrentThreadAllocatedBytes();
        boolean accepted = read(input);
        if (THREADS.getCurrentThreadAllocatedBytes() - before > limit) {
            // The classes that it takes are loaded by now.
            before = THREADS.getCurrentThreadAllocatedBytes();
            read(input);
            long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
            if (allocated > limit) {
                throw new AssertionError(
                        "%s: an input of %d bytes has made it allocate %d"
                                .formatted(name, input.length, allocated));
            }
        }
        return accepted;
    }

    private boolean read(byte[] input) {
        try {
            reader.read(input);
            return true;
        } catch (Throwable e) {
            if (!refusal.isInstance(e)) {
                throw new AssertionError(name + ": this is no refusal: " + e, e);
            }
            if (e.getMessage() == null || e.getMessage().isBlank()) {
                throw new AssertionError(name + ": a refusal without a reason", e);
            }
            return false;
        }
    }
}
