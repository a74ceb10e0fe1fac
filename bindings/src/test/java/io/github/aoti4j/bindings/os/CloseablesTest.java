package io.github.aoti4j.bindings.os;

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
                                Closeables.closeAll(
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

        Closeables.closeAfter(because, part("a", first), part("b", second));

        assertEquals(List.of("a", "b"), closed);
        assertArrayEquals(new Throwable[] {first, second}, because.getSuppressed());
    }

    @Test
    void closesTheRestAfterAnError() {
        var error = new StackOverflowError();

        var thrown =
                assertThrows(
                        StackOverflowError.class,
                        () ->
                                Closeables.closeAll(
                                        () -> {
                                            throw error;
                                        },
                                        part("b", second)));

        assertEquals(List.of("b"), closed);
        assertSame(error, thrown);
        assertArrayEquals(new Throwable[] {second}, thrown.getSuppressed());
    }

    @Test
    void theLastUserClosesAndMayTryAgain() {
        var failures = new ArrayList<>(List.of(first));
        var shared =
                new RefCounted<AutoCloseable>(
                        () -> {
                            closed.add("shared");
                            if (!failures.isEmpty()) {
                                throw failures.removeFirst();
                            }
                        });
        shared.retain().release();
        assertEquals(List.of(), closed);

        assertSame(first, assertThrows(IllegalStateException.class, shared::release));
        shared.release();

        assertEquals(List.of("shared", "shared"), closed);
    }
}
