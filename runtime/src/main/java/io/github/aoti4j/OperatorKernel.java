package io.github.aoti4j;

import io.github.aoti4j.internal.operators.JavaKernel;
import io.github.aoti4j.internal.operators.OperatorSchema;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Between libtorch's values and an operator's function. */
record OperatorKernel(OperatorSchema schema, OperatorFunction function) implements JavaKernel {
    @Override
    public long[] apply(long[] arguments, MemorySegment slot) {
        try (Arena arena = Arena.ofConfined();
                OperatorValues values = new OperatorValues(schema, arena, slot)) {
            values.read(arguments);
            return values.results(function.apply(new OperatorCall(values)));
        }
    }
}
