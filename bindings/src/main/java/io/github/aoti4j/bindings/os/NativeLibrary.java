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
    private final String name;
    private final MemorySegment handle;

    /** Run after the close, for a library in memory; else null. */
    private final Runnable afterwards;

    private boolean closed;

    private NativeLibrary(String name, MemorySegment handle, Runnable afterwards) {
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
            MemorySegment handle =
                    Libc.dlopen(arena.allocateFrom(path), Libc.RTLD_NOW() | Libc.RTLD_NOLOAD());
            return handle.address() != 0 && Libc.dlclose(handle) == 0;
        }
    }

    private static NativeLibrary open(String path, MemorySegment cPath, Runnable afterwards) {
        // dlerror() is per thread, and any dl call resets it. Linking a handle makes such calls:
        // this one is here so that dlerror is linked before its message matters.
        MemorySegment _ = Libc.dlerror();
        MemorySegment handle = dlopen(cPath);
        if (handle.address() == 0) {
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
            MemorySegment handle =
                    Libc.dlopen(arena.allocateFrom(soname), Libc.RTLD_NOW() | Libc.RTLD_NOLOAD());
            return handle.address() == 0
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
            MemorySegment found = Libc.dlsym(MemorySegment.NULL, arena.allocateFrom(symbol));
            return found.address() == 0
                    ? Optional.empty()
                    : Optional.of(MemorySegment.ofAddress(found.address()));
        }
    }

    /** Returns what this library was opened by: a path or a name. */
    public String name() {
        return name;
    }

    /** Returns whether two handles stand for one library in memory. */
    public boolean isSameAs(NativeLibrary other) {
        return handle.address() == other.handle.address();
    }

    /** Looks a symbol up in this library, then in those that it needs. */
    public synchronized Optional<MemorySegment> find(String symbol) {
        if (closed) {
            throw new IllegalStateException(name + " is closed");
        }
        try (Arena arena = Arena.ofConfined()) {
            long address = Libc.dlsym(handle, arena.allocateFrom(symbol)).address();
            return address == 0 ? Optional.empty() : Optional.of(MemorySegment.ofAddress(address));
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
            int _ = Libc.dlclose(handle);
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
    private static MemorySegment dlopen(MemorySegment path) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment computing = FloatingPoint.save(arena);
            try {
                return Libc.dlopen(path, Libc.RTLD_NOW() | Libc.RTLD_LOCAL());
            } finally {
                FloatingPoint.restore(computing);
            }
        }
    }

    private static String dlerror() {
        MemorySegment message = Libc.dlerror();
        return message.address() == 0 ? "no message" : message.getString(0);
    }
}
