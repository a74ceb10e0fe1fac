package io.github.aoti4j.jmh;

/** Where a model's weights are. */
public enum Packaging {
    /** In one entry of the package, one after the other. */
    BLOB("blob"),
    /** In the package's {@code data/weights}, each a file of {@code torch.save}. */
    DATA_WEIGHTS("data/weights"),
    /** Not in the package but in a safetensors file beside it. */
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
