package io.github.aoti4j.bindings.os;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

class ProcMapsTest {
    @Test
    void namesEachFileOnce() {
        Stream<String> lines =
                Stream.of(
                        "7f00-7f01 r-xp 00000000 fe:00 11  /a/with blank/libc10.so",
                        "7f01-7f02 rw-p 00001000 fe:00 11  /a/with blank/libc10.so",
                        "7f02-7f03 rw-p 00000000 00:00 0 ",
                        "7f03-7f04 rw-p 00000000 00:00 0    [stack]",
                        "7f04-7f05 r-xp 00000000 fe:00 12  /b/libc10.so (deleted)",
                        "7f05-7f06 r-xp 00000000 fe:00 13  /b/notlibc10.so");

        assertEquals(
                List.of(Path.of("/a/with blank/libc10.so"), Path.of("/b/libc10.so")),
                ProcMaps.of(lines).filesNamed("libc10.so"));
    }
}
