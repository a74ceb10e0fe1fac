package io.github.aoti4j.release;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import javax.tools.ToolProvider;

/** The check of what is staged for Maven Central finds each breach. */
class StagingCheckTest {
    private static final Path TOOL = Path.of("..", ".mvn", "CheckStaging.java");
    private static final String AOTI4J = "aoti4j/1.2/aoti4j-1.2";
    private static final String BOM = "aoti4j-bom/1.2/aoti4j-bom-1.2.pom";

    @TempDir static Path classes;
    private static MethodHandle check;

    @TempDir Path root;
    private StagedFolder folder;

    /** What a test does to a folder that is right. */
    interface Breach {
        void in(StagedFolder folder) throws Exception;
    }

    @BeforeAll
    static void compile() throws Exception {
        int status =
                ToolProvider.getSystemJavaCompiler()
                        .run(null, null, null, "-d", classes.toString(), TOOL.toString());
        assertEquals(0, status);
        // Not closed: its class is used by all tests.
        @SuppressWarnings("resource")
        var loader = new URLClassLoader(new URL[] {classes.toUri().toURL()});
        Class<?> tool = loader.loadClass("CheckStaging");
        check =
                MethodHandles.privateLookupIn(tool, MethodHandles.lookup())
                        .findStatic(
                                tool,
                                "check",
                                MethodType.methodType(
                                        List.class, Path.class, boolean.class, boolean.class));
    }

    @BeforeEach
    void stage() throws Exception {
        folder = new StagedFolder(root);
        folder.stage();
    }

    @Test
    void aFolderThatIsRightPasses() throws Throwable {
        assertEquals(List.of(), problems(false, false));
    }

    @Test
    void unsignedFilesPassWhenThatIsAskedFor() throws Throwable {
        folder.delete(AOTI4J + ".jar.asc");
        assertEquals(List.of("aoti4j-1.2.jar: is not signed"), problems(false, false));
        assertEquals(List.of(), problems(true, false));
    }

    static Stream<Arguments> breaches() {
        return Stream.of(
                breach("aoti4j-1.2.jar: is missing", f -> f.delete(AOTI4J + ".jar")),
                breach("-sources.jar: is missing", f -> f.delete(AOTI4J + "-sources.jar")),
                breach("-javadoc.jar: is missing", f -> f.delete(AOTI4J + "-javadoc.jar")),
                breach("-cyclonedx.json: is missing", f -> f.delete(AOTI4J + "-cyclonedx.json")),
                breach("aoti4j-1.2.jar.md5: is missing", f -> f.delete(AOTI4J + ".jar.md5")),
                breach("pom.sha1: is missing", f -> f.delete(AOTI4J + ".pom.sha1")),
                breach("is not the checksum", f -> f.write(AOTI4J + ".jar.sha1", "0123")),
                breach("is no signature", f -> f.put(AOTI4J + ".jar.asc", "signed")),
                breach("cannot be read", f -> f.put(AOTI4J + ".jar", "PK")),
                breach(
                        "neither module-info nor Automatic",
                        f -> f.putJar(AOTI4J + ".jar", "A.class", null)),
                breach("is empty", f -> f.putJar(AOTI4J + "-javadoc.jar", null, null)),
                breach("tests are not", f -> f.putJar(AOTI4J + "-tests.jar", "A.class", "a")),
                breach("not in aoti4j-bom", f -> f.putJar(AOTI4J + "-arm.jar", "A.class", "a")),
                breach("does not belong to", f -> f.put("aoti4j/1.2/notes.txt", "x")),
                breach("is of no artifact", f -> f.put("notes.txt", "x")),
                breach("is no XML", f -> f.put(AOTI4J + ".pom", "<project>")),
                breach("has no developers", pom("<developer>.*</developer>", "")),
                breach("has no licenses/license/url", pom("<url>l</url>", "")),
                breach("has no scm/connection", pom("<connection>c</connection>", "")),
                breach("has no description", pom("<description>d</description>", "")),
                breach("has parent", pom("<name>", "<parent/><name>")),
                breach("has repositories", pom("<name>", "<repositories/><name>")),
                breach("coordinates are those of", pom("<version>1.2<", "<version>1.3<")),
                breach("several versions", pom("<version>1.2<", "<version>1.3<")),
                breach("is a snapshot", pom("<version>1.2<", "<version>1.2-SNAPSHOT<")),
                breach("no fixed version: ''", dependency("org.a", "a", "")),
                breach("no fixed version: '${v}'", dependency("org.a", "a", "${v}")),
                breach("no fixed version: '[1,2)'", dependency("org.a", "a", "[1,2)")),
                breach("a:a is a snapshot", dependency("org.a", "a", "1-SNAPSHOT")),
                breach(
                        "Maven Central lacks its parent",
                        dependency("org.bytedeco", "pytorch", "2.13.0")),
                breach("is not staged", dependency("io.github.aoti4j", "aoti4j-more", "1.2")),
                breach("aoti4j-bom: is missing", f -> f.delete("aoti4j-bom")),
                breach(
                        "aoti4j-1.2.jar: is not in aoti4j-bom",
                        f -> f.edit(BOM, "<dependencies>.*</dependencies>", "")),
                breach(
                        "manages another version: 1.1",
                        f -> f.edit(BOM, "\\$\\{project.version}", "1.1")),
                breach("no such folder", f -> f.delete("../../..")));
    }

    @ParameterizedTest
    @MethodSource("breaches")
    void finds(String problem, Breach breach) throws Throwable {
        breach.in(folder);
        List<String> problems = problems(false, false);
        assertTrue(problems.stream().anyMatch(line -> line.contains(problem)), problems::toString);
    }

    @Test
    void snapshotsPassWhenThatIsAskedFor() throws Throwable {
        folder.delete("aoti4j");
        folder.delete("aoti4j-bom");
        folder.stage("1.2-SNAPSHOT", "1.2-20260101.000000-1");
        assertTrue(problems(false, false).toString().contains("is a snapshot"));
        assertEquals(List.of(), problems(false, true));
    }

    private static Arguments breach(String problem, Breach breach) {
        return Arguments.of(problem, breach);
    }

    private static Breach pom(String pattern, String replacement) {
        return folder -> folder.edit(AOTI4J + ".pom", pattern, replacement);
    }

    private static Breach dependency(String group, String artifact, String version) {
        return folder -> folder.addDependency(AOTI4J + ".pom", group, artifact, version);
    }

    @SuppressWarnings("unchecked")
    private List<String> problems(boolean unsigned, boolean snapshots) throws Throwable {
        return (List<String>) check.invoke(root, unsigned, snapshots);
    }
}
