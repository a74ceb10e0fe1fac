import io.github.aoti4j.Model;
import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Engine;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Runs what capture.py kept, one package after the other: reads folders from standard input, prints
 * a line for each, and writes for each call N the files N.ENGINE (see tensors.py). Usage: {@code
 * Replay libtorch|built-in}.
 */
class Replay {
    private static final int LINE = 64;

    private final Engine engine;

    private Replay(Engine engine) {
        this.engine = engine;
    }

    public static void main(String[] args) throws IOException {
        var replay = new Replay(Engine.of(args[0]));
        var folders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String folder = folders.readLine(); folder != null; folder = folders.readLine()) {
            System.out.println("RESULT " + replay.run(Path.of(folder)).replace('\n', ' '));
        }
    }

    /** Returns what became of a package: "done", or a word and the reason. */
    private String run(Path folder) throws IOException {
        var options =
                ModelOptions.defaults()
                        .engine(engine)
                        .allowEmptyInputs(true)
                        .model(Files.readString(folder.resolve("model.txt")));
        Model model;
        try {
            model = Model.load(folder.resolve("package.pt2"), options);
        } catch (AotiException e) {
            return "refused " + e.getMessage();
        } catch (RuntimeException e) {
            return "refused " + e; // an error of aoti4j's
        }
        try (model) {
            for (int call = 0; Files.exists(folder.resolve(call + ".in.txt")); call++) {
                String problem = call(model, folder, Integer.toString(call));
                if (problem != null) {
                    Files.writeString(folder.resolve(call + "." + engine + ".error"), problem);
                }
            }
        }
        return "done";
    }

    /** Makes a call; returns why there is no result, or null. */
    private String call(Model model, Path folder, String call) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            List<Tensor> inputs = read(folder.resolve(call + ".in"), arena);
            List<Tensor> results;
            try {
                results = new ArrayList<>(model.run(arena, inputs));
            } catch (RuntimeException e) {
                return e.getClass().getSimpleName() + ": " + e.getMessage();
            }
            results.addAll(inputs); // a model may write into them
            write(folder.resolve(call + "." + engine), results);
            return null;
        }
    }

    private static Path sibling(Path file, String extension) {
        return file.resolveSibling(file.getFileName() + extension);
    }

    private static List<Tensor> read(Path file, Arena arena) throws IOException {
        try (FileChannel channel = FileChannel.open(sibling(file, ".bin"))) {
            MemorySegment memory = arena.allocate(Math.max(channel.size(), 1), LINE);
            int count = 0;
            while (count < channel.size()) {
                count += channel.read(memory.asSlice(count).asByteBuffer(), count);
            }
            List<Tensor> tensors = new ArrayList<>();
            for (String line : Files.readAllLines(sibling(file, ".txt"))) {
                tensors.add(tensor(line.split(" "), memory));
            }
            return tensors;
        }
    }

    private static Tensor tensor(String[] fields, MemorySegment memory) {
        if (fields[0].equals("none")) {
            return null;
        }
        long position = Long.parseLong(fields[3]);
        long bytes = Long.parseLong(fields[4]);
        DType dtype = DType.ofTorchName(fields[0]).orElseThrow();
        MemorySegment part = bytes == 0 ? memory.asSlice(0, 0) : memory.asSlice(position, bytes);
        return Tensor.wrap(part, dtype, numbers(fields[1]), numbers(fields[2]));
    }

    private static long[] numbers(String text) {
        return text.equals("-")
                ? new long[0]
                : Arrays.stream(text.split(",")).mapToLong(Long::parseLong).toArray();
    }

    private static void write(Path file, List<Tensor> tensors) throws IOException {
        List<String> lines = new ArrayList<>();
        long position = 0;
        try (FileChannel channel =
                FileChannel.open(
                        sibling(file, ".bin"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            for (Tensor tensor : tensors) {
                if (tensor == null) {
                    lines.add("none");
                    continue;
                }
                position += Math.floorMod(-position, LINE);
                byte[] bytes = tensor.toByteArray();
                channel.write(ByteBuffer.wrap(bytes), position);
                lines.add(
                        "%s %s %s %d %d"
                                .formatted(
                                        tensor.dtype().torchName(),
                                        text(tensor.shape()),
                                        text(rowMajor(tensor.shape())),
                                        position,
                                        bytes.length));
                position += bytes.length;
            }
        }
        Files.write(sibling(file, ".txt"), lines);
    }

    private static long[] rowMajor(long[] shape) {
        long[] strides = new long[shape.length];
        long stride = 1;
        for (int d = shape.length - 1; d >= 0; d--) {
            strides[d] = stride;
            stride *= Math.max(shape[d], 1);
        }
        return strides;
    }

    private static String text(long[] numbers) {
        return numbers.length == 0
                ? "-"
                : String.join(",", Arrays.stream(numbers).mapToObj(Long::toString).toList());
    }
}
