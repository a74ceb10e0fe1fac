package io.github.aoti4j;

import io.github.aoti4j.core.DType;

import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The operators of fixtures/operators.py, in Java; as an extension, for the tests of a class. */
public final class DemoOperators implements BeforeAllCallback, AfterAllCallback {
    private OperatorLibrary library;

    static final String SCALE_ADD =
            "demo::scale_add(Tensor x, float scale, SymInt[] shifts, str mode, bool negate, Tensor?"
                    + " bias=None) -> Tensor";

    static final String MIX =
            "demo::mix(Tensor[] xs, Tensor?[] weights, float[]? factors, bool[] use,"
                    + " str[] tags, *, ScalarType dtype, Device? device=None, Layout?"
                    + " layout=None, int? power=2, MemoryFormat? memory_format=None) ->"
                    + " (Tensor, Tensor?)";

    static final String WEIGH =
            "demo::weigh(Tensor[] xs, Scalar by, Scalar[] factors, Scalar? shift=None, *, Scalar"
                    + " scale=1.0, bool whole=False) -> (Tensor, int, Tensor[], Tensor?)";

    public DemoOperators() {}

    @Override
    public void beforeAll(ExtensionContext context) {
        library = EngineUnderTest.isBuiltIn() ? null : open();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        if (library != null) {
            library.close();
        }
    }

    /** Registers them until the library is closed. */
    public static OperatorLibrary open() {
        return open(DemoOperators::scaleAdd);
    }

    /** Registers them with another function for {@link #SCALE_ADD}. */
    public static OperatorLibrary open(OperatorFunction scaleAdd) {
        OperatorLibrary library = OperatorLibrary.create();
        all().forEach(
                        (schema, function) ->
                                library.register(
                                        schema, schema.equals(SCALE_ADD) ? scaleAdd : function));
        return library;
    }

    /** What they do, by their schemas. */
    public static Map<String, OperatorFunction> all() {
        Map<String, OperatorFunction> all = new HashMap<>();
        all.put(SCALE_ADD, DemoOperators::scaleAdd);
        all.put("demo::accumulate(Tensor(a!) total, Tensor x) -> ()", DemoOperators::accumulate);
        all.put("demo::split_by(Tensor x, SymInt[] sizes) -> Tensor[]", DemoOperators::splitBy);
        all.put(MIX, DemoOperators::mix);
        all.put("demo::halves(Tensor x, int parts) -> (Tensor, int)", DemoOperators::halves);
        all.put(
                "demo::shift(Tensor x, *, int by=3, SymInt[2] twice=[4, 5], float scale=0.5, bool"
                        + " up=True) -> Tensor",
                DemoOperators::shift);
        all.put("demo::positive_rows(Tensor x) -> Tensor", DemoOperators::positiveRows);
        all.put("demo::flags(Tensor x) -> Tensor", DemoOperators::flags);
        all.put("demo::turned(Tensor x) -> Tensor", DemoOperators::turned);
        all.put("demo::twice(Tensor x) -> Tensor", DemoOperators::twice);
        all.put(WEIGH, DemoOperators::weigh);
        return all;
    }

    public static Object scaleAdd(OperatorCall call) {
        Tensor x = call.tensor("x");
        List<Long> shifts = call.integers("shifts");
        Tensor bias = call.tensor("bias");
        float sum = shifts.stream().mapToLong(Long::longValue).sum();
        float[] y = x.toFloatArray();
        float[] b = bias == null ? null : bias.toFloatArray();
        for (int i = 0; i < y.length; i++) {
            y[i] = y[i] * (float) call.number("scale") + sum;
            y[i] = call.string("mode").equals("mean") ? y[i] / shifts.size() : y[i];
            y[i] = call.bool("negate") ? -y[i] : y[i];
            y[i] = b == null ? y[i] : y[i] + b[i % b.length];
        }
        return filled(call, y, x.shape());
    }

    private static Object accumulate(OperatorCall call) {
        MemorySegment total = call.tensor("total").segment();
        float[] x = call.tensor("x").toFloatArray();
        for (int i = 0; i < x.length; i++) {
            float sum = total.getAtIndex(ValueLayout.JAVA_FLOAT, i) + x[i];
            total.setAtIndex(ValueLayout.JAVA_FLOAT, i, sum);
        }
        return null;
    }

    public static Object splitBy(OperatorCall call) {
        Tensor x = call.tensor("x");
        float[] all = x.toFloatArray();
        List<Tensor> parts = new ArrayList<>();
        int row = Math.toIntExact(x.size(1));
        int from = 0;
        for (long rows : call.integers("sizes")) {
            int to = from + Math.toIntExact(rows) * row;
            // Not in memory of libtorch's: copied.
            parts.add(Tensor.of(call.arena(), Arrays.copyOfRange(all, from, to), rows, row));
            from = to;
        }
        return parts;
    }

    private static Object mix(OperatorCall call) {
        List<Tensor> xs = call.tensors("xs");
        List<Tensor> weights = call.tensors("weights");
        List<Double> factors = call.numbers("factors");
        float[] total = new float[Math.toIntExact(xs.getFirst().elementCount())];
        for (int i = 0; i < xs.size(); i++) {
            if (call.bools("use").get(i)) {
                float[] y = xs.get(i).toFloatArray();
                float[] w = weights.get(i) == null ? null : weights.get(i).toFloatArray();
                for (int k = 0; k < y.length; k++) {
                    y[k] = w == null ? y[k] : y[k] * w[k];
                    y[k] = factors == null ? y[k] : y[k] * factors.get(i).floatValue();
                    total[k] += call.strings("tags").get(i).equals("minus") ? -y[k] : y[k];
                }
            }
        }
        float sum = 0;
        Object power = call.value("power");
        for (int k = 0; k < total.length; k++) {
            total[k] = power == null ? total[k] : (float) Math.pow(total[k], (Long) power);
            sum += total[k];
        }
        Tensor mixed = call.empty(call.dtype("dtype"), xs.getFirst().shape());
        for (int k = 0; k < total.length; k++) {
            if (mixed.dtype() == DType.FLOAT64) {
                mixed.segment().setAtIndex(ValueLayout.JAVA_DOUBLE, k, total[k]);
            } else {
                mixed.segment().setAtIndex(ValueLayout.JAVA_INT, k, (int) total[k]);
            }
        }
        Tensor norm =
                factors == null ? null : Tensor.of(call.arena(), new float[] {sum}, new long[0]);
        return Arrays.asList(mixed, norm);
    }

    private static Object weigh(OperatorCall call) {
        List<Tensor> xs = call.tensors("xs");
        List<Double> factors = call.numbers("factors");
        Object shift = call.value("shift");
        long[] shape = xs.getFirst().shape();
        float[] total = new float[Math.toIntExact(xs.getFirst().elementCount())];
        List<Tensor> parts = new ArrayList<>();
        for (int i = 0; i < xs.size(); i++) {
            float[] part = xs.get(i).toFloatArray();
            for (int k = 0; k < part.length; k++) {
                part[k] *= factors.get(i).floatValue();
                part[k] += shift == null ? 0 : ((Number) shift).floatValue();
                total[k] += part[k];
            }
            parts.add(filled(call, part, shape));
        }
        float sum = 0;
        for (int k = 0; k < total.length; k++) {
            total[k] *= (float) (call.number("by") * call.number("scale"));
            sum += total[k];
        }
        Tensor whole =
                call.bool("whole") ? Tensor.of(call.arena(), new float[] {sum}, new long[0]) : null;
        return Arrays.asList(filled(call, total, shape), (long) xs.size(), parts, whole);
    }

    private static Object halves(OperatorCall call) {
        float[] y = call.tensor("x").toFloatArray();
        for (int i = 0; i < y.length; i++) {
            y[i] /= call.integer("parts");
        }
        return List.of(filled(call, y, call.tensor("x").shape()), call.integer("parts"));
    }

    public static Object shift(OperatorCall call) {
        float[] y = call.tensor("x").toFloatArray();
        long twice = call.integers("twice").stream().mapToLong(Long::longValue).sum();
        for (int i = 0; i < y.length; i++) {
            y[i] = y[i] * (float) call.number("scale") + call.integer("by") + twice;
            y[i] = call.bool("up") ? y[i] : -y[i];
        }
        return filled(call, y, call.tensor("x").shape());
    }

    private static Tensor positiveRows(OperatorCall call) {
        Tensor x = call.tensor("x");
        int columns = Math.toIntExact(x.size(1));
        float[] all = x.toFloatArray();
        int kept = 0;
        for (int from = 0; from < all.length; from += columns) {
            if (all[from] > 0) {
                System.arraycopy(all, from, all, columns * kept++, columns);
            }
        }
        return filled(call, Arrays.copyOf(all, columns * kept), kept, columns);
    }

    private static Tensor flags(OperatorCall call) {
        float[] x = call.tensor("x").toFloatArray();
        Tensor flags = call.empty(DType.BOOL, call.tensor("x").shape());
        for (int i = 0; i < x.length; i++) {
            flags.segment().set(ValueLayout.JAVA_BYTE, i, (byte) (x[i] > 0 ? 1 : 0));
        }
        return flags;
    }

    private static Tensor turned(OperatorCall call) {
        Tensor y = twice(call);
        return y.copyWithStrides(call.arena(), 1, y.size(0));
    }

    public static Tensor twice(OperatorCall call) {
        Tensor x = call.tensor("x");
        double[] y = x.toDoubleArray();
        Tensor result = call.empty(x.dtype(), x.shape());
        for (int i = 0; i < y.length; i++) {
            if (x.dtype() == DType.FLOAT64) {
                result.segment().setAtIndex(ValueLayout.JAVA_DOUBLE, i, 2 * y[i]);
            } else {
                result.segment().setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (2 * y[i]));
            }
        }
        return result;
    }

    private static Tensor filled(OperatorCall call, float[] values, long... shape) {
        Tensor tensor = call.empty(DType.FLOAT32, shape);
        tensor.segment().copyFrom(MemorySegment.ofArray(values));
        return tensor;
    }
}
