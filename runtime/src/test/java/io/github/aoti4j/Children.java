package io.github.aoti4j;

import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.testing.ChildJvm;

import java.nio.file.Path;

/** JVMs that use the libtorch of this one, whatever their cache. */
public final class Children {
    private Children() {}

    /** The folder of libtorch; one that is not there where it is hidden. */
    public static Path libtorch() {
        return EngineUnderTest.isBuiltIn()
                ? Path.of(System.getProperty("aoti.libtorch"))
                : LibTorch.load().directory();
    }

    /** Prepares a JVM for a main class of the tests. */
    public static ChildJvm of(Class<?> main) {
        return new ChildJvm(main).libtorch(libtorch());
    }
}
