package io.github.aoti4j.bindings.os;

import io.github.aoti4j.bindings.generated.libc.Libc;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * A shared library opened with {@code dlopen(RTLD_NOW | RTLD_LOCAL)}.
 *
 * <p>The JVM's own {@link java.lang.foreign.SymbolLookup#libraryLookup} binds lazily: a missing
 * symbol then ends the process at its first call. Here it fails the opening, with the loader's
 * message. No other library of the process sees the symbols.
 *
 * <p>Thread-safe. Addresses are segments of no size in the global scope: calls through them keep no
 * arena open, which would cost a call 15 ns, and so only the caller's care prevents calls after
 * {@link #close()}.
 *
 * <p>libtorch and OpenMP must never be closed: their threads, and their destructors of thread-local
 * values, run code that would no longer exist.
 */
public final class NativeLibrary implements AutoCloseable {
    private static final MemorySegment DLOPEN = IntegerCall.find("dlopen");
    private static final MemorySegment DLSYM = IntegerCall.find("dlsym");
    private static final MemorySegment DLCLOSE = IntegerCall.find("dlclose");
    private static final MemorySegment DLERROR = IntegerCall.find("dlerror");

    private final String name;
    private final long handle;

    /** Run after the close, for a library in memory; else null. */
    private final Runnable afterwards;

    private boolean closed;

    private NativeLibrary(String name, long handle, Runnable afterwards) {
        this.name = name;
        this.handle = handle;
        this.afterwards = afterwards;
    }

    /**
     * Opens a library, and what it needs; one that is open already must be closed as often as it
     * was opened.
     *
     * @param file a relative path is resolved against the current folder, not searched for
     * @throws NativeException with the loader's message: the file is absent or no library for this
     *     machine, or it needs a library or a symbol that cannot be found
     */
    public static NativeLibrary open(Path file) {
        Platform.requireSupported();
        String path = file.toAbsolutePath().toString();
        try (Arena arena = Arena.ofConfined()) {
            return open(path, Platform.nativePath(arena, file.toAbsolutePath()), null);
        }
    }

    /**
     * Opens a library in memory, and what it needs. Two files of the same contents are two
     * libraries.
     *
     * @param file written and final; the opened library owns it and closes it with itself, because
     *     a model with weights behind its library opens the file that it came from once more
     * @throws NativeException as {@link #open(Path)}; the file then remains the caller's
     */
    public static NativeLibrary open(Memfd file) {
        return open(file.toString(), file.path(), file::close);
    }

    /** Opens a library by a path that messages do not show, and runs an action after its close. */
    static NativeLibrary open(String name, String path, Runnable afterwards) {
        try (Arena arena = Arena.ofConfined()) {
            return open(name, arena.allocateFrom(path), afterwards);
        }
    }

    /** Returns whether a library is loaded, by the path that it was opened by. */
    static boolean isLoaded(String path) {
        try (Arena arena = Arena.ofConfined()) {
            long handle = loaded(arena.allocateFrom(path));
            return handle != 0 && (int) IntegerCall.call(DLCLOSE, handle) == 0;
        }
    }

    private static NativeLibrary open(String path, MemorySegment cPath, Runnable afterwards) {
        long handle = dlopen(cPath);
        if (handle == 0) {
            String message = dlerror().replace(cPath.getString(0), path);
            throw new NativeException(
                    "dlopen", message.contains(path) ? message : path + ": " + message);
        }
        return new NativeLibrary(path, handle, afterwards);
    }

    /**
     * Opens a library of the system, wherever the dynamic loader finds it; empty if there is none
     * of that name.
     *
     * @param soname the name to look for, such as {@code libcuda.so.1}
     * @throws NativeException with the loader's message, if it cannot be loaded
     */
    public static Optional<NativeLibrary> ofSystem(String soname) {
        Platform.requireSupported();
        try (Arena arena = Arena.ofConfined()) {
            return Optional.of(open(soname, arena.allocateFrom(soname), null));
        } catch (NativeException e) {
            if (e.nativeMessage().startsWith(soname + ": cannot open shared object file")) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /**
     * Returns a library that this process has loaded already, by its own name, such as {@code
     * libc10.so}; the caller owns the result.
     */
    public static Optional<NativeLibrary> ifLoaded(String soname) {
        Platform.requireSupported();
        try (Arena arena = Arena.ofConfined()) {
            long handle = loaded(arena.allocateFrom(soname));
            return handle == 0
                    ? Optional.empty()
                    : Optional.of(new NativeLibrary(soname, handle, null));
        }
    }

    /**
     * Returns the address of a symbol that every library of the process sees: of the program, of
     * what it was linked to, and of libraries that were opened with {@code RTLD_GLOBAL}.
     */
    public static Optional<MemorySegment> findGlobal(String symbol) {
        Platform.requireSupported();
        try (Arena arena = Arena.ofConfined()) {
            // RTLD_DEFAULT is 0.
            return dlsym(0, arena.allocateFrom(symbol));
        }
    }

    /** Returns what this library was opened by: a path or a name. */
    public String name() {
        return name;
    }

    /** Returns whether two handles stand for one library in memory. */
    public boolean isSameAs(NativeLibrary other) {
        return handle == other.handle;
    }

    /** Looks a symbol up in this library, then in those that it needs. */
    public synchronized Optional<MemorySegment> find(String symbol) {
        if (closed) {
            throw new IllegalStateException(name + " is closed");
        }
        try (Arena arena = Arena.ofConfined()) {
            return dlsym(handle, arena.allocateFrom(symbol));
        }
    }

    public boolean has(String symbol) {
        return find(symbol).isPresent();
    }

    /**
     * Returns the address of a symbol.
     *
     * @throws IncompatibleModelException if there is none
     */
    public MemorySegment address(String symbol) {
        return find(symbol)
                .orElseThrow(
                        () -> new IncompatibleModelException(name + " does not have " + symbol));
    }

    /** Lists the symbols that {@link #find} does not find. */
    public List<String> missing(Collection<String> symbols) {
        return symbols.stream().filter(symbol -> !has(symbol)).toList();
    }

    /**
     * Requires symbols.
     *
     * @throws IncompatibleModelException naming the library and all symbols that it does not have
     */
    public void require(Collection<String> symbols) {
        List<String> missing = missing(symbols);
        if (!missing.isEmpty()) {
            throw new IncompatibleModelException(
                    name + " does not have " + String.join(", ", missing));
        }
    }

    /**
     * Closes the library; the process unloads it if it is not open elsewhere. No code of it may be
     * running or be called afterwards. Closing again does nothing.
     */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            // Its failure would mean a handle that is not one, which cannot be.
            long _ = IntegerCall.call(DLCLOSE, handle);
            if (afterwards != null) {
                afterwards.run();
            }
        }
    }

    @Override
    public String toString() {
        return name;
    }

    /** Opens a library, whose constructors must not change how Java computes. */
    private static long dlopen(MemorySegment path) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment computing = FloatingPoint.save(arena);
            try {
                return IntegerCall.call(
                        DLOPEN, path.address(), Libc.RTLD_NOW() | Libc.RTLD_LOCAL());
            } finally {
                FloatingPoint.restore(computing);
            }
        }
    }

    /** Returns the handle of a library that is loaded already, or 0. */
    private static long loaded(MemorySegment path) {
        return IntegerCall.call(DLOPEN, path.address(), Libc.RTLD_NOW() | Libc.RTLD_NOLOAD());
    }

    private static Optional<MemorySegment> dlsym(long handle, MemorySegment symbol) {
        long address = IntegerCall.call(DLSYM, handle, symbol.address());
        return address == 0 ? Optional.empty() : Optional.of(MemorySegment.ofAddress(address));
    }

    /** The message is per thread, and any dl call resets it: nothing may be linked in between. */
    private static String dlerror() {
        long message = IntegerCall.call(DLERROR);
        return message == 0
                ? "no message"
                : MemorySegment.ofAddress(message).reinterpret(Long.MAX_VALUE).getString(0);
    }
}
