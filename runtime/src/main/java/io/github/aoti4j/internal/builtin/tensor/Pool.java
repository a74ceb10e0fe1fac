package io.github.aoti4j.internal.builtin.tensor;

import io.github.aoti4j.bindings.os.PerThread;
import io.github.aoti4j.internal.memory.MemoryBudget;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * Blocks and records for runs that are made one at a time. What was used once is kept, so that a
 * run like the one before takes nothing from the system.
 *
 * <p>Only the thread that has entered a pool takes from it, and needs no atomic instruction. All
 * threads may give back: what others give waits in lists of its own until the pool has nothing
 * else. What is kept and what is in use are together at most a quarter and 1 MiB more than what was
 * ever in use at a time. All of it is counted in a budget.
 *
 * <p>Small tensors that a run deletes lie on a shelf first ({@link PoolShelf}), from where machine
 * code takes them.
 *
 * <p>Thread-safe, but for {@link #enter} by one thread at a time.
 */
public final class Pool implements MemoryBudget.Reserve, AutoCloseable {
    /** What lies on the shelf counts as in use, and may raise the peak. */
    private static final long SLACK = (1L << 20) - PoolShelf.MAX_BYTES * 5 / 4;

    /** Longs of unused cache lines between what different threads write. */
    private static final int PADDING = 16;

    // Places in the array. All that changes often lies in it, apart from other pools' data.
    private static final int IN_USE = PADDING;
    private static final int CACHED = IN_USE + 1;
    private static final int PEAK = IN_USE + 2;
    private static final int RECORDS = IN_USE + 3;

    /** The number of the thread that has entered; not a field, which would have neighbours. */
    private static final int USER = IN_USE + 4;

    private static final int BLOCKS = IN_USE + 5;
    static final int GIVEN_BLOCKS = BLOCKS + SizeClasses.COUNT + PADDING;
    static final int GIVEN_RECORDS = GIVEN_BLOCKS + 1;
    static final int GIVEN_BYTES = GIVEN_BLOCKS + 2;
    private static final int LENGTH = GIVEN_BYTES + 1 + PADDING;

    static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

    /** In place of a thread's number: none, and never again one. */
    private static final long NOBODY = 0;

    private static final long CLOSED_TO_ALL = -1;

    /** For a moment: another thread frees what is kept. */
    private static final long TRIMMING = -2;

    /** In place of the first block or record of a list: the pool is closed. */
    static final long CLOSED = 1;

    private static final PerThread<CurrentPool> CURRENT = new PerThread<>(CurrentPool::new);

    final long number;

    private final MemoryBudget budget;
    final BudgetedBlocks heap;

    private final long[] state = new long[LENGTH];

    /** 0 when the pool is closed. */
    private long shelf;

    private volatile boolean closing;

    /** Of the thread that entered last. */
    private CurrentPool latest;

    /** Makes a pool without a limit. */
    public Pool() {
        this(new MemoryBudget("", MemoryBudget.UNLIMITED));
    }

    public Pool(MemoryBudget budget) {
        this.budget = budget;
        this.number = Pools.add(this);
        this.heap = new BudgetedBlocks(budget, number);
        try {
            this.shelf = PoolShelf.make(number);
        } catch (Throwable e) {
            Pools.remove(this);
            throw e;
        }
        budget.add(this);
    }

    /** Returns this thread's pool; null outside of a run. */
    static Pool current() {
        return CURRENT.get().get();
    }

    /**
     * Makes this the thread's pool.
     *
     * @return the one before, for {@link #leave}; null if there was none
     * @throws IllegalStateException if the pool is in use or closed
     */
    public Pool enter() {
        Thread thread = Thread.currentThread();
        while (!LONGS.compareAndSet(state, USER, NOBODY, thread.threadId())) {
            awaitTrim();
        }
        CurrentPool current = currentOf(thread);
        Pool before = current.get();
        current.set(this);
        return before;
    }

    private void awaitTrim() {
        long user = (long) LONGS.getAcquire(state, USER);
        if (user != TRIMMING && user != NOBODY) {
            throw new IllegalStateException(
                    closing ? "the pool is closed" : "another run uses the pool");
        }
        LockSupport.parkNanos(10_000);
    }

    /** Mostly the thread of the run before, which is known: a thread local costs more. */
    private CurrentPool currentOf(Thread thread) {
        CurrentPool current = latest;
        if (current == null || current.threadId != thread.threadId()) {
            current = CURRENT.get();
            latest = current;
        }
        return current;
    }

    /** Ends {@link #enter}, on the same thread. */
    public void leave(Pool before) {
        if (!isCurrent()) {
            throw new IllegalStateException("this thread has not entered the pool");
        }
        latest.set(before);
        LONGS.setRelease(state, USER, NOBODY);
        if (closing) {
            freeUnlessEntered();
        }
    }

    /** Returns whether this is the thread's pool. */
    public boolean isCurrent() {
        return (long) LONGS.getAcquire(state, USER) == Thread.currentThread().threadId();
    }

    /**
     * Makes the thread do without a pool.
     *
     * @return the one before, for {@link #resume}; null if there was none
     */
    public static Pool suspend() {
        CurrentPool current = CURRENT.get();
        Pool before = current.get();
        current.set(null);
        return before;
    }

    /** Ends {@link #suspend}. */
    public static void resume(Pool before) {
        CURRENT.get().set(before);
    }

    /**
     * Frees what is kept, after the run that uses the pool, if there is one. What is in use is
     * freed when it is given back.
     */
    @Override
    public void close() {
        closing = true;
        freeUnlessEntered();
    }

    private void freeUnlessEntered() {
        if (LONGS.compareAndSet(state, USER, NOBODY, CLOSED_TO_ALL)) {
            Pools.remove(this);
            budget.remove(this);
            emptyShelf();
            PoolShelf.delete(shelf);
            shelf = 0;
            addGivenBlocks(CLOSED);
            addGivenRecords(CLOSED);
            free(Long.MAX_VALUE);
            for (long record = state[RECORDS]; record != 0; ) {
                long next = Records.next(record);
                Records.giveShared(record);
                record = next;
            }
            state[RECORDS] = 0;
            long _ = Blocks.OUTSIDE.addAndGet(state[IN_USE]);
            // What is left outlives the model that the budget is about.
            budget.give(state[IN_USE]);
        }
    }

    @Override
    public void trim() {
        if (LONGS.compareAndSet(state, USER, NOBODY, TRIMMING)) {
            addGivenBlocks(0);
            emptyShelf();
            free(Long.MAX_VALUE);
            LONGS.setRelease(state, USER, NOBODY);
            if (closing) {
                freeUnlessEntered();
            }
        }
    }

    /** Takes a block; returns 0 if there is no memory. The caller has entered. */
    long takeBlock(int sizeClass) {
        long block = state[BLOCKS + sizeClass];
        if (block == 0) {
            return takeMore(sizeClass);
        }
        state[BLOCKS + sizeClass] = Blocks.next(block);
        long capacity = SizeClasses.capacity(sizeClass);
        state[CACHED] -= capacity;
        use(capacity);
        Blocks.start(block);
        return block;
    }

    private void use(long capacity) {
        long inUse = state[IN_USE] + capacity;
        state[IN_USE] = inUse;
        if (inUse > state[PEAK]) {
            raisePeak();
        }
    }

    /** What others have given back counts as in use until it is looked for. */
    private void raisePeak() {
        if ((long) LONGS.getOpaque(state, GIVEN_BYTES) != 0) {
            addGivenBlocks(0);
        }
        state[PEAK] = Math.max(state[PEAK], state[IN_USE]);
    }

    private long takeMore(int sizeClass) {
        addGivenBlocks(0);
        emptyShelf();
        if (state[BLOCKS + sizeClass] != 0) {
            return takeBlock(sizeClass);
        }
        long capacity = SizeClasses.capacity(sizeClass);
        long inUse = state[IN_USE] + capacity;
        long peak = Math.max(state[PEAK], inUse);
        free(inUse + state[CACHED] - (peak + peak / 4 + SLACK));
        long block = heap.allocate(sizeClass);
        if (block == 0) {
            free(Long.MAX_VALUE);
            block = heap.allocate(sizeClass);
        }
        if (block == 0 && heap.isRefused()) {
            budget.trim(this);
            block = heap.allocate(sizeClass);
        }
        if (block != 0) {
            use(capacity);
        }
        return block;
    }

    /** Frees at least as many bytes, as far as they are cached, the largest blocks first. */
    private void free(long bytes) {
        long left = bytes;
        for (int sizeClass = SizeClasses.COUNT - 1; sizeClass >= 0 && left > 0; sizeClass--) {
            long capacity = SizeClasses.capacity(sizeClass);
            while (state[BLOCKS + sizeClass] != 0 && left > 0) {
                long block = state[BLOCKS + sizeClass];
                state[BLOCKS + sizeClass] = Blocks.next(block);
                state[CACHED] -= capacity;
                left -= capacity;
                heap.free(block);
            }
        }
    }

    /** Takes a block back that has no user. */
    void giveBlock(long block) {
        if (isCurrent()) {
            add(block);
            return;
        }
        if (!GivenBack.addBlock(state, block)) {
            Memory.giveToHeap(block);
        }
    }

    private void add(long block) {
        int sizeClass = Blocks.sizeClass(block);
        long capacity = SizeClasses.capacity(sizeClass);
        Blocks.setNext(block, state[BLOCKS + sizeClass]);
        state[BLOCKS + sizeClass] = block;
        state[IN_USE] -= capacity;
        state[CACHED] += capacity;
    }

    /** Adds what other threads have given back; {@code rest} is left in its place. */
    private void addGivenBlocks(long rest) {
        long block = (long) LONGS.getAndSet(state, GIVEN_BLOCKS, rest);
        long cached = state[CACHED];
        while (block != 0) {
            long next = Blocks.next(block);
            add(block);
            block = next;
        }
        long _ = (long) LONGS.getAndAdd(state, GIVEN_BYTES, cached - state[CACHED]);
    }

    long shelf() {
        return shelf;
    }

    /** Puts a tensor of this thread's pool on its shelf. Returns false if it may not lie there. */
    static boolean shelve(long tensor) {
        Pool pool = Pools.of(Raw.getLong(tensor + Tensors.OWNER));
        if (pool == null || !pool.isCurrent() || !pool.latest.usesShelf()) {
            return false;
        }
        if (PoolShelf.isFull(pool.shelf)) {
            // Perhaps of what runs no longer need.
            pool.emptyShelf();
        }
        return PoolShelf.put(pool.shelf, tensor);
    }

    private void emptyShelf() {
        for (long record = PoolShelf.empty(shelf); record != 0; ) {
            long next = Records.next(record);
            add(PoolShelf.takeBlock(record));
            Records.setNext(record, state[RECORDS]);
            state[RECORDS] = record;
            record = next;
        }
    }

    /** Takes a record. The caller has entered. */
    long takeRecord() {
        long record = state[RECORDS];
        if (record == 0) {
            addGivenRecords(0);
            record = state[RECORDS];
            if (record == 0) {
                return Records.takeShared(number);
            }
        }
        state[RECORDS] = Records.next(record);
        return record;
    }

    /** Takes a record back. */
    void giveRecord(long record) {
        if (isCurrent()) {
            Records.setNext(record, state[RECORDS]);
            state[RECORDS] = record;
            return;
        }
        if (!GivenBack.addRecord(state, record)) {
            Records.giveShared(record);
        }
    }

    private void addGivenRecords(long rest) {
        long record = (long) LONGS.getAndSet(state, GIVEN_RECORDS, rest);
        while (record != 0) {
            long next = Records.next(record);
            Records.setNext(record, state[RECORDS]);
            state[RECORDS] = record;
            record = next;
        }
    }

    /** Returns the size of the blocks in use, exactly while no thread changes it. */
    @Override
    public long bytesInUse() {
        return (long) LONGS.getOpaque(state, IN_USE) - givenBytes();
    }

    @Override
    public long bytesCached() {
        return (long) LONGS.getOpaque(state, CACHED) + givenBytes();
    }

    /** Returns the size of what counts as in use and has been given back. */
    private long givenBytes() {
        long at = shelf;
        return (long) LONGS.getOpaque(state, GIVEN_BYTES) + (at == 0 ? 0 : PoolShelf.bytes(at));
    }
}
