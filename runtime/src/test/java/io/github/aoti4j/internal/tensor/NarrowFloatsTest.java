package io.github.aoti4j.internal.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.aoti4j.core.DType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Values from the tables of the OCP 8-bit floating point specification and of the papers on the
 * "fnuz" variants.
 */
class NarrowFloatsTest {
    @ParameterizedTest
    @CsvSource({
        // zero, smallest subnormal, smallest normal, one, largest, with sign
        "FLOAT8_E4M3FN, 0x00, 0",
        "FLOAT8_E4M3FN, 0x01, 0.001953125",
        "FLOAT8_E4M3FN, 0x08, 0.015625",
        "FLOAT8_E4M3FN, 0x38, 1",
        "FLOAT8_E4M3FN, 0x7e, 448",
        "FLOAT8_E4M3FN, 0xfe, -448",
        "FLOAT8_E4M3FN, 0x7f, NaN",
        "FLOAT8_E5M2, 0x01, 0.0000152587890625",
        "FLOAT8_E5M2, 0x3c, 1",
        "FLOAT8_E5M2, 0x7b, 57344",
        "FLOAT8_E5M2, 0x7c, Infinity",
        "FLOAT8_E5M2, 0xfc, -Infinity",
        "FLOAT8_E5M2, 0x7d, NaN",
        "FLOAT8_E4M3FNUZ, 0x01, 0.0009765625",
        "FLOAT8_E4M3FNUZ, 0x40, 1",
        "FLOAT8_E4M3FNUZ, 0x7f, 240",
        "FLOAT8_E4M3FNUZ, 0x80, NaN",
        "FLOAT8_E5M2FNUZ, 0x01, 0.00000762939453125",
        "FLOAT8_E5M2FNUZ, 0x40, 1",
        "FLOAT8_E5M2FNUZ, 0x7f, 57344",
        "FLOAT8_E5M2FNUZ, 0x80, NaN",
        "FLOAT8_E8M0FNU, 0x7f, 1",
        "FLOAT8_E8M0FNU, 0x80, 2",
        "FLOAT8_E8M0FNU, 0x00, 5.877471754111438e-39",
        "FLOAT8_E8M0FNU, 0xff, NaN",
        "BFLOAT16, 0x4049, 3.140625",
        "FLOAT16, 0x0001, 5.960464477539063e-8",
        "FLOAT16, 0x7c00, Infinity"
    })
    void widens(DType dtype, String bits, float value) {
        assertEquals(value, NarrowFloats.toFloat(dtype, Integer.decode(bits)));
    }

    @Test
    void refusesTypesThatJavaHasItself() {
        assertThrows(IllegalArgumentException.class, () -> NarrowFloats.toFloat(DType.FLOAT32, 0));
    }
}
