package io.github.aoti4j.jmh;

import io.github.aoti4j.ModelOptions;
import io.github.aoti4j.testing.TestPickle;

import tools.jackson.databind.json.JsonMapper;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * A large model's package with its weights, in the folder {@code -Daoti.bench.dir} (by default one
 * among temporary files). Existing files are reused; closing removes those that were written.
 */
final class LargeModelFiles implements AutoCloseable {
    private static final int BUFFER = 1 << 20;
    private static final int ALIGNMENT = 64;
    private static final String LIBRARY = ".wrapper.so";

    private final LargeModel model;
    private final Path packageFile;
    private final Path weightsFile;
    private final List<Path> written = new ArrayList<>();

    private LargeModelFiles(LargeModel model, Packaging packaging) {
        this.model = model;
        Path prefix =
                folder().resolve(model.name() + "-" + packaging.name().toLowerCase(Locale.ROOT));
        boolean inside = packaging != Packaging.SAFETENSORS;
        packageFile = inside ? Path.of(prefix + ".pt2") : model.fixture("none.pt2");
        weightsFile = inside ? null : Path.of(prefix + ".safetensors");
    }

    /** Writes the files that are missing, and reads all into the page cache. */
    static LargeModelFiles of(LargeModel model, Packaging packaging) throws IOException {
        var files = new LargeModelFiles(model, packaging);
        try {
            Files.createDirectories(folder());
            switch (packaging) {
                case BLOB -> files.writeUnlessThere(files.packageFile, files::writeBlob);
                case DATA_WEIGHTS -> files.writeUnlessThere(files.packageFile, files::writeSaved);
                case SAFETENSORS ->
                        files.writeUnlessThere(files.weightsFile, files::writeSafetensors);
            }
            files.warm();
            return files;
        } catch (Throwable e) {
            files.close();
            throw e;
        }
    }

    static Path folder() {
        return Path.of(
                System.getProperty(
                        "aoti.bench.dir", System.getProperty("java.io.tmpdir") + "/aoti4j-bench"));
    }

    Path packageFile() {
        return packageFile;
    }

    /** Returns the file of the weights if they are not in the package. */
    Optional<Path> weightsFile() {
        return Optional.ofNullable(weightsFile);
    }

    ModelOptions options() {
        return weightsFile == null
                ? ModelOptions.defaults()
                : ModelOptions.defaults().weights(weightsFile);
    }

    /** Reads the files into the page cache: nothing that is timed waits for the disk. */
    void warm() throws IOException {
        try (var in = Files.newInputStream(weightsFile().orElse(packageFile))) {
            byte[] buffer = new byte[BUFFER];
            while (in.read(buffer) >= 0) {
                // Only for the page cache.
            }
        }
    }

    @Override
    public void close() throws IOException {
        for (Path file : written) {
            Files.deleteIfExists(file);
        }
    }

    private void writeUnlessThere(Path file, StoredZip.Payload content) throws IOException {
        if (Files.exists(file)) {
            return;
        }
        Path beside = file.resolveSibling(file.getFileName() + ".part");
        written.add(beside);
        try (var channel =
                        FileChannel.open(
                                beside,
                                StandardOpenOption.CREATE,
                                StandardOpenOption.TRUNCATE_EXISTING,
                                StandardOpenOption.WRITE);
                var out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER)) {
            content.writeTo(out);
            out.flush();
            channel.force(true); // or the disk would be busy with it while something is timed
        }
        Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
        written.add(file);
    }

    private void writeBlob(OutputStream out) throws IOException {
        try (var zip = new StoredZip(out)) {
            String library = copyFixture("blob.pt2", zip);
            zip.add(
                    library.substring(0, library.length() - ".so".length()) + "_weights.blob",
                    blob -> {
                        for (int i = 0; i < model.weights().size(); i++) {
                            model.writeWeight(i, blob); // a multiple of the blob's 64 bytes
                        }
                    });
        }
    }

    private void writeSaved(OutputStream out) throws IOException {
        try (var zip = new StoredZip(out)) {
            String library = copyFixture("none.pt2", zip);
            String root = library.substring(0, library.indexOf('/'));
            for (int i = 0; i < model.weights().size(); i++) {
                int index = i;
                zip.add(root + "/data/weights/weight_" + i, entry -> writeTensor(index, entry));
            }
            Map<String, Object> config = new LinkedHashMap<>();
            for (String weight : model.weights()) {
                List<Long> strides = List.of(model.columns(), 1L);
                config.put(weight, List.of("weight_" + config.size(), shape(), strides, 0));
            }
            zip.add(
                    library.substring(0, library.lastIndexOf('/')) + "/weights_config.json",
                    new JsonMapper().writeValueAsBytes(config));
        }
    }

    private List<Long> shape() {
        return List.of(model.rows(), model.columns());
    }

    /** Writes a weight as {@code torch.save} does: a zip with a pickle and a storage. */
    private void writeTensor(int index, OutputStream out) throws IOException {
        long rows = model.rows();
        long columns = model.columns();
        byte[] pickle =
                TestPickle.protocol2()
                        .floats(
                                "0",
                                rows * columns,
                                0,
                                new long[] {rows, columns},
                                new long[] {columns, 1})
                        .stop();
        try (var zip = new StoredZip(out)) {
            zip.add("archive/data.pkl", pickle);
            zip.add("archive/byteorder", "little".getBytes(StandardCharsets.US_ASCII));
            zip.add("archive/data/0", storage -> model.writeWeight(index, storage));
            zip.add("archive/version", "3\n".getBytes(StandardCharsets.US_ASCII));
        }
    }

    private void writeSafetensors(OutputStream out) throws IOException {
        Map<String, Object> entries = new LinkedHashMap<>();
        long end = 0;
        for (String weight : model.weights()) {
            // In the order of the writers in Rust and Python, which answers.h expects.
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("dtype", "F32");
            entry.put("shape", shape());
            entry.put("data_offsets", List.of(end, end += model.weightBytes()));
            entries.put(weight, entry);
        }
        byte[] json = new JsonMapper().writeValueAsBytes(entries);
        int length = -Math.floorDiv(-(Long.BYTES + json.length), ALIGNMENT) * ALIGNMENT;
        byte[] header = new byte[length];
        Arrays.fill(header, (byte) ' ');
        ByteBuffer.wrap(header)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length - Long.BYTES)
                .put(json);
        out.write(header);
        for (int i = 0; i < model.weights().size(); i++) {
            model.writeWeight(i, out);
        }
    }

    /** Copies a package's entries and returns the name of its library. */
    private String copyFixture(String file, StoredZip zip) throws IOException {
        try (var fixture = new ZipFile(model.fixture(file).toFile())) {
            for (ZipEntry entry : fixture.stream().toList()) {
                try (var in = fixture.getInputStream(entry)) {
                    zip.add(entry.getName(), in.readAllBytes());
                }
            }
            return fixture.stream()
                    .map(ZipEntry::getName)
                    .filter(name -> name.endsWith(LIBRARY))
                    .findFirst()
                    .orElseThrow(() -> new IOException(fixture.getName() + " holds no library"));
        }
    }
}
