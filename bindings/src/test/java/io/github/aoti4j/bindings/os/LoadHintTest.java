package io.github.aoti4j.bindings.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoadHintTest {
    @ParameterizedTest
    @CsvSource({
        "libstdc++.so.6: cannot open shared object file: No such file or directory, libstdc++6",
        "libcudart.so.12: cannot open shared object file: No such file or directory, folder",
        "/x/libgomp.so.1: failed to map segment from shared object, noexec",
        "/lib/libc.so.6: version `GLIBC_2.38' not found (required by /x/libc10.so), newer system"
    })
    void saysWhatToDo(String complaint, String hint) {
        assertTrue(LoadHint.of(complaint).contains(hint), LoadHint.of(complaint));
    }

    @Test
    void saysNothingWhereItKnowsNothing() {
        assertEquals("", LoadHint.of("undefined symbol: f"));
    }
}
