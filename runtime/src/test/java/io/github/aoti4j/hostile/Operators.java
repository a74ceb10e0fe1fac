package io.github.aoti4j.hostile;

import io.github.aoti4j.OperatorCall;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.DType;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** The operator of {@link Subject#CALLS_BACK}. */
final class Operators {
    static final String SCALE_ADD =
            "demo::scale_add(Tensor x, float scale, SymInt[] shifts, str mode, bool negate, Tensor?"
                    + " bias=None) -> Tensor";

    private Operators() {}

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
