package io.github.aoti4j.stub;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes packages as PyTorch does: a zip of stored entries. */
final class StubPackage {
    private static final String METADATA =
            """
            {"AOTI_DEVICE_KEY": "cpu", "AOTI_PLATFORM": "linux", "AOTI_MACHINE": "x86_64", \
            "AOTI_CPU_ISA": ""}\
            """;

    private StubPackage() {}

    /** Writes a package of a model for CUDA, with one kernel. */
    static Path writeForCuda(Path file, Path library, String capability) {
        String metadata =
                METADATA.replace("\"cpu\"", "\"cuda\"")
                        .replace(
                                "\"AOTI_CPU_ISA\"",
                                "\"AOTI_COMPUTE_CAPABILITY\": \""
                                        + capability
                                        + "\", \"AOTI_CPU_ISA\"");
        return write(file, library, null, metadata, true);
    }

    /**
     * Writes a package of one model.
     *
     * @param source the wrapper's source; null for none
     */
    static Path write(Path file, Path library, String source) {
        return write(file, library, source, METADATA, false);
    }

    private static Path write(
            Path file, Path library, String source, String metadata, boolean hasKernel) {
        try (var zip = new ZipOutputStream(Files.newOutputStream(file))) {
            String model = "stub/data/aotinductor/model/stub.wrapper";
            put(zip, "stub/archive_format", "pt2");
            put(zip, "stub/byteorder", "little");
            put(zip, "stub/archive_version", "0");
            put(zip, model + "_metadata.json", metadata);
            put(zip, model + ".so", Files.readAllBytes(library));
            if (hasKernel) {
                put(zip, "stub/data/aotinductor/model/kernel.cubin", "a kernel");
            }
            if (source != null) {
                put(zip, model + ".cpp", source);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return file;
    }

    private static void put(ZipOutputStream zip, String name, String content) throws IOException {
        put(zip, name, content.getBytes(StandardCharsets.UTF_8));
    }

    private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
        var crc = new CRC32();
        crc.update(content);
        var entry = new ZipEntry(name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }
}
