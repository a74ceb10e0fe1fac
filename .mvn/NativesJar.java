import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.apache.commons.compress.archivers.zip.ZipFile;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.ModuleAttribute;
import java.lang.constant.ModuleDesc;
import java.lang.reflect.AccessFlag;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;

/**
 * Makes a jar of native libraries out of another one. The compressed bytes are copied as they are:
 * this is faster than to compress 320 MB, and gives the same jar whatever the JDK's zlib.
 *
 * <p>SHA256SUMS says which libraries are taken, and what they must contain.
 */
final class NativesJar {
    private static final String SUMS = "SHA256SUMS";

    private final ZipArchiveOutputStream out;
    private final FileTime time;

    private NativesJar(ZipArchiveOutputStream out, FileTime time) {
        this.out = out;
        this.time = time;
    }

    public static void main(String[] args) throws Exception {
        var arguments = List.of(args).iterator();
        String name = arguments.next();
        String classifier = arguments.next();
        String version = arguments.next();
        Path source = Path.of(arguments.next());
        String sourceFolder = arguments.next();
        Path target = Path.of(arguments.next());
        Instant time = Instant.parse(arguments.next());
        Path root = Path.of(arguments.next());
        Path license = root.resolve("LICENSE");

        Path sums = Path.of("src", classifier, SUMS);
        Path resources = Path.of("src", "main", "resources");
        List<Path> texts = new ArrayList<>();
        try (var files = Files.walk(resources)) {
            files.filter(Files::isRegularFile).sorted().forEach(texts::add);
        }
        List<Path> inputs = new ArrayList<>(texts);
        inputs.addAll(List.of(source, sums, license, root.resolve(".mvn/NativesJar.java")));
        if (isUpToDate(target, inputs)) {
            return;
        }
        // A build that is interrupted leaves no jar that looks complete.
        Path unfinished = target.resolveSibling(target.getFileName() + ".tmp");
        try (var zip = new ZipArchiveOutputStream(unfinished);
                var libraries = ZipFile.builder().setPath(source).get()) {
            var jar = new NativesJar(zip, FileTime.from(time));
            jar.add("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\n\r\n");
            jar.add("META-INF/LICENSE", Files.readAllBytes(license));
            for (Path text : texts) {
                jar.add(resources.relativize(text).toString(), Files.readAllBytes(text));
            }
            jar.add("module-info.class", module(name, classifier));
            String folder = "io/github/aoti4j/natives/%s/%s/".formatted(classifier, name);
            jar.add(folder + "VERSION", version + "\n");
            jar.add(folder + SUMS, Files.readAllBytes(sums));
            for (String line : Files.readAllLines(sums)) {
                String[] parts = line.split(" +", 2);
                ZipArchiveEntry library = libraries.getEntry(sourceFolder + parts[1]);
                require(library != null, source + " has no " + sourceFolder + parts[1]);
                String found = sha256(libraries, library);
                require(
                        found.equals(parts[0]),
                        "%s of %s has the SHA-256 %s, not that of %s"
                                .formatted(library.getName(), source, found, sums));
                jar.copy(libraries, library, folder + parts[1]);
            }
        }
        Files.move(unfinished, target, StandardCopyOption.REPLACE_EXISTING);
    }

    private static boolean isUpToDate(Path target, List<Path> inputs) throws IOException {
        if (!Files.exists(target)) {
            return false;
        }
        FileTime made = Files.getLastModifiedTime(target);
        for (Path input : inputs) {
            if (Files.getLastModifiedTime(input).compareTo(made) > 0) {
                return false;
            }
        }
        return true;
    }

    /** A module of its own, so that the jar can be linked into an image. */
    private static byte[] module(String name, String classifier) {
        var module =
                ModuleDesc.of(
                        "io.github.aoti4j.natives." + name + "." + classifier.replace('-', '.'));
        return ClassFile.of()
                .buildModule(
                        ModuleAttribute.of(
                                module,
                                it ->
                                        it.requires(
                                                ModuleDesc.of("java.base"),
                                                List.of(AccessFlag.MANDATED),
                                                null)),
                        // Tools on older JDKs read it.
                        it -> it.withVersion(ClassFile.JAVA_17_VERSION, 0));
    }

    private void add(String name, String text) throws IOException {
        add(name, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Not compressed, which another zlib would do differently. */
    private void add(String name, byte[] content) throws IOException {
        var entry = new ZipArchiveEntry(name);
        var crc = new CRC32();
        crc.update(content);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        entry.setTime(time.toMillis());
        out.putArchiveEntry(entry);
        out.write(content);
        out.closeArchiveEntry();
    }

    private void copy(ZipFile from, ZipArchiveEntry entry, String name) throws IOException {
        var copied = new ZipArchiveEntry(name);
        copied.setMethod(entry.getMethod());
        copied.setSize(entry.getSize());
        copied.setCompressedSize(entry.getCompressedSize());
        copied.setCrc(entry.getCrc());
        copied.setTime(time.toMillis());
        try (InputStream raw = from.getRawInputStream(entry)) {
            out.addRawArchiveEntry(copied, raw);
        }
    }

    private static String sha256(ZipFile from, ZipArchiveEntry entry)
            throws IOException, NoSuchAlgorithmException {
        var digest = MessageDigest.getInstance("SHA-256");
        byte[] chunk = new byte[1 << 20];
        try (InputStream in = from.getInputStream(entry)) {
            for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                digest.update(chunk, 0, n);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            System.err.println(message);
            System.exit(1);
        }
    }
}
