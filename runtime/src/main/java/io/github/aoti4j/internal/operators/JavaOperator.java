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

    /** The schema that the users were loaded with; null before the first registration. */
    private OperatorSchema schema;

    /** How many nodes of loaded models call this. */
    private int users;

    JavaOperator() {
        OperatorThread.prepare();
    }

    /**
     * Returns the bits of each result, which the caller owns; the slot is eight bytes of scratch.
     */
    @FunctionalInterface
    interface Kernel {
        long[] apply(long[] arguments, MemorySegment slot);
    }

    /** What is registered. */
    record Binding(OperatorSchema schema, Kernel kernel) {
        /**
         * Computes. A plan calls this not through libtorch, whose dispatcher confuses results of
         * several types ({@link ResultEncoding}).
         *
         * @param stack the arguments, which this consumes, then the results, which the caller owns
         */
        void call(MemorySegment stack, MemorySegment slot, OperatorThread thread) {
            long[] arguments = new long[schema.arguments().size()];
            for (int i = 0; i < arguments.length; i++) {
                arguments[i] = stack.getAtIndex(JAVA_LONG, i);
            }
            long[] results = null;
            try {
                if (!thread.hasFailed()) {
                    results = kernel.apply(arguments, slot);
                }
            } catch (Throwable e) {
                thread.fail(e, schema.qualifiedName());
            }
            // First the results: libtorch reads them in any case, and a null tensor ends the
            // process.
            for (int i = 0; i < schema.results().size(); i++) {
                ValueType type = schema.results().get(i).type();
                stack.setAtIndex(
                        JAVA_LONG,
                        i,
                        results == null ? Values.placeholder(type, slot) : results[i]);
            }
            for (int i = 0; i < arguments.length; i++) {
                Values.release(schema.arguments().get(i).type(), arguments[i], slot);
            }
        }
    }

    NativeKernel entryPoint() {
        return entryPoint;
    }

    /** Returns what is registered, or null. */
    Binding binding() {
        return binding;
    }

    void bind(OperatorSchema newSchema, Kernel kernel) {
        schema = newSchema;
        binding = new Binding(newSchema, kernel);
        entryPoint.retain();
    }

    void unbind() {
        binding = null;
        entryPoint.release();
    }

    OperatorSchema schema() {
        synchronized (JavaOperators.LOCK) {
            return schema;
        }
    }

    /** Notes that a model will call it by a schema, until {@link #release}. */
    void retain(OperatorSchema expected) {
        synchronized (JavaOperators.LOCK) {
            if (!schema.passesLike(expected)) {
                throw new OperatorException(
                        "operator %s was registered again, with other arguments or results, while a model that calls it was being loaded"
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

    /** Loaded models pass what the old schema says. */
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
                throw new OperatorException("an operator was called after it had been removed");
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
                bound.call(stack.reinterpret(bytes), arena.allocate(JAVA_LONG), thread);
            }
        } catch (Throwable e) {
            thread.fail(e, bound == null ? "unknown" : bound.schema.qualifiedName());
        }
    }
}
