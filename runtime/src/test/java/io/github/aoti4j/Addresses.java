package io.github.aoti4j;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How much address space this process may have, and with it how much memory. */
final class Addresses {
    private static final int RLIMIT_AS = 9;
    private static final long UNLIMITED = -1;
    private static final Linker LINKER = Linker.nativeLinker();

    private static final MethodHandle SET =
            find(
                    "setrlimit",
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
    private static final MethodHandle MALLOC =
            find("malloc", FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
    private static final MethodHandle FREE =
            find("free", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));

    private Addresses() {}

    private static MethodHandle find(String function, FunctionDescriptor type) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(function), type);
    }

    /** Allows as many bytes more than there are in use. */
    static void limitTo(long more) {
        setLimit(inUse() + more);
    }

    /** Allows any number again. */
    static void unlimit() {
        setLimit(UNLIMITED);
    }

    private static void setLimit(long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment limits = arena.allocateFrom(ValueLayout.JAVA_LONG, bytes, UNLIMITED);
            if ((int) SET.invokeExact(RLIMIT_AS, limits) != 0) {
                throw new AssertionError("setrlimit failed");
            }
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private static long inUse() {
        try {
            String pages = Files.readString(Path.of("/proc/self/statm")).split(" ", 2)[0];
            return Long.parseLong(pages) * 4096;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * All memory of the system's allocator that comes in blocks of a size or more. Smaller ones are
     * left: without any a JVM ends itself.
     */
    static final class Hoard implements AutoCloseable {
        private static final long LARGEST = 1 << 24;

        private final List<MemorySegment> blocks = new ArrayList<>();

        Hoard(long smallest) {
            limitTo(0);
            try {
                for (long size = LARGEST; size >= smallest; size /= 2) {
                    while (take(size)) {
                        // The next one of this size.
                    }
                }
            } catch (Throwable e) {
                throw new AssertionError(e);
            }
        }

        private boolean take(long size) throws Throwable {
            var block = (MemorySegment) MALLOC.invokeExact(size);
            return block.address() != 0 && blocks.add(block);
        }

        @Override
        public void close() {
            unlimit();
            try {
                for (MemorySegment block : blocks) {
                    FREE.invokeExact(block);
                }
            } catch (Throwable e) {
                throw new AssertionError(e);
            }
        }
    }
}
