package io.github.aoti4j;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.bindings.diag.LeakWatch;
import io.github.aoti4j.bindings.os.StackGuard;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.OperatorException;
import io.github.aoti4j.internal.library.RuntimeAccess;
import io.github.aoti4j.internal.operators.JavaOperators;
import io.github.aoti4j.libtorch.LibTorch;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Operators written in Java, which models call by name: what {@code torch.library} is in Python.
 *
 * <pre>{@code
 * try (OperatorLibrary operators = OperatorLibrary.create()) {
 *     operators.register("demo::scale(Tensor x, float by) -> Tensor", call -> {
 *         Tensor x = call.tensor("x");
 *         Tensor y = call.empty(x.dtype(), x.shape());
 *         …
 *         return y;
 *     });
 *     try (Model model = Model.load(path)) { … }
 * }
 * }</pre>
 *
 * <p>Operators are the process's, whatever model calls them, and have to be registered before the
 * models that call them are loaded. Argument types are {@code Tensor}, {@code int}, {@code SymInt},
 * {@code float}, {@code bool}, {@code str}, {@code ScalarType}, {@code Layout}, {@code
 * MemoryFormat}, {@code Device}, optionals and lists of these; {@code Tensor(a!)} is one that the
 * operator writes into.
 *
 * <p>Results are compared with what a model was compiled for. A model whose package does not state
 * that is not loaded, unless {@link ModelOptions#trustOperators} is set.
 *
 * <p>Where class loaders have loaded this library several times, each copy has its own operators,
 * which the models of that copy call. libtorch is shared by all: native operators that call one in
 * Java get that of the copy that was first to register the name.
 *
 * <p>Thread-safe.
 */
public final class OperatorLibrary implements AutoCloseable {
    private final List<Runnable> removals = new ArrayList<>();
    private final LeakWatch watch = LeakWatch.of(this, "an operator library");
    private boolean closed;

    private OperatorLibrary() {
        RuntimeAccess.require();
    }

    /**
     * Makes an empty library. Loads libtorch from the usual places, unless it is loaded.
     *
     * @return the library, to be closed by the caller
     * @throws IncompatibleModelException if there is no libtorch that works here
     */
    public static OperatorLibrary create() {
        StackGuard.requireForLoad();
        LibTorch _ = LibTorch.load();
        return new OperatorLibrary();
    }

    /**
     * Makes an empty library. Loads libtorch from a folder, unless it is loaded.
     *
     * @param libtorch holds {@code libtorch_cpu.so}, itself or in {@code lib}
     * @return the library, to be closed by the caller
     * @throws IncompatibleModelException if there is none that works here, or another one is loaded
     */
    public static OperatorLibrary create(Path libtorch) {
        LibTorch _ = LibTorch.load(libtorch);
        return new OperatorLibrary();
    }

    /**
     * Registers an operator, for all devices.
     *
     * @param schema namespace, name, arguments and results as in {@code torch.library.define}; the
     *     namespace may have other operators
     * @param function what it does
     * @return this
     * @throws OperatorException if the schema is malformed or has types that cannot be passed; if
     *     there is such an operator already; or if models are loaded that call it by another schema
     *     that it had
     * @throws IllegalStateException if this is closed
     */
    public synchronized OperatorLibrary register(String schema, OperatorFunction function) {
        requireNonNull(schema, "schema");
        requireNonNull(function, "function");
        StackGuard.requireForLoad();
        if (closed) {
            throw new IllegalStateException("the operator library is closed");
        }
        removals.add(
                JavaOperators.register(
                        schema, Tensor.TYPE, values -> function.apply(new OperatorCall(values))));
        return this;
    }

    /**
     * Removes the operators. Calls in progress finish; runs of models that call one afterwards fail
     * with an {@link OperatorException}, until it is registered again. Closing again does nothing.
     */
    @Override
    public synchronized void close() {
        StackGuard.requireForClose();
        closed = true;
        watch.closed();
        removals.forEach(Runnable::run);
        removals.clear();
    }
}
