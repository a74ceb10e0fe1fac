package io.github.aoti4j.weights;

/** When the pages of mapped tensors are read from the disk. */
public enum Paging {
    /** Each when it is first touched. */
    LAZY,
    /**
     * Soon: the kernel is asked to read them in the background ({@code MADV_WILLNEED}), which it
     * may do in part or not at all.
     */
    WILLNEED,
    /**
     * Now: all are read and entered into the page table ({@code MADV_POPULATE_READ}, or a byte of
     * each page read where the kernel does not know that). The kernel may drop them again when
     * memory gets scarce.
     */
    POPULATE,
    /**
     * Now and for good: as {@link #POPULATE}, and they stay in memory until they are unmapped
     * ({@code mlock2}). They go on sharing the page cache. Counts against {@code RLIMIT_MEMLOCK}.
     */
    LOCKED
}
