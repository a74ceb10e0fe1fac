package io.github.aoti4j.internal.operators;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.os.RawMemory;
import io.github.aoti4j.bindings.torch.FastTensorApi;
import io.github.aoti4j.internal.cpp.SizeSymbol;
import io.github.aoti4j.internal.cpp.SizeSymbol.Extent;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** The sizes and strides of a run's inputs by which the results of operators are checked. */
final class InputSizes {
    private final SizeSymbol[] symbols;

    InputSizes(List<SizeSymbol> symbols) {
        this.symbols = symbols.toArray(SizeSymbol[]::new);
    }

    int count() {
        return symbols.length;
    }

    /**
     * Writes the values to the symbols' slots; {@code slot} is the address of eight bytes of
     * scratch.
     */
    void read(MemorySegment inputs, int count, long slot, long[] values) {
        for (SizeSymbol symbol : symbols) {
            Extent extent = symbol.extent().orElse(null);
            long value = 0;
            if (extent == null) {
                value = symbol.definition().orElseThrow().toLong(values);
            } else if (extent.input() < count) {
                long handle = inputs.getAtIndex(JAVA_LONG, extent.input());
                // A source that is not the library's may say anything.
                if (extent.dimension() < FastTensorApi.rank(handle, slot)) {
                    long all =
                            extent.isStride()
                                    ? FastTensorApi.strides(handle, slot)
                                    : FastTensorApi.sizes(handle, slot);
                    value = RawMemory.at(all, extent.dimension());
                }
            }
            values[symbol.slot()] = value;
        }
    }
}
