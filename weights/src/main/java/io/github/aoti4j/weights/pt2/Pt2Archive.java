package io.github.aoti4j.weights.pt2;

import static io.github.aoti4j.weights.mapped.Messages.list;
import static io.github.aoti4j.weights.mapped.Messages.quote;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.core.Progress;
import io.github.aoti4j.weights.Lease;
import io.github.aoti4j.weights.mapped.Json;
import io.github.aoti4j.weights.mapped.MappedFile;
import io.github.aoti4j.weights.zip.ArchiveEntry;
import io.github.aoti4j.weights.zip.ZipIndex;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A {@code .pt2} package of compiled models, a file or an unpacked folder: mapped and indexed in
 * place.
 *
 * <p>The layout is that of {@code torch/export/pt2_archive/_package.py} and {@code
 * torch/csrc/export/pt2_archive_constants.h}: below one root folder, which has any name, each model
 * is a folder in {@code data/aotinductor}. Packages of older versions, which have no root folder
 * and name their version file {@code version}, are accepted too.
 *
 * <p>Immutable but for {@link #close()}, and thread-safe. Segments end with it, and its methods
 * throw {@link IllegalStateException} afterwards. See {@link MappedFile} for what must not happen
 * to the file meanwhile.
 */
public final class Pt2Archive implements AutoCloseable {
    private static final String MODELS = "data/aotinductor/";
    private static final String FORMAT = "archive_format";
    private static final List<String> VERSION = List.of("archive_version", "version");
    private static final String BYTE_ORDER = "byteorder";

    /** The limit of {@link #bytes}: far above any generated source, far below any weights. */
    private static final long MAX_COPY = 256L << 20;

    private final Contents contents;
    private final String root;
    private final Map<String, PackagedModel> models;

    private Pt2Archive(Contents contents) {
        this.contents = contents;
        this.root = ArchiveRoot.find(contents.entries(), contents.path());
        this.models = findModels();
        checkMarkers();
    }

    /**
     * Opens a package and reads its index.
     *
     * @param path a {@code .pt2} file, of whatever name; or a folder that one was unpacked into,
     *     with its root folder or without. Links in the folder may not lead out of it
     * @throws PackageException if this is not a sound package with at least one model; see also
     *     {@link ZipIndex#read}
     */
    public static Pt2Archive open(Path path) {
        if (!Files.isDirectory(path)) {
            return open(MappedFile.open(path));
        }
        var contents = FolderContents.open(path);
        try {
            return new Pt2Archive(contents);
        } catch (Throwable e) {
            Closeables.closeAfter(e, contents);
            throw e;
        }
    }

    /** Opens a package that is mapped already; owns the file, and closes it if this fails. */
    public static Pt2Archive open(MappedFile file) {
        return file.handTo(mapped -> new Pt2Archive(new ZipContents(mapped)));
    }

    /** Returns the path that the package was opened with, or the name of a package in memory. */
    public Path path() {
        return contents.path();
    }

    /** Returns whether the package lies in memory, and {@link #path()} is only a name. */
    public boolean isInMemory() {
        return contents instanceof ZipContents zip && zip.file().isInMemory();
    }

    /** Returns how much memory the package takes that lies in memory; 0 for a file or a folder. */
    public long bytesInMemory() {
        return contents instanceof ZipContents zip && zip.file().isInMemory()
                ? zip.file().size()
                : 0;
    }

    /**
     * Returns the SHA-256 of the whole file in lower-case hexadecimal digits; empty for a folder.
     */
    public Optional<String> sha256(Progress progress) {
        return contents instanceof ZipContents zip
                ? Optional.of(zip.file().sha256(progress))
                : Optional.empty();
    }

    /**
     * Returns the names of the models, at least one, in the order of the archive. A name may
     * contain {@code /}, and one may be a prefix of another.
     */
    public List<String> models() {
        return List.copyOf(models.keySet());
    }

    /** Returns a model of {@link #models()}; throws {@link PackageException} for another name. */
    public PackagedModel model(String name) {
        var model = models.get(Objects.requireNonNull(name, "name"));
        if (model == null) {
            throw bad(
                    "there is no model %s in this package; it holds %s"
                            .formatted(quote(name), list(models.keySet())));
        }
        return model;
    }

    /** Returns all entries in the order of the archive, folders included. */
    public List<ArchiveEntry> entries() {
        return contents.entries();
    }

    /**
     * Finds an entry by its path below the root folder, such as {@code
     * data/constants/custom_obj_0}.
     */
    public Optional<ArchiveEntry> find(String name) {
        return contents.find(root + name);
    }

    /**
     * Returns the bytes of an entry in place, read-only and unchecked; see {@link #checkCrc}.
     * Current PyTorch aligns them to 64 bytes; no alignment is guaranteed.
     */
    public MemorySegment segment(ArchiveEntry entry) {
        return contents.segment(entry);
    }

    /**
     * Compares an entry's bytes with its checksum; in a folder, which has no checksums, none.
     *
     * @throws PackageException if they differ
     */
    public void checkCrc(ArchiveEntry entry) {
        contents.checkCrc(entry);
    }

    /** Returns the checksum of an entry's bytes, which in a folder takes reading all of them. */
    public long crc32(ArchiveEntry entry) {
        return contents.crc32(entry);
    }

    /**
     * Returns the file that an entry lies in, {@link ArchiveEntry#offset()} bytes from its start:
     * the package, or in a folder the entry's own file.
     */
    public Path fileOf(ArchiveEntry entry) {
        return file(entry).path();
    }

    /**
     * Copies a small entry and compares its checksum.
     *
     * @throws PackageException if it is larger than 256 MiB, or damaged
     */
    public byte[] bytes(ArchiveEntry entry) {
        if (entry.size() > MAX_COPY) {
            throw badEntry(
                    entry, "has " + entry.size() + " bytes, too many to copy: at most " + MAX_COPY);
        }
        checkCrc(entry);
        return segment(entry).toArray(ValueLayout.JAVA_BYTE);
    }

    /** As {@link #bytes}, for text in UTF-8. */
    public String text(ArchiveEntry entry) {
        try {
            var bytes = ByteBuffer.wrap(bytes(entry));
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new PackageException(
                    path(), describe(entry) + " is not UTF-8 text; package the model again", e);
        }
    }

    /**
     * Keeps the package mapped beyond {@link #close()}, for an operation that reads in it. The JVM
     * stops a thread that reads memory when another thread unmaps it, but may leave that thread
     * interrupted.
     */
    public Lease hold() {
        return contents.hold();
    }

    /**
     * Unmaps the package, or leaves that to the last {@link #hold()}. Closing again does nothing.
     *
     * @throws IllegalStateException if a native call is using the mapping at this moment; the
     *     package then stays open, and close can be tried again
     */
    @Override
    public void close() {
        contents.close();
    }

    MappedFile file(ArchiveEntry entry) {
        return contents.file(entry);
    }

    interface JsonForm<T> {
        T parse(byte[] utf8) throws Json.FormException;
    }

    <T> T parse(ArchiveEntry entry, JsonForm<T> form) {
        var bytes = bytes(entry);
        try {
            return form.parse(bytes);
        } catch (Json.FormException e) {
            throw new PackageException(
                    path(),
                    "%s is not what it should be: %s; package the model again"
                            .formatted(describe(entry), e.getMessage()),
                    e);
        }
    }

    PackageException bad(String problem) {
        return new PackageException(path(), problem);
    }

    private PackageException badEntry(ArchiveEntry entry, String problem) {
        return bad(describe(entry) + " " + problem);
    }

    private static String describe(ArchiveEntry entry) {
        return "entry " + quote(entry.name());
    }

    /** The small files at the root that say what kind of archive this is; old ones lack some. */
    private void checkMarkers() {
        checkMarker(FORMAT, "pt2", "the archive format");
        checkMarker(BYTE_ORDER, "little", "the byte order");
        for (String name : VERSION) {
            checkMarker(name, "0", "the archive version");
        }
    }

    private void checkMarker(String name, String expected, String meaning) {
        var entry = find(name);
        if (entry.isPresent()) {
            String actual = text(entry.get()).strip();
            if (!actual.equals(expected)) {
                throw badEntry(
                        entry.get(),
                        "gives %s as %s; only %s is known here: package the model again with torch._inductor.aoti_compile_and_package on a little-endian machine"
                                .formatted(quote(actual), meaning, quote(expected)));
            }
        }
    }

    private Map<String, PackagedModel> findModels() {
        String folder = root + MODELS;
        var files = new LinkedHashMap<String, List<ArchiveEntry>>();
        for (var entry : contents.entries()) {
            String name = entry.name();
            if (!entry.isDirectory() && name.startsWith(folder)) {
                // PyTorch writes a model's files flat, so what lies between is the model's name.
                int end = name.lastIndexOf('/');
                if (end > folder.length()) {
                    String model = name.substring(folder.length(), end);
                    files.computeIfAbsent(model, _ -> new ArrayList<>()).add(entry);
                }
            }
        }
        if (files.isEmpty()) {
            throw bad(whatElse());
        }
        var found = new LinkedHashMap<String, PackagedModel>();
        for (var file : files.entrySet()) {
            found.put(file.getKey(), new PackagedModel(this, file.getKey(), file.getValue()));
        }
        return found;
    }

    private String whatElse() {
        String cure = "compile it with torch._inductor.aoti_compile_and_package";
        if (contents.entries().stream().anyMatch(e -> e.name().startsWith(root + "models/"))) {
            return "this is an exported program, not a compiled package; " + cure;
        }
        if (find("data.pkl").isPresent()) {
            return "this is a file of torch.save or torch.jit.save, not a compiled package; export the model with torch.export and %s"
                    .formatted(cure);
        }
        return "there is no model in this zip: nothing lies in " + quote(MODELS);
    }
}
