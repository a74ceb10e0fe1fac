package io.github.aoti4j.bindings.stub;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.MemoryLibraries;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.core.AotiException;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The library that models without libtorch are linked to, opened: the accessors, and functions that
 * are bound to an address each. A function that is not bound returns 1, as one that fails.
 *
 * <p>The process has one for each copy of this class, of which there may be several in different
 * class loaders; they differ in name. One that nobody uses any more may still be loaded, because a
 * model's library is that needs it: the dynamic loader keeps libraries with thread-local objects
 * until all threads have ended that have used them. Such a library is used again, by any copy.
 *
 * <p>Thread-safe.
 */
public final class StubLibrary implements AutoCloseable {
    /** How long the names of all libraries are. */
    public static final int NAME_LENGTH = StubImage.soname(0).length();

    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    /** Held while libraries are taken and given back. Interned, so that all copies share it. */
    private static final Object LOCK =
            "io.github.aoti4j: libraries that stand for libtorch".intern();

    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final Set<String> OWN = own();

    private final StubImage image;
    private final NativeLibrary library;
    private final NativeLibrary standardLibrary;
    private final long table;
    private final Set<String> bound = new HashSet<>();
    private final Arena arena = Arena.ofShared();
    private boolean closed;

    private StubLibrary(
            StubImage image, NativeLibrary library, NativeLibrary standardLibrary, long table) {
        this.image = image;
        this.library = library;
        this.standardLibrary = standardLibrary;
        this.table = table;
    }

    /** Returns whether a function is machine code, which every library has. */
    public static boolean hasCode(String symbol) {
        return OWN.contains(symbol);
    }

    private static Set<String> own() {
        Set<String> symbols = HashSet.newHashSet(Accessor.ALL.size() + 1);
        for (Accessor accessor : Accessor.ALL) {
            symbols.add(accessor.symbol());
        }
        symbols.add(StubImage.CHECK);
        return symbols;
    }

    /** Lists the functions that are machine code and read or return values. */
    public static List<Accessor> accessors() {
        return Accessor.ALL;
    }

    /**
     * Opens the library of this copy of the class.
     *
     * @param functions what can be bound
     * @param standardLibrary libstdc++, which is closed with the library
     * @throws AotiException if it cannot be loaded
     */
    public static StubLibrary open(List<String> functions, NativeLibrary standardLibrary) {
        Machine machine = Machine.ofProcess();
        synchronized (LOCK) {
            for (int number = 0; number < StubImage.COUNT; number++) {
                StubImage image = StubImage.of(machine, functions, number);
                NativeLibrary library =
                        NativeLibrary.ifLoaded(image.soname()).orElseGet(() -> load(image));
                try {
                    StubLibrary stub = take(image, library, standardLibrary);
                    if (stub != null) {
                        return stub;
                    }
                } catch (Throwable e) {
                    Closeables.closeAfter(e, library);
                    throw e;
                }
                library.close();
            }
        }
        throw new AotiException(
                "more than %d copies of aoti4j run models without libtorch in this process"
                        .formatted(StubImage.COUNT));
    }

    /** Returns null if another copy of this class uses the library, or it is none of ours. */
    private static StubLibrary take(
            StubImage image, NativeLibrary library, NativeLibrary standardLibrary) {
        Optional<MemorySegment> table = library.find(image.table());
        if (table.isEmpty() || MEMORY.get(JAVA_LONG, table.get().address()) != 0) {
            return null;
        }
        long address = table.get().address();
        var stub = new StubLibrary(image, library, standardLibrary, address);
        stub.unbindAll();
        stub.set(StubImage.THROW, standardLibrary.address(StubImage.THROW).address());
        stub.set(StubImage.THREADS, RunThreads.address());
        MEMORY.set(JAVA_LONG, address, 1);
        return stub;
    }

    private void unbindAll() {
        long unbound = library.address(StubImage.UNBOUND).address();
        for (int at = Long.BYTES; at < image.size(); at += Long.BYTES) {
            MEMORY.set(JAVA_LONG, table + at, unbound);
        }
        set(StubImage.THREADS, 0);
    }

    private void set(String symbol, long address) {
        MEMORY.set(JAVA_LONG, table + image.slots().get(symbol), address);
    }

    /** Loads from the cache, or where that is of no use, from memory. */
    private static NativeLibrary load(StubImage image) {
        try {
            Path folder =
                    UserCache.ofProcess()
                            .withoutSubstitute()
                            .folder(
                                    image.cacheEntry(),
                                    Map.of(image.soname(), (long) image.bytes().length),
                                    existing -> isSound(existing.resolve(image.soname()), image),
                                    empty ->
                                            Files.write(
                                                    empty.resolve(image.soname()), image.bytes()));
            return NativeLibrary.open(folder.resolve(image.soname()));
        } catch (AotiException e) {
            if (Thread.currentThread().isInterrupted()) {
                throw e;
            }
            LOG.log(
                    System.Logger.Level.DEBUG,
                    () -> image.soname() + " is loaded from memory, not from the cache: " + e);
            return loadFromMemory(image, e);
        }
    }

    private static NativeLibrary loadFromMemory(StubImage image, AotiException why) {
        try {
            return MemoryLibraries.open(
                    image.cacheEntry(), image.soname(), file -> write(image, file));
        } catch (AotiException | IOException e) {
            why.addSuppressed(e);
            throw why;
        }
    }

    private static void write(StubImage image, FileChannel file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(image.bytes());
        while (bytes.hasRemaining()) {
            int _ = file.write(bytes);
        }
    }

    private static boolean isSound(Path file, StubImage image) {
        try {
            return Arrays.equals(Files.readAllBytes(file), image.bytes());
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns the library's own name, by which models are to need it. */
    public String soname() {
        return image.soname();
    }

    /**
     * Returns what upcall stubs live in: closed with the library, when nothing is bound to them.
     */
    public Arena arena() {
        return arena;
    }

    /** Returns whether a function has an address. */
    public synchronized boolean isBound(String function) {
        return bound.contains(function);
    }

    /** Gives a function its address. It must not be running. */
    public synchronized void bind(String function, MemorySegment address) {
        if (closed) {
            throw new IllegalStateException(image.soname() + " is closed");
        }
        set(function, address.address());
        bound.add(function);
    }

    /** Gives the library back. No function of it may be running or be called afterwards. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        synchronized (LOCK) {
            unbindAll();
            MEMORY.set(JAVA_LONG, table, 0);
            library.close();
        }
        Closeables.closeAll(standardLibrary, arena);
    }
}
