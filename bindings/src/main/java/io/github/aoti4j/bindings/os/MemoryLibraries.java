package io.github.aoti4j.bindings.os;

import io.github.aoti4j.core.NativeException;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/**
 * Libraries that are loaded from memory: one of each content, as the dynamic loader has one of each
 * file.
 *
 * <p>A library that all have closed may stay loaded: as long as threads live that have a
 * thread-local object of it, whose destructor they will call. Models of PyTorch 2.13 and later have
 * one, for the latest error. Loading such a library again each time would take more memory each
 * time; so it is kept here and used again, until the loader has unloaded it.
 *
 * <p>Thread-safe.
 */
public final class MemoryLibraries {
    private static final Map<String, Loaded> BY_KEY = new HashMap<>();

    private MemoryLibraries() {}

    /** Writes a library to an empty file. */
    public interface Contents {
        void writeTo(FileChannel file) throws IOException;
    }

    private static final class Loaded {
        private final Memfd file;
        private final String path;
        private int users;

        Loaded(Memfd file) {
            this.file = file;
            this.path = file.path();
        }
    }

    /**
     * Opens a library, and what it needs.
     *
     * @param key identifies the contents
     * @param contents used unless the library exists already
     * @throws NativeException with the loader's message, as {@link NativeLibrary#open}
     */
    public static synchronized NativeLibrary open(String key, String name, Contents contents)
            throws IOException {
        dropUnloaded();
        Loaded loaded = BY_KEY.get(key);
        if (loaded == null) {
            loaded = write(name, contents);
            BY_KEY.put(key, loaded);
        }
        try {
            NativeLibrary library = NativeLibrary.open(name, loaded.path, release(loaded));
            loaded.users++;
            return library;
        } finally {
            dropUnloaded();
        }
    }

    private static Loaded write(String name, Contents contents) throws IOException {
        Memfd file = Memfd.create(name);
        try {
            try (var channel = file.open()) {
                contents.writeTo(channel);
            }
            file.seal();
            return new Loaded(file);
        } catch (Throwable e) {
            Closeables.closeAfter(e, file);
            throw e;
        }
    }

    private static Runnable release(Loaded loaded) {
        return () -> {
            synchronized (MemoryLibraries.class) {
                loaded.users--;
                dropUnloaded();
            }
        };
    }

    private static void dropUnloaded() {
        for (Iterator<Loaded> all = BY_KEY.values().iterator(); all.hasNext(); ) {
            Loaded loaded = all.next();
            if (loaded.users == 0 && !NativeLibrary.isLoaded(loaded.path)) {
                all.remove();
                loaded.file.close();
            }
        }
    }
}
