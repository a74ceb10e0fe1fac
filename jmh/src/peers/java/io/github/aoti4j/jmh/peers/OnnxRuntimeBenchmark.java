package io.github.aoti4j.jmh.peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;

import io.github.aoti4j.jmh.GoldenCall;
import io.github.aoti4j.jmh.RunBenchmark;
import io.github.aoti4j.jmh.Workload;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** ONNX Runtime on the same network, one thread, its inputs bound once to direct buffers. */
public class OnnxRuntimeBenchmark extends RunBenchmark {
    @Param public Workload workload;

    private OrtEnvironment environment;
    private OrtSession session;
    private final Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
    private Map<String, OnnxTensor> pinned;
    private FloatBuffer pinnedValues;

    @Setup
    public void setUp() throws OrtException {
        GoldenCall call = GoldenCall.of(workload);
        environment = OrtEnvironment.getEnvironment();
        try (var options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setInterOpNumThreads(1);
            session = environment.createSession(workload.onnx().toString(), options);
        }
        var arrays = call.inputs().iterator();
        for (String name : session.getInputNames()) {
            GoldenCall.Array array = arrays.next();
            FloatBuffer values = direct(array.values().length).put(array.values()).rewind();
            inputs.put(name, OnnxTensor.createTensor(environment, values, array.shape()));
        }
        try (OrtSession.Result result = session.run(inputs)) {
            OnnxTensor output = (OnnxTensor) result.get(0);
            FloatBuffer values = output.getFloatBuffer();
            call.require(List.of(floats(values)));
            pinnedValues = direct(values.capacity());
            pinned =
                    Map.of(
                            session.getOutputNames().iterator().next(),
                            OnnxTensor.createTensor(
                                    environment, pinnedValues, output.getInfo().getShape()));
        }
        runPinned();
        call.require(List.of(floats(pinnedValues)));
    }

    private static FloatBuffer direct(int length) {
        return ByteBuffer.allocateDirect(length * Float.BYTES)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    private static float[] floats(FloatBuffer buffer) {
        float[] values = new float[buffer.capacity()];
        buffer.get(0, values);
        return values;
    }

    @TearDown
    public void tearDown() throws OrtException {
        inputs.values().forEach(OnnxTensor::close);
        pinned.values().forEach(OnnxTensor::close);
        session.close();
    }

    /** The engine allocates the output. */
    @Benchmark
    public float run() throws OrtException {
        try (OrtSession.Result result = session.run(inputs)) {
            return ((OnnxTensor) result.get(0)).getByteBuffer().getFloat(0);
        }
    }

    /** The output is written into a buffer of the caller. */
    @Benchmark
    public float runPinned() throws OrtException {
        try (OrtSession.Result _ = session.run(inputs, pinned)) {
            return pinnedValues.get(0);
        }
    }
}
