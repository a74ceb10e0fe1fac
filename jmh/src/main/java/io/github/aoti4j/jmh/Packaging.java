package io.github.aoti4j.jmh;

/** Where a model's weights are. */
public enum Packaging {
    /** All in one entry of the package. */
    BLOB("blob"),
    /** In the package's {@code data/weights}, each a file of {@code torch.save}. */
    DATA_WEIGHTS("data/weights"),
    /** In a safetensors file beside the package. */
    SAFETENSORS("safetensors");

    private final String title;

    Packaging(String title) {
        this.title = title;
    }

    @Override
    public String toString() {
        return title;
    }
}
