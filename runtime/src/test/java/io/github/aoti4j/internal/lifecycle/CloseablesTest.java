package io.github.aoti4j.internal.lifecycle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

class CloseablesTest {
    private final List<String> closed = new ArrayList<>();
    private final RuntimeException first = new IllegalStateException("first");
    private final RuntimeException second = new IllegalStateException("second");

    private AutoCloseable part(String name, RuntimeException failure) {
        return () -> {
            closed.add(name);
            if (failure != null) {
                throw failure;
            }
        };
    }

    @Test
    void closesAllInOrderAndThrowsTheFirstFailure() {
        var thrown =
                assertThrows(
                        IllegalStateException.class,
                        () ->
                                Closeables.all(
                                        null,
                                        part("a", first),
                                        null,
                                        part("b", second),
                                        part("c", null)));

        assertEquals(List.of("a", "b", "c"), closed);
        assertSame(first, thrown);
        assertArrayEquals(new Throwable[] {second}, thrown.getSuppressed());
    }

    @Test
    void addsFailuresToTheReason() {
        var because = new IllegalArgumentException("because");

        Closeables.all(because, part("a", first), part("b", second));

        assertEquals(List.of("a", "b"), closed);
        assertArrayEquals(new Throwable[] {first, second}, because.getSuppressed());
    }
}
