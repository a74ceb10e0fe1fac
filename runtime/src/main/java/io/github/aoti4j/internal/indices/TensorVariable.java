package io.github.aoti4j.internal.indices;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.cpp.SizeExpression;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A variable of a wrapper source that holds a tensor, and what the source does with it. */
final class TensorVariable {
    /** By the name in C++ without blanks. */
    private static final Map<String, DType> TYPES =
            Map.ofEntries(
                    Map.entry("float", DType.FLOAT32),
                    Map.entry("double", DType.FLOAT64),
                    Map.entry("int64_t", DType.INT64),
                    Map.entry("int32_t", DType.INT32),
                    Map.entry("int16_t", DType.INT16),
                    Map.entry("int8_t", DType.INT8),
                    Map.entry("uint8_t", DType.UINT8),
                    Map.entry("uint16_t", DType.UINT16),
                    Map.entry("uint32_t", DType.UINT32),
                    Map.entry("uint64_t", DType.UINT64),
                    Map.entry("bool", DType.BOOL),
                    Map.entry("half", DType.FLOAT16),
                    Map.entry("at::Half", DType.FLOAT16),
                    Map.entry("bfloat16", DType.BFLOAT16),
                    Map.entry("at::BFloat16", DType.BFLOAT16),
                    Map.entry("at::Float8_e4m3fn", DType.FLOAT8_E4M3FN),
                    Map.entry("at::Float8_e5m2", DType.FLOAT8_E5M2),
                    Map.entry("at::Float8_e4m3fnuz", DType.FLOAT8_E4M3FNUZ),
                    Map.entry("at::Float8_e5m2fnuz", DType.FLOAT8_E5M2FNUZ),
                    Map.entry("at::complex<float>", DType.COMPLEX64),
                    Map.entry("at::complex<double>", DType.COMPLEX128));

    /** Another one with the same memory; this if there is none. */
    private TensorVariable parent = this;

    private List<SizeExpression> sizes;
    private List<SizeExpression> strides;
    private boolean isInherited;
    private final Map<Integer, String> sizeNames = new LinkedHashMap<>();

    // Of the memory, kept with the representative.
    private final Set<DType> dtypes = EnumSet.noneOf(DType.class);
    private final List<TensorVariable> madeFrom = new ArrayList<>();
    private boolean isUsed;
    private boolean isReadSomehow;

    /** States sizes and strides; the first statement counts. */
    void layout(List<SizeExpression> statedSizes, List<SizeExpression> statedStrides) {
        if ((sizes == null || isInherited) && statedSizes != null && statedStrides != null) {
            sizes = statedSizes;
            strides = statedStrides;
            isInherited = false;
        }
    }

    /** This is another one, as it is. */
    void sameAs(TensorVariable other) {
        shareWith(other);
        if (sizes == null && other.sizes != null) {
            sizes = other.sizes;
            strides = other.strides;
            isInherited = true;
        }
    }

    /** The source names a size of it. */
    void sizeName(int dimension, String name) {
        sizeNames.put(dimension, name);
    }

    /** Something depends on its sizes and strides. */
    void used() {
        memory().isUsed = true;
    }

    /** A kernel reads or writes its memory as elements of a type of C++. */
    void readAs(String cppType) {
        DType dtype = TYPES.get(cppType);
        if (dtype == null) {
            readSomehow();
        } else {
            memory().dtypes.add(dtype);
        }
    }

    /** Something may read its memory, as elements of an unknown type. */
    void readSomehow() {
        memory().isReadSomehow = true;
    }

    /** This may have its element type from another one. */
    void madeFrom(TensorVariable other) {
        memory().madeFrom.add(other);
    }

    /** Both have the same memory. */
    void shareWith(TensorVariable other) {
        TensorVariable mine = memory();
        TensorVariable theirs = other.memory();
        if (!mine.equals(theirs)) {
            mine.parent = theirs;
            theirs.dtypes.addAll(mine.dtypes);
            theirs.madeFrom.addAll(mine.madeFrom);
            theirs.isUsed |= mine.isUsed;
            theirs.isReadSomehow |= mine.isReadSomehow;
        }
    }

    private TensorVariable memory() {
        TensorVariable root = this;
        while (!root.parent.equals(root)) {
            root.parent = root.parent.parent;
            root = root.parent;
        }
        return root;
    }

    private boolean isRead() {
        return isReadSomehow || !dtypes.isEmpty();
    }

    /** Those whose element type decides what is read, in their memory or in what is made of it. */
    static Set<TensorVariable> read(Collection<TensorVariable> all) {
        Set<TensorVariable> read = new HashSet<>();
        var open = new ArrayDeque<TensorVariable>();
        for (TensorVariable variable : all) {
            if (variable.memory().isRead()) {
                open.add(variable.memory());
            }
        }
        while (!open.isEmpty()) {
            TensorVariable next = open.remove();
            if (read.add(next)) {
                next.madeFrom.forEach(other -> open.add(other.memory()));
            }
        }
        return read;
    }

    /** What the source says of it, once all has been seen. */
    OperatorCallSite.PassedTensor passed(Set<TensorVariable> read) {
        TensorVariable memory = memory();
        return new OperatorCallSite.PassedTensor(
                Optional.ofNullable(sizes),
                Optional.ofNullable(strides),
                memory.dtypes.size() == 1
                        ? Optional.of(memory.dtypes.iterator().next())
                        : Optional.empty(),
                memory.isUsed || memory.isRead(),
                read.contains(memory),
                Map.copyOf(sizeNames));
    }
}
