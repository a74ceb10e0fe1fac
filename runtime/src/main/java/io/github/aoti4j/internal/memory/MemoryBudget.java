package io.github.aoti4j.internal.memory;

import io.github.aoti4j.core.MemoryLimitException;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The private memory of one loaded model: how much it has, and the most that it may have. Memory is
 * counted before it is taken.
 *
 * <p>Thread-safe.
 */
public final class MemoryBudget {
    /** No limit. */
    public static final long UNLIMITED = Long.MAX_VALUE;

    /** Memory for runs, which is kept from run to run. */
    public interface Reserve {
        /** Returns how many bytes runs and their outputs use. */
        long bytesInUse();

        /** Returns how many bytes are kept for later runs. */
        long bytesCached();

        /** Frees what is kept, unless a run uses this reserve, and takes it off the budget. */
        void trim();
    }

    private final String model;
    private final long limit;

    /** All that has been counted. */
    private final AtomicLong held = new AtomicLong();

    /** The part of it that is not of reserves. */
    private final AtomicLong weights = new AtomicLong();

    private final List<Reserve> reserves = new ArrayList<>();

    /**
     * Makes a budget of which nothing has been taken.
     *
     * @param model its name, for messages
     * @param limit in bytes; {@link #UNLIMITED} for none
     */
    public MemoryBudget(String model, long limit) {
        this.model = model;
        this.limit = limit;
    }

    public long limit() {
        return limit;
    }

    /** Returns how many bytes the model's weights take, beside files in the page cache. */
    public long weights() {
        return weights.get();
    }

    /** Counts memory, if the limit allows it. */
    public boolean tryTake(long bytes) {
        long before = held.get();
        while (bytes <= limit - before) {
            long witness = held.compareAndExchange(before, before + bytes);
            if (witness == before) {
                return true;
            }
            before = witness;
        }
        return false;
    }

    /** Takes memory off that has been freed, or was not taken after all. */
    public void give(long bytes) {
        long _ = held.addAndGet(-bytes);
    }

    /**
     * Counts memory for weights, for which what runs keep makes way.
     *
     * @param what needs it, for the message: a sentence's beginning
     * @param cure what the caller can do, beside a higher limit
     * @throws MemoryLimitException if the limit does not allow it; nothing is counted then
     */
    public void takeForWeights(long bytes, String what, String cure) {
        if (!tryTakeForWeights(bytes)) {
            throw refusal(what, bytes, cure);
        }
    }

    /** The same, but returns false if the limit does not allow it. */
    public boolean tryTakeForWeights(long bytes) {
        if (!tryTake(bytes)) {
            trim(null);
            if (!tryTake(bytes)) {
                return false;
            }
        }
        long _ = weights.addAndGet(bytes);
        return true;
    }

    /** Takes memory of weights off. */
    public void giveFromWeights(long bytes) {
        long _ = weights.addAndGet(-bytes);
        give(bytes);
    }

    /** Says why {@link #tryTake} has refused. */
    public MemoryLimitException refusal(String what, long bytes, String cure) {
        long all = held.get();
        long ofWeights = weights.get();
        return new MemoryLimitException(
                "%s %d bytes of private memory; model %s has %d (weights %d, memory of runs %d), and the memory limit is %d: %s, or raise the limit (ModelOptions.memoryLimit, --memory-limit)"
                        .formatted(
                                what, bytes, model, all, ofWeights, all - ofWeights, limit, cure),
                bytes,
                all,
                limit);
    }

    public void add(Reserve reserve) {
        synchronized (reserves) {
            reserves.add(reserve);
        }
    }

    public void remove(Reserve reserve) {
        synchronized (reserves) {
            reserves.remove(reserve);
        }
    }

    /** Frees what reserves keep that no run uses. The caller's own is left out; null for none. */
    @SuppressWarnings("ReferenceEquality")
    public void trim(Reserve own) {
        for (Reserve reserve : reserves()) {
            if (reserve != own) {
                reserve.trim();
            }
        }
    }

    /** Returns how many bytes runs and their outputs use. */
    public long runBytesInUse() {
        // One that has been removed may be gone.
        synchronized (reserves) {
            return reserves.stream().mapToLong(Reserve::bytesInUse).sum();
        }
    }

    /** Returns how many bytes are kept for later runs. */
    public long runBytesCached() {
        // One that has been removed may be gone.
        synchronized (reserves) {
            return reserves.stream().mapToLong(Reserve::bytesCached).sum();
        }
    }

    private List<Reserve> reserves() {
        synchronized (reserves) {
            return List.copyOf(reserves);
        }
    }
}
