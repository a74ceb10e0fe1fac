package io.github.aoti4j.internal.builtin.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

class PoolTest {
    private record Block(long address, long bytes, byte pattern) {
        static Block take(long bytes, int number) {
            var block = new Block(Memory.take(bytes), bytes, (byte) number);
            assertEquals(0, block.address % 64, "alignment");
            block.memory().fill(block.pattern);
            return block;
        }

        private MemorySegment memory() {
            return MemorySegment.ofAddress(address).reinterpret(bytes);
        }

        void give() {
            for (long at = 0; at < bytes; at += 61) {
                assertEquals(pattern, memory().get(JAVA_BYTE, at), "another block lies in this");
            }
            assertTrue(bytes == 0 || memory().get(JAVA_BYTE, bytes - 1) == pattern);
            Memory.give(address);
        }
    }

    @RepeatedTest(50)
    void blocksAreApartAndTheRestIsBounded(RepetitionInfo repetition) throws Exception {
        Random random = new Random(repetition.getCurrentRepetition());
        long before = Memory.bytesInUse();
        Pool pool = new Pool();
        List<Block> blocks = new ArrayList<>();
        long peak = 0;
        try (ExecutorService other = Executors.newSingleThreadExecutor()) {
            for (int run = 0; run < 5; run++) {
                Pool outer = pool.enter();
                for (int i = 0; i < 200; i++) {
                    if (random.nextInt(blocks.size() + 4) < 4) {
                        blocks.add(Block.take(random.nextLong(1L << random.nextInt(22)), i));
                        peak = Math.max(peak, pool.bytesInUse());
                    } else {
                        Block block = blocks.remove(random.nextInt(blocks.size()));
                        if (random.nextInt(4) == 0) {
                            other.submit(block::give).get();
                        } else {
                            block.give();
                        }
                    }
                    long kept = pool.bytesInUse() + pool.bytesCached();
                    assertTrue(kept <= peak + peak / 4 + (1 << 20), "keeps " + kept);
                }
                pool.leave(outer);
            }
        }
        if (random.nextBoolean()) {
            pool.close();
        }
        blocks.forEach(Block::give);
        pool.close();
        assertEquals(before, Memory.bytesInUse());
        assertEquals(0, pool.bytesCached());
    }

    @Test
    void aClassHoldsItsSizesAndLittleMore() {
        Random random = new Random(1);
        for (int i = 0; i < 10_000; i++) {
            long bytes = random.nextLong(1L << random.nextInt(46)) + 1;
            int sizeClass = SizeClasses.of(bytes);
            long capacity = SizeClasses.capacity(sizeClass);
            assertTrue(capacity >= bytes && capacity <= bytes + bytes / 8 + 64, "of " + bytes);
            assertEquals(sizeClass, SizeClasses.of(capacity));
            assertEquals(sizeClass + 1, SizeClasses.of(capacity + 1));
        }
    }

    @Test
    void aRunLikeTheOneBeforeTakesTheSameBlocks() {
        try (Pool pool = new Pool()) {
            Pool outer = pool.enter();
            long first = Memory.take(1000);
            long second = Memory.take(1000);
            assertNotEquals(first, second);
            Memory.give(first);
            assertEquals(first, Memory.take(990));
            Memory.give(first);
            Memory.give(second);
            pool.leave(outer);
        }
    }

    @Test
    void blocksGivenByAnotherThreadAreUsedAgain() throws Exception {
        try (Pool pool = new Pool()) {
            Pool outer = pool.enter();
            long block = Memory.take(5000);
            Thread other = new Thread(() -> Memory.give(block));
            other.start();
            other.join();
            assertEquals(0, pool.bytesInUse());
            assertEquals(block, Memory.take(5000));
            Memory.give(block);
            pool.leave(outer);
        }
    }

    @Test
    void aSharedBlockIsFreeWithItsLastUser() {
        long before = Memory.bytesInUse();
        long block = Memory.take(100);
        Memory.share(block);
        Memory.give(block);
        assertEquals(before + 128, Memory.bytesInUse());
        Memory.give(block);
        assertEquals(before, Memory.bytesInUse());
    }

    @Test
    void whatCannotBeHadFailsAndLosesNothing() {
        try (Pool pool = new Pool()) {
            Pool outer = pool.enter();
            Memory.give(Memory.take(100_000));
            for (long bytes :
                    new long[] {-1, 1L << 45, SizeClasses.MAX_BYTES + 1, Long.MAX_VALUE}) {
                assertThrows(BuiltInFailure.class, () -> Memory.take(bytes));
                assertEquals(0, pool.bytesInUse());
            }
            Memory.give(Memory.take(100_000));
            pool.leave(outer);
        }
    }

    @Test
    void aPoolIsEnteredByOneThread() throws Exception {
        Pool pool = new Pool();
        Pool outer = pool.enter();
        assertThrows(IllegalStateException.class, pool::enter);
        Thread other = new Thread(() -> assertThrows(IllegalStateException.class, pool::enter));
        other.start();
        other.join();
        pool.leave(outer);
        assertThrows(IllegalStateException.class, () -> pool.leave(null));
        pool.close();
        assertThrows(IllegalStateException.class, pool::enter);
    }

    @Test
    void closingWaitsForTheRun() {
        Pool pool = new Pool();
        Pool outer = pool.enter();
        Memory.give(Memory.take(100));
        pool.close();
        long block = Memory.take(100);
        Memory.give(block);
        assertEquals(128, pool.bytesCached());
        pool.leave(outer);
        assertEquals(0, pool.bytesCached());
    }

    /** A block that two threads take would have two patterns. */
    @Test
    void threadsGiveWhatOthersHaveTakenWhilePoolsClose() throws Exception {
        long before = Memory.bytesInUse();
        int rounds = 200;
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            for (int round = 0; round < rounds; round++) {
                Pool pool = new Pool();
                Pool outer = pool.enter();
                List<Block> blocks = new ArrayList<>();
                for (int i = 0; i < 40; i++) {
                    blocks.add(Block.take(64L << i % 8, i));
                }
                CountDownLatch started = new CountDownLatch(1);
                List<Future<?>> given = new ArrayList<>();
                for (int half = 0; half < 2; half++) {
                    List<Block> part = blocks.subList(half * 20, half * 20 + 20);
                    given.add(
                            threads.submit(
                                    () -> {
                                        started.countDown();
                                        part.forEach(Block::give);
                                    }));
                }
                started.await();
                for (int i = 0; i < 20; i++) {
                    Block.take(64L << i % 8, 100 + i).give();
                }
                pool.leave(outer);
                pool.close();
                for (Future<?> future : given) {
                    future.get();
                }
            }
        }
        assertEquals(before, Memory.bytesInUse());
    }
}
