package io.github.aoti4j.internal.proxy;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.OperatorRegistration;
import io.github.aoti4j.core.OperatorException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** An operator's native entry point, and the Java code behind it while it is registered. */
final class JavaOperator {
    private final MemorySegment entryPoint = OperatorRegistration.nativeKernel(this::call);

    /** Null while the operator is not registered. */
    private volatile Binding binding;

    /** What the models that use it were loaded with; null before the first registration. */
    private OperatorSchema schema;

    private int users;

    private record Binding(OperatorSchema schema, JavaKernel kernel) {}

    MemorySegment entryPoint() {
        return entryPoint;
    }

    boolean isBound() {
        return binding != null;
    }

    void bind(OperatorSchema newSchema, JavaKernel kernel) {
        schema = newSchema;
        binding = new Binding(newSchema, kernel);
    }

    void unbind() {
        binding = null;
    }

    void use() {
        users++;
    }

    void release() {
        synchronized (JavaOperators.LOCK) {
            users--;
        }
    }

    /** A loaded model would go on to pass what the old schema says. */
    void requireNoOtherUse(OperatorSchema newSchema) {
        if (users > 0 && !schema.passesLike(newSchema)) {
            throw new OperatorException(
                    "operator %s cannot be registered with other arguments or results while models that call it are loaded: close them first"
                            .formatted(newSchema.qualifiedName()));
        }
    }

    /** Called by libtorch; nothing may be thrown. */
    private void call(MemorySegment stack, long numArguments, long numResults) {
        OperatorThread thread = OperatorThread.current();
        Binding bound = binding;
        try {
            if (bound == null) {
                throw new OperatorException("an operator was called after it had been taken back");
            }
            OperatorSchema called = bound.schema;
            if (numArguments != called.arguments().size()
                    || numResults != called.results().size()) {
                throw new OperatorException(
                        "operator %s was called with another schema"
                                .formatted(called.qualifiedName()));
            }
            try (Arena arena = Arena.ofConfined()) {
                call(
                        bound,
                        stack.reinterpret(called.stackSize() * JAVA_LONG.byteSize()),
                        arena.allocate(JAVA_LONG),
                        thread);
            }
        } catch (Throwable e) {
            thread.fail(e, bound == null ? "unknown" : bound.schema.qualifiedName());
        }
    }

    private static void call(
            Binding bound, MemorySegment stack, MemorySegment slot, OperatorThread thread) {
        OperatorSchema schema = bound.schema;
        long[] arguments = stack.toArray(JAVA_LONG);
        long[] results = null;
        try {
            if (!thread.hasFailed()) {
                results = bound.kernel.apply(arguments, slot);
            }
        } catch (Throwable e) {
            thread.fail(e, schema.qualifiedName());
        }
        // First the results: libtorch reads them whatever happens, and a null would end the
        // process.
        for (int i = 0; i < schema.results().size(); i++) {
            stack.setAtIndex(
                    JAVA_LONG,
                    i,
                    results == null
                            ? Values.placeholder(schema.results().get(i).type(), slot)
                            : results[i]);
        }
        for (int i = 0; i < schema.arguments().size(); i++) {
            Values.release(schema.arguments().get(i).type(), arguments[i], slot);
        }
    }
}
