import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Stream;

import javax.xml.parsers.DocumentBuilderFactory;

/**
 * Checks a folder in the layout of a Maven repository against what Maven Central asks for and what
 * this project promises: {@code java .mvn/CheckStaging.java [--unsigned] [--snapshots] FOLDER}.
 * Prints one line for each breach and ends with status 1 if there is one.
 */
final class CheckStaging {
    private static final String GROUP = "io.github.aoti4j";
    private static final Set<String> NOT_PUBLISHED =
            Set.of("aoti4j-parent", "aoti4j-natives", "aoti4j-test-support", "aoti4j-jmh");
    private static final List<String> REQUIRED =
            List.of(
                    "name",
                    "description",
                    "url",
                    "licenses/license/name",
                    "licenses/license/url",
                    "developers/developer/name",
                    "scm/connection",
                    "scm/developerConnection",
                    "scm/url");
    private static final List<String> FORBIDDEN =
            List.of("parent", "repositories", "pluginRepositories", "distributionManagement");

    private final boolean signed;
    private final boolean snapshots;
    private final List<String> problems = new ArrayList<>();
    private final Map<String, Staged> staged = new TreeMap<>();

    /** One artifact: its version's folder, the start of its files' names, and its pom. */
    private record Staged(Path folder, String stem, Element pom, Set<String> files) {
        boolean has(String suffix) {
            return files.contains(stem + suffix);
        }

        boolean isJar() {
            return !text(pom, "packaging").equals("pom");
        }
    }

    private CheckStaging(boolean signed, boolean snapshots) {
        this.signed = signed;
        this.snapshots = snapshots;
    }

    public static void main(String[] args) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(args));
        boolean unsigned = arguments.remove("--unsigned");
        boolean snapshots = arguments.remove("--snapshots");
        if (arguments.size() != 1) {
            System.err.println(
                    "usage: java .mvn/CheckStaging.java [--unsigned] [--snapshots] FOLDER");
            System.exit(2);
        }
        Path root = Path.of(arguments.get(0));
        List<String> problems = check(root, unsigned, snapshots);
        problems.forEach(System.err::println);
        if (!problems.isEmpty()) {
            System.err.println(root + ": " + problems.size() + " problems");
            System.exit(1);
        }
        try (Stream<Path> files = Files.walk(root)) {
            files.filter(file -> file.toString().endsWith(".jar"))
                    .sorted()
                    .forEach(jar -> System.out.printf("%,12d  %s%n", size(jar), jar.getFileName()));
        }
        System.out.println(root + ": ready for Maven Central");
    }

    /** Returns what is wrong with a folder, one line each; none if all is right. */
    static List<String> check(Path root, boolean unsigned, boolean snapshots) throws Exception {
        CheckStaging check = new CheckStaging(!unsigned, snapshots);
        check.checkFolder(root);
        return check.problems;
    }

    private void checkFolder(Path root) throws Exception {
        if (!Files.isDirectory(root)) {
            problems.add(root + ": no such folder; stage the artifacts first");
            return;
        }
        try (Stream<Path> files = Files.walk(root)) {
            for (Path pom : files.filter(f -> f.toString().endsWith(".pom")).sorted().toList()) {
                addArtifact(root, pom);
            }
        }
        if (staged.isEmpty()) {
            problems.add(root + ": has no pom; stage the artifacts first");
        }
        for (Map.Entry<String, Staged> entry : staged.entrySet()) {
            checkFiles(entry.getValue());
            checkPom(entry.getKey(), entry.getValue());
        }
        checkStrangers(root);
        checkVersions();
        checkBom();
    }

    private void addArtifact(Path root, Path file) throws Exception {
        Element pom;
        try {
            pom = parse(file).getDocumentElement();
        } catch (org.xml.sax.SAXException e) {
            problems.add(file.getFileName() + ": is no XML: " + e.getMessage());
            return;
        }
        String name = file.getFileName().toString();
        String artifact = text(pom, "artifactId");
        Path expected =
                root.resolve(text(pom, "groupId").replace('.', '/'))
                        .resolve(artifact)
                        .resolve(text(pom, "version"));
        if (!file.getParent().equals(expected) || !name.startsWith(artifact + "-")) {
            problems.add(name + ": its coordinates are those of " + root.relativize(expected));
        }
        Set<String> files = new TreeSet<>();
        try (Stream<Path> siblings = Files.list(file.getParent())) {
            siblings.forEach(sibling -> files.add(sibling.getFileName().toString()));
        }
        String stem = name.substring(0, name.length() - ".pom".length());
        if (staged.put(artifact, new Staged(file.getParent(), stem, pom, files)) != null) {
            problems.add(name + ": a second version of " + artifact);
        }
    }

    private void checkFiles(Staged artifact) throws Exception {
        List<String> required = new ArrayList<>(List.of("-cyclonedx.json"));
        if (artifact.isJar()) {
            required.addAll(List.of(".jar", "-sources.jar", "-javadoc.jar"));
        }
        for (String suffix : required) {
            if (!artifact.has(suffix)) {
                problems.add(artifact.stem() + suffix + ": is missing");
            }
        }
        for (String name : artifact.files()) {
            if (name.startsWith("maven-metadata")) {
                continue; // Central writes its own
            }
            if (!name.startsWith(artifact.stem())) {
                problems.add(name + ": does not belong to " + artifact.stem());
            } else if (!name.matches(".*\\.(md5|sha1|sha256|sha512)")) {
                checkFile(artifact, name);
            }
        }
    }

    private void checkFile(Staged artifact, String name) throws Exception {
        Path file = artifact.folder().resolve(name);
        if (name.endsWith(".asc")) {
            if (!Files.readString(file).startsWith("-----BEGIN PGP SIGNATURE-----")) {
                problems.add(name + ": is no signature");
            }
            return; // signatures need no checksums, and Maven 3.9 writes none
        }
        for (String algorithm : List.of("MD5", "SHA-1")) {
            checkSum(artifact, file, algorithm);
        }
        if (signed && !artifact.files().contains(name + ".asc")) {
            problems.add(name + ": is not signed");
        }
        if (name.endsWith(".jar")) {
            checkJar(name, file);
        }
    }

    private void checkSum(Staged artifact, Path file, String algorithm) throws Exception {
        String extension = algorithm.replace("-", "").toLowerCase(java.util.Locale.ROOT);
        String name = file.getFileName() + "." + extension;
        if (!artifact.files().contains(name)) {
            problems.add(name + ": is missing");
            return;
        }
        byte[] sum = MessageDigest.getInstance(algorithm).digest(Files.readAllBytes(file));
        if (!Files.readString(artifact.folder().resolve(name))
                .strip()
                .equals(HexFormat.of().formatHex(sum))) {
            problems.add(name + ": is not the checksum of the file");
        }
    }

    private void checkJar(String name, Path file) {
        boolean documents = name.matches(".*-(sources|javadoc)\\.jar");
        try (JarFile jar = new JarFile(file.toFile())) {
            boolean empty =
                    jar.stream()
                            .noneMatch(
                                    entry ->
                                            !entry.isDirectory()
                                                    && !entry.getName().startsWith("META-INF/M"));
            if (empty) {
                problems.add(name + ": is empty");
            }
            boolean module =
                    jar.getEntry("module-info.class") != null
                            || jar.getManifest() != null
                                    && jar.getManifest()
                                                    .getMainAttributes()
                                                    .getValue("Automatic-Module-Name")
                                            != null;
            if (!documents && !module) {
                problems.add(name + ": has neither module-info nor Automatic-Module-Name");
            }
            if (name.endsWith("-tests.jar")) {
                problems.add(name + ": tests are not published");
            }
        } catch (IOException e) {
            problems.add(name + ": cannot be read: " + e.getMessage());
        }
    }

    private void checkPom(String artifact, Staged staged) {
        String name = staged.stem() + ".pom";
        if (NOT_PUBLISHED.contains(artifact)) {
            problems.add(name + ": is not to be published");
        }
        if (!text(staged.pom(), "groupId").equals(GROUP)) {
            problems.add(name + ": its group is not " + GROUP);
        }
        if (!snapshots && text(staged.pom(), "version").endsWith("-SNAPSHOT")) {
            problems.add(name + ": is a snapshot; Maven Central takes releases alone");
        }
        for (String path : REQUIRED) {
            if (text(staged.pom(), path).isEmpty()) {
                problems.add(name + ": has no " + path);
            }
        }
        for (String tag : FORBIDDEN) {
            if (child(staged.pom(), tag) != null) {
                problems.add(name + ": has " + tag);
            }
        }
        for (Element dependency : dependencies(staged.pom())) {
            checkDependency(name, dependency);
        }
    }

    private void checkDependency(String name, Element dependency) {
        String group = text(dependency, "groupId");
        String id = text(dependency, "artifactId");
        String start = name + ": its dependency " + group + ":" + id + " ";
        String version = text(dependency, "version");
        if (!version.matches("[0-9][A-Za-z0-9.+_-]*")) {
            problems.add(start + "has no fixed version: '" + version + "'");
        } else if (!snapshots && version.endsWith("-SNAPSHOT")) {
            problems.add(start + "is a snapshot");
        }
        if (text(dependency, "scope").matches("test|system")) {
            problems.add(start + "has scope " + text(dependency, "scope"));
        }
        if (group.equals("org.bytedeco")) {
            problems.add(
                    start + "is to be replaced by natives of ours: Maven Central lacks its parent");
        }
        if (group.equals(GROUP)) {
            checkOurs(start, dependency);
        }
    }

    /** What depends on an artifact of ours finds it in the same folder, with its classifier. */
    private void checkOurs(String start, Element dependency) {
        Staged other = staged.get(text(dependency, "artifactId"));
        String classifier = text(dependency, "classifier");
        if (other == null || !other.has((classifier.isEmpty() ? "" : "-" + classifier) + ".jar")) {
            problems.add(
                    start
                            + "is not staged"
                            + (classifier.isEmpty() ? "" : " with classifier " + classifier));
        }
    }

    /** Whatever lies beside the artifacts would be published, too. */
    private void checkStrangers(Path root) throws IOException {
        Set<Path> folders = new TreeSet<>();
        staged.values().forEach(artifact -> folders.add(artifact.folder()));
        try (Stream<Path> files = Files.walk(root)) {
            files.filter(Files::isRegularFile)
                    .filter(file -> !folders.contains(file.getParent()))
                    .filter(file -> !file.getFileName().toString().startsWith("maven-metadata"))
                    .forEach(file -> problems.add(root.relativize(file) + ": is of no artifact"));
        }
    }

    private void checkVersions() {
        Set<String> versions = new TreeSet<>();
        staged.values().forEach(artifact -> versions.add(text(artifact.pom(), "version")));
        if (versions.size() > 1) {
            problems.add("the artifacts have several versions: " + versions);
        }
    }

    /** The bill of materials names all that is published, and nothing else of ours. */
    private void checkBom() {
        Staged bom = staged.get("aoti4j-bom");
        if (bom == null) {
            problems.add("aoti4j-bom: is missing");
            return;
        }
        Element management = child(bom.pom(), "dependencyManagement");
        Set<String> managed = new TreeSet<>();
        for (Element entry : management == null ? List.<Element>of() : dependencies(management)) {
            String version = text(entry, "version");
            if (!Set.of("${project.version}", text(bom.pom(), "version")).contains(version)) {
                problems.add(bom.stem() + ".pom: manages another version: " + version);
            }
            checkOurs(bom.stem() + ".pom: its " + text(entry, "artifactId") + " ", entry);
            managed.add(text(entry, "artifactId") + "-" + text(entry, "classifier"));
        }
        staged.forEach(
                (id, artifact) -> {
                    for (String file : artifact.isJar() ? artifact.files() : Set.<String>of()) {
                        String classifier = classifier(artifact, file);
                        if (classifier != null && !managed.contains(id + "-" + classifier)) {
                            problems.add(file + ": is not in aoti4j-bom");
                        }
                    }
                });
    }

    /** Returns the classifier of a jar to depend on, "" if it has none; null for other files. */
    private static String classifier(Staged artifact, String file) {
        if (!file.endsWith(".jar") || !file.startsWith(artifact.stem())) {
            return null;
        }
        String rest =
                file.substring(artifact.stem().length(), file.length() - ".jar".length())
                        .replaceFirst("^-", "");
        return Set.of("sources", "javadoc").contains(rest) ? null : rest;
    }

    private static Collection<Element> dependencies(Element parent) {
        Element list = child(parent, "dependencies");
        return list == null ? List.of() : children(list);
    }

    private static Document parse(Path file) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        var builder = factory.newDocumentBuilder();
        builder.setErrorHandler(null);
        return builder.parse(file.toFile());
    }

    private static String text(Element element, String path) {
        Element found = element;
        for (String tag : path.split("/")) {
            found = found == null ? null : child(found, tag);
        }
        return found == null ? "" : found.getTextContent().strip();
    }

    private static Element child(Element parent, String tag) {
        return children(parent).stream()
                .filter(child -> Objects.equals(child.getTagName(), tag))
                .findFirst()
                .orElse(null);
    }

    private static List<Element> children(Element parent) {
        List<Element> children = new ArrayList<>();
        for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element) {
                children.add(element);
            }
        }
        return children;
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
