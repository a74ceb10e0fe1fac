package io.github.aoti4j.jmh.peers;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.jmh.GoldenCall;
import io.github.aoti4j.jmh.GoldenCall.Array;
import io.github.aoti4j.jmh.Iterations;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Times {@code OrtSession.run} in a fresh JVM, after its answer has been checked: {@code
 * OnnxRuntimeProbe THREADS MODEL INPUTS OUTPUTS WARM_UP_MILLIS ITERATIONS ITERATION_MILLIS}. Inputs
 * and outputs are bound once to direct buffers, all graph optimizations are on, and so is the
 * arena.
 */
public final class OnnxRuntimeProbe {
    private OnnxRuntimeProbe() {}

    public static void main(String[] args) throws Exception {
        GoldenCall call = GoldenCall.of(Path.of(args[2]), Path.of(args[3]));
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (SessionOptions options = options(Integer.parseInt(args[0]));
                OrtSession session = environment.createSession(args[1], options)) {
            Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
            var arrays = call.inputs().iterator();
            for (String name : session.getInputNames()) {
                inputs.put(name, tensor(environment, arrays.next(), true));
            }
            Map<String, OnnxTensor> outputs = new LinkedHashMap<>();
            arrays = call.outputs().iterator();
            for (String name : session.getOutputNames()) {
                outputs.put(name, tensor(environment, arrays.next(), false));
            }
            run(session, inputs, outputs);
            List<float[]> answers = new ArrayList<>();
            for (OnnxTensor output : outputs.values()) {
                float[] values = new float[output.getFloatBuffer().capacity()];
                output.getFloatBuffer().get(values);
                answers.add(values);
            }
            call.require(answers);
            Iterations.of(args).print(() -> run(session, inputs, outputs));
            inputs.values().forEach(OnnxTensor::close);
            outputs.values().forEach(OnnxTensor::close);
        }
    }

    private static SessionOptions options(int threads) throws OrtException {
        SessionOptions options = new SessionOptions();
        options.setOptimizationLevel(OptLevel.ALL_OPT);
        options.setCPUArenaAllocator(true);
        options.setMemoryPatternOptimization(true);
        options.setExecutionMode(SessionOptions.ExecutionMode.SEQUENTIAL);
        options.setIntraOpNumThreads(threads);
        options.setInterOpNumThreads(1);
        return options;
    }

    private static void run(
            OrtSession session, Map<String, OnnxTensor> inputs, Map<String, OnnxTensor> outputs)
            throws OrtException {
        session.run(inputs, outputs).close();
    }

    private static OnnxTensor tensor(OrtEnvironment environment, Array array, boolean filled)
            throws OrtException {
        ByteBuffer buffer =
                ByteBuffer.allocateDirect((int) array.data().byteSize())
                        .order(ByteOrder.nativeOrder());
        if (filled) {
            buffer.put(array.data().asByteBuffer()).rewind();
        }
        OnnxJavaType type =
                switch (array.dtype()) {
                    case DType.FLOAT32 -> OnnxJavaType.FLOAT;
                    case DType.INT64 -> OnnxJavaType.INT64;
                    default -> throw new IllegalArgumentException("" + array.dtype());
                };
        return OnnxTensor.createTensor(environment, buffer, array.shape(), type);
    }
}
