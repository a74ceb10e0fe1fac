package io.github.aoti4j.internal.inputs;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.cpp.SizeExpression.Literal;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.wrapper.DimensionSpec;
import io.github.aoti4j.internal.wrapper.InputSpec;

import java.util.Arrays;
import java.util.List;

/**
 * What is required of one input, in arrays with one element per dimension. What depends on the
 * sizes of other inputs is only stored in slots here; {@link InputCheck} compares it.
 */
final class InputConstraint {
    /** What stands in the slot of a stride that does not matter. */
    static final long NOT_COMPARED = Long.MIN_VALUE;

    /** What {@link #flaw} returns where there is none. */
    static final int FITS = -1;

    private static final int WRONG_DTYPE = -2;
    private static final int WRONG_RANK = -3;
    private static final int WRONG_DEVICE = -4;
    private static final int WRONG_STRIDES = -5;

    private static final int NONE = -1;

    final InputSpec spec;
    private final int index;
    private final InputNames names;
    private final int dtype;
    private final int deviceType;
    private final int rank;
    private final boolean rankKnown;
    private final long[] min;
    private final long[] max;

    /** Strides that are numbers. No stride that PyTorch knows is negative, so NONE is free. */
    private final long[] stride;

    /** The slots of sizes; NONE if no expression needs one. */
    final int[] sizeSlot;

    /** The slots of strides that are the values of symbols. */
    final int[] strideSlot;

    /** The slots of strides that are compared, unless one does not matter. */
    final int[] comparedStrideSlot;

    InputConstraint(InputSpec spec, int index, InputNames names, boolean allowEmpty) {
        this.spec = spec;
        this.index = index;
        this.names = names;
        dtype = spec.dtype().isPresent() ? spec.dtype().get().code() : NONE;
        deviceType = spec.deviceType().orElse(NONE);
        List<DimensionSpec> dimensions = spec.dimensions();
        rank = dimensions.size();
        rankKnown = spec.rankKnown();
        min = new long[rank];
        max = new long[rank];
        stride = new long[rank];
        for (int d = 0; d < rank; d++) {
            DimensionSpec dimension = dimensions.get(d);
            min[d] = allowEmpty ? dimension.emptyMin() : dimension.min();
            max[d] = dimension.max();
            stride[d] = dimension.stride() instanceof Literal(long n) ? n : NONE;
        }
        sizeSlot = noSlots();
        strideSlot = noSlots();
        comparedStrideSlot = noSlots();
    }

    private int[] noSlots() {
        int[] slots = new int[rank];
        Arrays.fill(slots, NONE);
        return slots;
    }

    String label() {
        return names.label(index);
    }

    boolean requiresDevice(int type) {
        return deviceType == type;
    }

    /**
     * Fills the slots up to what does not fit. Returns {@link #FITS}, one of the numbers below it,
     * or the dimension that has a wrong size.
     */
    int flaw(
            int dtypeCode, int actualRank, long[] sizes, long[] strides, int device, long[] slots) {
        if (dtypeCode != dtype && dtype != NONE) {
            return WRONG_DTYPE;
        }
        if (actualRank != rank && (rankKnown || actualRank < rank)) {
            return WRONG_RANK;
        }
        boolean empty = false;
        for (int d = 0; d < rank; d++) {
            long size = sizes[d];
            if (size < min[d] || size > max[d]) {
                return d;
            }
            empty |= size == 0;
            if (sizeSlot[d] != NONE) {
                slots[sizeSlot[d]] = size;
            }
        }
        for (int d = rank; d < actualRank; d++) {
            empty |= sizes[d] == 0;
        }
        if (device != deviceType && deviceType != NONE) {
            return WRONG_DEVICE;
        }
        for (int d = 0; d < rank; d++) {
            boolean matters = !empty && sizes[d] != 1;
            if (matters && strides[d] != stride[d] && stride[d] != NONE) {
                return WRONG_STRIDES;
            }
            if (strideSlot[d] != NONE) {
                slots[strideSlot[d]] = strides[d];
            }
            if (comparedStrideSlot[d] != NONE) {
                slots[comparedStrideSlot[d]] = matters ? strides[d] : NOT_COMPARED;
            }
        }
        return FITS;
    }

    /** Stores sizes and row-major strides where {@link #flaw} does, without any check. */
    void assumeRowMajor(long[] sizes, long[] slots) {
        long[] strides = Shapes.contiguousStrides(sizes);
        for (int d = 0; d < Math.min(rank, sizes.length); d++) {
            if (sizeSlot[d] != NONE) {
                slots[sizeSlot[d]] = sizes[d];
            }
            if (strideSlot[d] != NONE) {
                slots[strideSlot[d]] = strides[d];
            }
        }
    }

    /** Says what {@link #flaw} has found. */
    InvalidInputException refusal(
            int flaw, int dtypeCode, int actualRank, long[] sizes, long[] strides, int device) {
        String shape = "(shape " + Shapes.toString(Arrays.copyOf(sizes, actualRank)) + ")";
        return invalid(
                switch (flaw) {
                    case WRONG_DTYPE ->
                            "must be %s, but is %s"
                                    .formatted(
                                            spec.dtype().orElseThrow().torchName(),
                                            DType.ofCode(dtypeCode)
                                                    .map(DType::torchName)
                                                    .orElse(
                                                            "of a dtype without a name, number "
                                                                    + dtypeCode));
                    case WRONG_RANK ->
                            "must have %s%d dimension%s, %s, but has %d %s"
                                    .formatted(
                                            rankKnown ? "" : "at least ",
                                            rank,
                                            rank == 1 ? "" : "s",
                                            spec.shape(),
                                            actualRank,
                                            shape);
                    case WRONG_DEVICE ->
                            "must be on %s, but is on %s"
                                    .formatted(device(deviceType), device(device));
                    case WRONG_STRIDES ->
                            "must have strides %s, but has %s %s; copy it into a tensor with those strides"
                                    .formatted(
                                            spec.strides(),
                                            Shapes.toString(Arrays.copyOf(strides, actualRank)),
                                            shape);
                    default -> {
                        boolean isSmall = sizes[flaw] < min[flaw];
                        yield "dimension %d must be %s%d, but is %d %s%s"
                                .formatted(
                                        flaw,
                                        min[flaw] == max[flaw]
                                                ? ""
                                                : isSmall ? "at least " : "at most ",
                                        isSmall ? min[flaw] : max[flaw],
                                        sizes[flaw],
                                        shape,
                                        isEmptyOnly(flaw, sizes[flaw])
                                                ? "; ModelOptions.allowEmptyInputs(true) accepts it"
                                                : "");
                    }
                });
    }

    private boolean isEmptyOnly(int dimension, long size) {
        return size == 0 && spec.dimensions().get(dimension).emptyMin() == 0;
    }

    /** The names of {@code c10::DeviceType} that a tensor in a JVM can meet. */
    private static String device(int type) {
        return switch (type) {
            case 0 -> "cpu";
            case 1 -> "cuda";
            case 12 -> "xpu";
            case 13 -> "mps";
            default -> "device type " + type;
        };
    }

    InvalidInputException invalid(String problem) {
        return new InvalidInputException(label() + ": " + problem);
    }
}
