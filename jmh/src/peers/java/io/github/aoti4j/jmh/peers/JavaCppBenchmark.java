package io.github.aoti4j.jmh.peers;

import io.github.aoti4j.jmh.Entry;
import io.github.aoti4j.jmh.GoldenCall;
import io.github.aoti4j.jmh.RunBenchmark;
import io.github.aoti4j.jmh.Workload;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.AOTIModelContainerRunnerCpu;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipFile;

/**
 * PyTorch's C++ runner through JavaCPP's JNI, with the libtorch that it brings. It has no binding
 * of the package loader: the library is unpacked here.
 */
public class JavaCppBenchmark extends RunBenchmark {
    @Param public Workload workload;

    @Param public Entry entry;

    private Path library;
    private AOTIModelContainerRunnerCpu runner;
    private TensorVector inputs;

    @Setup
    public void setUp() throws IOException {
        GoldenCall call = GoldenCall.of(workload);
        library = unpack(workload.packageFile());
        runner =
                new AOTIModelContainerRunnerCpu(
                        library.toString(), entry.runners(), entry == Entry.SINGLE_THREADED);
        inputs = new TensorVector();
        for (GoldenCall.Array input : call.inputs()) {
            // A copy, which owns its memory.
            inputs.push_back(
                    torch.from_blob(new FloatPointer(input.values()), input.shape()).clone());
        }
        try (TensorVector outputs = runner.run(inputs)) {
            call.require(floats(outputs));
        }
    }

    private static List<float[]> floats(TensorVector outputs) {
        List<float[]> all = new ArrayList<>();
        for (int i = 0; i < outputs.size(); i++) {
            Tensor output = outputs.get(i).contiguous();
            float[] values = new float[Math.toIntExact(output.numel())];
            output.data_ptr_float().get(values);
            all.add(values);
        }
        return all;
    }

    private static Path unpack(Path file) throws IOException {
        try (var zip = new ZipFile(file.toFile())) {
            var entry =
                    zip.stream()
                            .filter(e -> e.getName().endsWith(".wrapper.so"))
                            .findFirst()
                            .orElseThrow();
            Path library = Files.createTempFile("aoti", ".so");
            try (var in = zip.getInputStream(entry)) {
                Files.copy(in, library, StandardCopyOption.REPLACE_EXISTING);
            }
            return library;
        }
    }

    @TearDown
    public void tearDown() throws IOException {
        inputs.close();
        runner.close();
        Files.delete(library);
    }

    @Benchmark
    public float run() {
        try (TensorVector outputs = runner.run(inputs);
                Tensor output = outputs.get(0);
                FloatPointer data = output.data_ptr_float()) {
            return data.get();
        }
    }
}
