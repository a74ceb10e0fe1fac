package io.github.aoti4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class NativeExceptionTest {
    @Test
    void messageIsOneLineAndTheStackElsewhere() {
        String said =
                """
                index out of bounds:
                  0 <= i < 10
                Exception raised from kernel at k.cpp:23 (most recent call first):
                frame #0: c10::Error::Error() + 0xac (0x7f in libc10.so)
                """;
        var e = new NativeException("run", said);
        assertEquals("run failed: index out of bounds: 0 <= i < 10", e.getMessage());
        assertEquals(said, e.nativeMessage());
    }

    @Test
    void messageHasNoFramesWithoutTheirHeading() {
        var e = new NativeException("run", "no data\nframe #0: f() + 0x1 (0x2 in lib.so)");
        assertEquals("run failed: no data", e.getMessage());
    }
}
