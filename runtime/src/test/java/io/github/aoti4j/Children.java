package io.github.aoti4j;

import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.testing.ChildJvm;

/** JVMs that use the libtorch of this one, whatever their cache. */
public final class Children {
    private Children() {}

    /** Prepares a JVM for a main class of the tests. */
    public static ChildJvm of(Class<?> main) {
        return new ChildJvm(main)
                .libtorch(
                        EngineUnderTest.isBuiltIn()
                                ? System.getProperty("aoti.libtorch")
                                : LibTorch.load().directory());
    }
}
