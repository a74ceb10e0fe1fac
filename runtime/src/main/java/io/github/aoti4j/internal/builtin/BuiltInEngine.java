package io.github.aoti4j.internal.builtin;

import io.github.aoti4j.bindings.blas.OpenBlas;
import io.github.aoti4j.bindings.elf.ElfFile;
import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.Environment;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.bindings.stub.StubLibrary;
import io.github.aoti4j.bindings.stub.VectorMath;
import io.github.aoti4j.bindings.torch.TensorApi;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.internal.builtin.FunctionTable.Function;
import io.github.aoti4j.internal.builtin.math.Products;
import io.github.aoti4j.internal.memory.MemoryBudget;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The engine without libtorch, as one model uses it. The first use opens the library that stands
 * for libtorch, the last one to be closed gives it back.
 *
 * <p>Thread-safe.
 */
public final class BuiltInEngine implements AutoCloseable {
    private static final String STANDARD_LIBRARY = "libstdc++.so.6";

    /** Every libtorch has it: where all see it, models get it in place of ours. */
    private static final String LIBTORCH_FUNCTION = "aoti_torch_empty_strided";

    private static final Map<String, Function> FUNCTIONS = functions();

    /** What all uses share; null if there is none. */
    private static StubLibrary library;

    private static VectorMath vectorMath;
    private static int users;

    private final String soname;
    private boolean closed;

    private BuiltInEngine(String soname) {
        this.soname = soname;
    }

    private static Map<String, Function> functions() {
        Map<String, Function> functions = HashMap.newHashMap(FunctionTable.FUNCTIONS.size());
        for (Function function : FunctionTable.FUNCTIONS) {
            functions.put(function.symbol(), function);
        }
        return functions;
    }

    /** Returns those of a model's undefined symbols that neither this engine nor the system has. */
    public static List<String> missing(Collection<String> undefinedSymbols) {
        List<String> missing = new ArrayList<>();
        try (NativeLibrary standard = standardLibrary();
                VectorMath vectors = new VectorMath()) {
            for (String symbol : undefinedSymbols) {
                boolean found =
                        StubLibrary.hasCode(symbol)
                                || FUNCTIONS.containsKey(symbol)
                                || vectors.find(symbol).isPresent()
                                || isOpenMp(symbol)
                                || (!isTorch(symbol) && isOfSystem(standard, symbol));
                if (!found) {
                    missing.add(symbol);
                }
            }
        }
        return missing;
    }

    /** A model names libgomp by itself. It must not be loaded only to be asked. */
    private static boolean isOpenMp(String symbol) {
        return symbol.startsWith("GOMP_") || symbol.startsWith("omp_");
    }

    /** A libtorch that the whole process sees has these, which must not count. */
    private static boolean isTorch(String symbol) {
        return symbol.startsWith("aoti_")
                || symbol.startsWith("torch_")
                || symbol.startsWith("Sleef_");
    }

    /** The C++ library needs all others of the system that models do. */
    private static boolean isOfSystem(NativeLibrary standard, String symbol) {
        return standard.has(symbol) || NativeLibrary.findGlobal(symbol).isPresent();
    }

    private static NativeLibrary standardLibrary() {
        return NativeLibrary.ofSystem(STANDARD_LIBRARY)
                .orElseThrow(
                        () ->
                                new IncompatibleModelException(
                                        "models need "
                                                + STANDARD_LIBRARY
                                                + ", which this system does not have"));
    }

    /** Returns whether a copy of a model's library can be bound to this engine. */
    public static boolean canBind(ElfFile library) {
        return library.canReplaceLibTorch(StubLibrary.NAME_LENGTH);
    }

    /** Returns why no model of this process can use the engine; empty if they can. */
    public static Optional<String> obstacle() {
        return NativeLibrary.findGlobal(LIBTORCH_FUNCTION)
                .map(
                        _ ->
                                "other code of this process has loaded a libtorch with"
                                        + " RTLD_GLOBAL, which models would call instead");
    }

    /** Returns why libtorch is faster for a model; empty if it is not. */
    public static Optional<String> slower(Collection<String> undefinedSymbols) {
        return Products.areIn(undefinedSymbols) ? Products.slower() : Optional.empty();
    }

    /** Links what the first model needs, which needs nothing else of it. */
    public static void prepare() {
        EntryPoints.prepare();
        OpenBlas.prepareShape();
    }

    /**
     * Makes the functions that a model calls ready. Closed when the model's library is closed.
     *
     * @param undefinedSymbols the model's
     * @param intraOpThreads how many threads one operator may use, if OpenMP is not loaded yet; 0
     *     for its default
     * @param openBlas OpenBLAS or its folder; null to look for it
     * @throws AotiException if the library that stands for libtorch cannot be loaded
     */
    public static BuiltInEngine open(
            Collection<String> undefinedSymbols, int intraOpThreads, Path openBlas) {
        synchronized (BuiltInEngine.class) {
            if (intraOpThreads > 0) {
                // Read by OpenMP's library as it is loaded.
                Environment.set("OMP_NUM_THREADS", Integer.toString(intraOpThreads));
            }
            if (library == null) {
                openLibrary();
            }
            try {
                bind(undefinedSymbols, openBlas);
            } catch (Throwable e) {
                Closeables.closeAfter(e, users == 0 ? BuiltInEngine::closeLibrary : null);
                throw e;
            }
            users++;
            return new BuiltInEngine(library.soname());
        }
    }

    private static void openLibrary() {
        List<String> names = new ArrayList<>();
        for (Function function : FunctionTable.FUNCTIONS) {
            names.add(function.symbol());
        }
        names.addAll(VectorMath.symbols());
        NativeLibrary standard = standardLibrary();
        try {
            library = StubLibrary.open(names, standard);
        } catch (Throwable e) {
            Closeables.closeAfter(e, standard);
            throw e;
        }
        vectorMath = new VectorMath();
    }

    private static void bind(Collection<String> undefinedSymbols, Path openBlas) {
        List<Function> wanted = new ArrayList<>();
        for (String symbol : undefinedSymbols) {
            if (library.isBound(symbol)) {
                continue;
            }
            Function function = FUNCTIONS.get(symbol);
            if (function != null) {
                wanted.add(function);
            } else {
                Optional<MemorySegment> vector = vectorMath.find(symbol);
                if (vector.isPresent()) {
                    library.bind(symbol, vector.get());
                }
            }
        }
        if (Products.areIn(undefinedSymbols)) {
            Products.prepare(undefinedSymbols, openBlas);
        }
        if (!wanted.isEmpty()) {
            EntryPoints.make(wanted, library.arena()).forEach(library::bind);
        }
    }

    private static void closeLibrary() {
        StubLibrary opened = library;
        VectorMath vectors = vectorMath;
        library = null;
        vectorMath = null;
        Closeables.closeAll(opened, vectors);
    }

    /** Returns the name by which the model's library needs the functions. */
    public String soname() {
        return soname;
    }

    /**
     * Returns what the Java side of one model's runs calls.
     *
     * @param budget counts their memory
     */
    public TensorApi tensors(MemoryBudget budget) {
        return BuiltInTensors.of(budget);
    }

    /** Ends this use, when the model's library is closed. */
    @Override
    public void close() {
        synchronized (BuiltInEngine.class) {
            if (!closed) {
                closed = true;
                users--;
                if (users == 0) {
                    closeLibrary();
                }
            }
        }
    }
}
