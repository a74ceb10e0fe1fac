package io.github.aoti4j.jmh;

import java.util.Locale;

/** Where a model's weights are. */
public enum Packaging {
    /** All in one entry of the package. */
    BLOB,
    /** In the package's {@code data/weights}, each a file of {@code torch.save}. */
    DATA_WEIGHTS,
    /** In a safetensors file beside the package. */
    SAFETENSORS;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '/');
    }
}
