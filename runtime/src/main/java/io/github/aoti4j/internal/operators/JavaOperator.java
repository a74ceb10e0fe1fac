package io.github.aoti4j.internal.operators;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.os.NativeKernel;
import io.github.aoti4j.core.OperatorException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** An operator's native entry point, and the Java code behind it while it is registered. */
final class JavaOperator {
    private final NativeKernel entryPoint = new NativeKernel(this::call);

    /** Null while the operator is not registered. */
    private volatile Binding binding;

    /** What the models that use it were loaded with; null before the first registration. */
    private OperatorSchema schema;

    private int users;

    JavaOperator() {
        OperatorThread.prepare();
    }

    private record Binding(OperatorSchema schema, JavaKernel kernel) {}

    NativeKernel entryPoint() {
        return entryPoint;
    }

    boolean isBound() {
        return binding != null;
    }

    void bind(OperatorSchema newSchema, JavaKernel kernel) {
        schema = newSchema;
        binding = new Binding(newSchema, kernel);
        entryPoint.retain();
    }

    void unbind() {
        binding = null;
        entryPoint.release();
    }

    /** To be asked while it is bound. */
    OperatorSchema schema() {
        return schema;
    }

    /** Says that a model is going to call it by a schema, until {@link #release}. */
    void use(OperatorSchema expected) {
        synchronized (JavaOperators.LOCK) {
            if (!schema.passesLike(expected)) {
                throw new OperatorException(
                        "operator %s was registered anew, with other arguments or results, while a model that calls it was being loaded"
                                .formatted(expected.qualifiedName()));
            }
            users++;
        }
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

    /**
     * Called by a plan, without the way through libtorch: its dispatcher confuses results of
     * several types ({@link ResultEncoding}).
     *
     * @param stack the arguments, which this takes, and then the results, the caller's
     */
    void call(MemorySegment stack, MemorySegment slot, OperatorThread thread) {
        Binding bound = binding;
        if (bound == null) {
            throw new OperatorException("an operator was taken back while it was being called");
        }
        call(bound, stack, slot, thread);
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
                long bytes = called.stackSize() * JAVA_LONG.byteSize();
                call(bound, stack.reinterpret(bytes), arena.allocate(JAVA_LONG), thread);
            }
        } catch (Throwable e) {
            thread.fail(e, bound == null ? "unknown" : bound.schema.qualifiedName());
        }
    }

    private static void call(
            Binding bound, MemorySegment stack, MemorySegment slot, OperatorThread thread) {
        OperatorSchema schema = bound.schema;
        long[] arguments = new long[schema.arguments().size()];
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = stack.getAtIndex(JAVA_LONG, i);
        }
        long[] results = null;
        try {
            if (!thread.hasFailed()) {
                results = bound.kernel.apply(arguments, slot);
            }
        } catch (Throwable e) {
            thread.fail(e, schema.qualifiedName());
        }
        // First the results: libtorch reads them whatever happens, and a null tensor would end the
        // process.
        for (int i = 0; i < schema.results().size(); i++) {
            ValueType type = schema.results().get(i).type();
            stack.setAtIndex(
                    JAVA_LONG, i, results == null ? Values.placeholder(type, slot) : results[i]);
        }
        for (int i = 0; i < arguments.length; i++) {
            Values.release(schema.arguments().get(i).type(), arguments[i], slot);
        }
    }
}
