package io.github.aoti4j.jmh;

import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Engine;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The first answer of a fresh JVM: {@code StartProbe ENGINE PACKAGE ARGUMENTS INPUTS OUTPUTS} loads
 * a model, runs it, prints the resident memory in KiB, and then checks the answer.
 */
public final class StartProbe {
    private StartProbe() {}

    public static void main(String[] args) throws IOException {
        ModelOptions options = ModelOptions.defaults().engine(Engine.of(args[0]));
        try (Model model = Model.load(Path.of(args[1]), options);
                Arena arena = Arena.ofConfined()) {
            List<Tensor> outputs = model.run(arena, arguments(Path.of(args[2]), arena));
            System.out.println(StartFigures.ANSWERED);
            System.out.println(Machine.number(Path.of("/proc/self/status"), "VmRSS"));
            List<float[]> values = new ArrayList<>();
            for (Tensor output : outputs) {
                values.add(output.toFloatArray());
            }
            GoldenCall.of(Path.of(args[3]), Path.of(args[4])).require(values);
        }
    }

    /**
     * Writes the inputs as they are: a program has its inputs, and a reader of some format would be
     * measured with the model.
     */
    static void write(GoldenCall call, Path file) throws IOException {
        try (var out = new DataOutputStream(Files.newOutputStream(file))) {
            out.writeInt(call.inputs().size());
            for (GoldenCall.Array input : call.inputs()) {
                out.writeUTF(input.dtype().name());
                out.writeInt(input.shape().length);
                for (long size : input.shape()) {
                    out.writeLong(size);
                }
                byte[] bytes = input.data().toArray(ValueLayout.JAVA_BYTE);
                out.writeInt(bytes.length);
                out.write(bytes);
            }
        }
    }

    private static Tensor[] arguments(Path file, Arena arena) throws IOException {
        try (var in = new DataInputStream(Files.newInputStream(file))) {
            Tensor[] tensors = new Tensor[in.readInt()];
            for (int i = 0; i < tensors.length; i++) {
                DType dtype = DType.valueOf(in.readUTF());
                long[] shape = new long[in.readInt()];
                for (int d = 0; d < shape.length; d++) {
                    shape[d] = in.readLong();
                }
                byte[] bytes = new byte[in.readInt()];
                in.readFully(bytes);
                tensors[i] = Tensor.zeros(arena, dtype, shape);
                tensors[i].segment().copyFrom(MemorySegment.ofArray(bytes));
            }
            return tensors;
        }
    }
}
