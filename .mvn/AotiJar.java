import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;

/**
 * Raises the format of picocli's class files in {@code aoti.jar}, its argument, from that of Java 5
 * to that of Java 8. The JVM keeps no classes of the old format in an AOT cache, and verifies them
 * more slowly. What the classes do stays the same.
 */
final class AotiJar {
    /** The first version in which every method states its types (JSR 202). */
    private static final int OLDEST = ClassFile.JAVA_6_VERSION;

    private AotiJar() {}

    public static void main(String[] args) throws IOException {
        try (FileSystem jar = FileSystems.newFileSystem(Path.of(args[0]))) {
            ClassFile format = format(jar.getPath("/"));
            List<Path> classes;
            try (Stream<Path> files = Files.walk(jar.getPath("/picocli"))) {
                classes = files.filter(file -> file.toString().endsWith(".class")).toList();
            }
            for (Path file : classes) {
                ClassModel old = format.parse(Files.readAllBytes(file));
                if (old.majorVersion() < OLDEST) {
                    FileTime time = Files.getLastModifiedTime(file);
                    Files.write(file, raise(format, old));
                    Files.setLastModifiedTime(file, time);
                }
            }
        }
    }

    private static byte[] raise(ClassFile format, ClassModel old) {
        return format.transformClass(
                old,
                ClassTransform.dropping(element -> element instanceof ClassFileVersion)
                        .andThen(
                                ClassTransform.endHandler(
                                        c -> c.withVersion(ClassFile.JAVA_8_VERSION, 0)))
                        .andThen(
                                ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL)));
    }

    /** Where types meet in a method, their common superclass is needed. */
    private static ClassFile format(Path root) {
        ClassHierarchyResolver own =
                ClassHierarchyResolver.ofResourceParsing(
                                type -> {
                                    String name = type.descriptorString();
                                    Path file =
                                            root.resolve(
                                                    name.substring(1, name.length() - 1)
                                                            + ".class");
                                    try {
                                        return Files.exists(file)
                                                ? Files.newInputStream(file)
                                                : null;
                                    } catch (IOException e) {
                                        throw new java.io.UncheckedIOException(e);
                                    }
                                })
                        .orElse(ClassHierarchyResolver.defaultResolver())
                        .cached();
        return ClassFile.of(
                StackMapsOption.GENERATE_STACK_MAPS, ClassHierarchyResolverOption.of(own));
    }
}
