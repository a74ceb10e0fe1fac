package io.github.aoti4j.stress.calls;

import io.github.aoti4j.OperatorCall;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.DType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;

/** The operator of {@link Subject#CALLS_BACK}. */
final class Operators {
    static final String SCALE_ADD =
            "demo::scale_add(Tensor x, float scale, SymInt[] shifts, str mode, bool negate, Tensor?"
                    + " bias=None) -> Tensor";

    private static final float[] NOTHING = new float[12];

    private Operators() {}

    /** Something that the model was not compiled for; or throws. */
    static Object wrong(OperatorCall call, SplittableRandom random) {
        long[] right = call.tensor("x").shape();
        // What the second call gives is returned as it is, of whatever type.
        boolean isRead = call.tensor("bias") == null;
        return switch (random.nextInt(isRead ? 9 : 7)) {
            case 0 -> null;
            case 1 -> "a string";
            case 2 -> List.of();
            case 3 -> throw new IllegalStateException("thrown by an operator");
            case 4 -> {
                try (Arena arena = Arena.ofConfined()) {
                    yield Tensor.of(arena, NOTHING, 1, 12);
                }
            }
            case 5, 6 -> call.empty(DType.FLOAT32, otherShape(right, random));
            default -> call.empty(otherType(random), right);
        };
    }

    private static long[] otherShape(long[] right, SplittableRandom random) {
        long rows = right[0];
        long columns = right[1];
        return switch (random.nextInt(7)) {
            case 0 -> new long[] {rows + 1 + random.nextInt(5000), columns};
            case 1 -> new long[] {rows - 1, columns};
            case 2 -> new long[] {rows, random.nextInt(12)};
            case 3 -> new long[] {rows, columns + 1};
            case 4 -> new long[] {rows * columns};
            case 5 -> new long[] {1, rows, columns};
            default -> new long[0];
        };
    }

    private static DType otherType(SplittableRandom random) {
        DType[] all = DType.values();
        DType picked = all[random.nextInt(all.length)];
        return picked == DType.FLOAT32 ? DType.FLOAT64 : picked;
    }

    /** The right result, in another order of its elements. */
    static Object turned(OperatorCall call) {
        Tensor right = (Tensor) scaleAdd(call);
        return right.copyWithStrides(call.arena(), 1, right.size(0));
    }

    static Object scaleAdd(OperatorCall call) {
        float[] y = call.tensor("x").toFloatArray();
        Tensor bias = call.tensor("bias");
        float[] b = bias == null ? new float[1] : bias.toFloatArray();
        List<Long> shifts = call.integers("shifts");
        float sum = 0;
        for (long shift : shifts) {
            sum += shift;
        }
        float scale = (float) call.number("scale");
        float divisor = call.string("mode").equals("mean") ? shifts.size() : 1;
        float sign = call.bool("negate") ? -1 : 1;
        for (int i = 0; i < y.length; i++) {
            y[i] = sign * ((y[i] * scale + sum) / divisor) + b[i % b.length];
        }
        Tensor result = call.empty(DType.FLOAT32, call.tensor("x").shape());
        result.segment().copyFrom(MemorySegment.ofArray(y));
        return result;
    }
}
