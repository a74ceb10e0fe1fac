package io.github.aoti4j.jmh.peers;

import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.NoopTranslator;
import ai.djl.translate.TranslateException;

import io.github.aoti4j.jmh.GoldenCall;
import io.github.aoti4j.jmh.RunBenchmark;
import io.github.aoti4j.jmh.Workload;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

import java.io.IOException;

/** DJL with PyTorch: TorchScript of the same network, with the libtorch that DJL brings. */
public class DjlBenchmark extends RunBenchmark {
    @Param public Workload workload;

    private ZooModel<NDList, NDList> model;
    private Predictor<NDList, NDList> predictor;
    private NDManager manager;
    private NDList inputs;

    @Setup
    public void setUp()
            throws IOException,
                    ModelNotFoundException,
                    MalformedModelException,
                    TranslateException {
        GoldenCall call = GoldenCall.of(workload);
        model =
                Criteria.builder()
                        .setTypes(NDList.class, NDList.class)
                        .optEngine("PyTorch")
                        .optModelPath(workload.torchScript())
                        .optTranslator(new NoopTranslator())
                        .build()
                        .loadModel();
        predictor = model.newPredictor();
        manager = model.getNDManager().newSubManager();
        inputs = new NDList();
        for (GoldenCall.Array input : call.inputs()) {
            inputs.add(manager.create(input.values(), new Shape(input.shape())));
        }
        try (NDList outputs = predictor.predict(inputs)) {
            call.require(outputs.stream().map(NDArray::toFloatArray).toList());
        }
    }

    @TearDown
    public void tearDown() {
        manager.close();
        predictor.close();
        model.close();
    }

    /** Reads nothing of the output: that would copy it whole. */
    @Benchmark
    public int predict() throws TranslateException {
        try (NDList outputs = predictor.predict(inputs)) {
            return outputs.size();
        }
    }
}
