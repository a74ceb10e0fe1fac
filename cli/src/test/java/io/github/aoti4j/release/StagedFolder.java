package io.github.aoti4j.release;

import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A folder as a release stages it: one library and the bill of materials. */
final class StagedFolder {
    private static final String SIGNATURE = "-----BEGIN PGP SIGNATURE-----\n";
    private static final String MANAGED =
            """
            <dependencyManagement><dependencies><dependency><groupId>io.github.aoti4j</groupId>\
            <artifactId>aoti4j</artifactId><version>${project.version}</version></dependency>\
            </dependencies></dependencyManagement>\
            """;

    private final Path root;
    private final Path group;

    StagedFolder(Path root) {
        this.root = root;
        group = root.resolve("io/github/aoti4j");
    }

    void stage() throws Exception {
        stage("1.2", "1.2");
    }

    void stage(String version, String fileVersion) throws Exception {
        String library = "aoti4j/" + version + "/aoti4j-" + fileVersion;
        put(library + ".pom", pom("aoti4j", version, ""));
        put(library + "-cyclonedx.json", "{}");
        putJar(library + ".jar", "module-info.class", null);
        putJar(library + "-sources.jar", "A.java", null);
        putJar(library + "-javadoc.jar", "index.html", null);
        String bom = "aoti4j-bom/" + version + "/aoti4j-bom-" + fileVersion;
        put(bom + ".pom", pom("aoti4j-bom", version, "<packaging>pom</packaging>" + MANAGED));
        put(bom + "-cyclonedx.json", "{}");
        write("aoti4j/maven-metadata.xml", "<metadata/>");
    }

    private static String pom(String artifact, String version, String more) {
        return """
        <project><groupId>io.github.aoti4j</groupId><artifactId>%s</artifactId><version>%s</version>\
        <name>n</name><description>d</description><url>u</url>\
        <licenses><license><name>l</name><url>l</url></license></licenses>\
        <developers><developer><name>d</name></developer></developers>\
        <scm><connection>c</connection><developerConnection>c</developerConnection><url>u</url></scm>\
        %s</project>\
        """
                .formatted(artifact, version, more);
    }

    /** Writes a file with its checksums and its signature. */
    void put(String file, String text) throws Exception {
        put(file, text.getBytes(StandardCharsets.UTF_8));
    }

    private void put(String file, byte[] bytes) throws Exception {
        write(file, bytes);
        if (file.endsWith(".asc")) {
            return;
        }
        write(file + ".asc", SIGNATURE);
        for (String algorithm : List.of("MD5", "SHA-1")) {
            write(
                    file + "." + (algorithm.equals("MD5") ? "md5" : "sha1"),
                    HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes)));
        }
    }

    /** Writes a jar with at most one entry. */
    void putJar(String file, String entry, String automaticModule) throws Exception {
        var manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        if (automaticModule != null) {
            manifest.getMainAttributes().putValue("Automatic-Module-Name", automaticModule);
        }
        var bytes = new ByteArrayOutputStream();
        try (var jar = new JarOutputStream(bytes, manifest)) {
            if (entry != null) {
                jar.putNextEntry(new JarEntry(entry));
            }
        }
        put(file, bytes.toByteArray());
    }

    /** Writes a file alone. */
    void write(String file, String text) throws IOException {
        write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    private void write(String file, byte[] bytes) throws IOException {
        Path path = group.resolve(file);
        Files.createDirectories(path.getParent());
        Files.write(path, bytes);
    }

    void edit(String file, String pattern, String replacement) throws Exception {
        String before = Files.readString(group.resolve(file));
        String after =
                Pattern.compile(pattern, Pattern.DOTALL)
                        .matcher(before)
                        .replaceAll(Matcher.quoteReplacement(replacement));
        assertNotEquals(before, after);
        put(file, after);
    }

    void addDependency(String pom, String group, String artifact, String version) throws Exception {
        edit(
                pom,
                "</project>",
                "<dependencies><dependency><groupId>%s</groupId><artifactId>%s</artifactId>"
                                .formatted(group, artifact)
                        + "<version>%s</version></dependency></dependencies></project>"
                                .formatted(version));
    }

    /** Deletes a file, or a folder with what it holds. */
    void delete(String file) throws IOException {
        Path path = group.resolve(file).normalize();
        if (!path.startsWith(root)) {
            throw new IllegalArgumentException(path + " is not in " + root);
        }
        try (Stream<Path> files = Files.walk(path)) {
            for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
