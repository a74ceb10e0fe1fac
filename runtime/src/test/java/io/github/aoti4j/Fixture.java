package io.github.aoti4j;

import io.github.aoti4j.testing.Checkout;
import io.github.aoti4j.weights.TensorEntry;
import io.github.aoti4j.weights.files.SafetensorsFile;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The committed packages with inputs and outputs that PyTorch's own loader computed; see
 * fixtures/README.md.
 */
public record Fixture(String name) {
    private static final Path ROOT = Checkout.fixtures();

    public static Fixture of(String name) {
        return new Fixture(name);
    }

    public static List<Fixture> all() {
        try (Stream<Path> folders = Files.list(ROOT)) {
            return folders.filter(Files::isDirectory)
                    .map(folder -> new Fixture(folder.getFileName().toString()))
                    .filter(fixture -> Files.exists(fixture.path()))
                    .sorted((a, b) -> a.name.compareTo(b.name))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Path folder() {
        return ROOT.resolve(name);
    }

    public Path path() {
        return folder().resolve(name + ".pt2");
    }

    public Model load() {
        EngineUnderTest.assumeRuns(name);
        return Model.load(path());
    }

    /**
     * The names of the cases: {@code <case>.inputs.safetensors} and {@code
     * <case>.outputs.safetensors}.
     */
    public List<String> cases() {
        String suffix = ".inputs.safetensors";
        try (Stream<Path> files = Files.list(folder())) {
            return files.map(file -> file.getFileName().toString())
                    .filter(file -> file.endsWith(suffix))
                    .map(file -> file.substring(0, file.length() - suffix.length()))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The inputs of a case, with the strides that the model wants. */
    public List<Tensor> inputs(String caseName, Model model, Arena arena) {
        List<Tensor> rows = read(caseName + ".inputs.safetensors", arena);
        List<long[]> strides = model.stridesFor(rows.stream().map(Tensor::shape).toList());
        List<Tensor> inputs = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            inputs.add(rows.get(i).copyWithStrides(arena, strides.get(i)));
        }
        return inputs;
    }

    /** What PyTorch computed for a case. */
    public List<Tensor> outputs(String caseName, Arena arena) {
        return read(caseName + ".outputs.safetensors", arena);
    }

    /** The last size of the first input, which all cases share. */
    public long width(Model model) {
        try (Arena arena = Arena.ofConfined()) {
            Tensor input = inputs(cases().getFirst(), model, arena).getFirst();
            return input.size(input.rank() - 1);
        }
    }

    private List<Tensor> read(String file, Arena arena) {
        try (SafetensorsFile tensors = SafetensorsFile.open(folder().resolve(file))) {
            List<Tensor> result = new ArrayList<>();
            for (int i = 0; i < tensors.names().size(); i++) {
                TensorEntry entry = tensors.entry(Integer.toString(i));
                Tensor tensor = Tensor.zeros(arena, entry.dtype(), entry.shape());
                tensor.segment().copyFrom(tensors.segment(entry.name()));
                result.add(tensor);
            }
            return result;
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
