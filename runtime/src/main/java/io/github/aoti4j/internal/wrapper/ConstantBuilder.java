package io.github.aoti4j.internal.wrapper;

import io.github.aoti4j.core.DType;

import java.util.List;
import java.util.Optional;

/** Gathers what a source says of one constant. */
public final class ConstantBuilder {
    final int index;
    public String name = "";
    public String fqn;
    public DType dtype;
    public String deviceType;
    public String layout;
    long storageOffset;
    public long dataSize = -1;
    boolean fromFolded;
    String kind;
    public List<Long> shape;
    public List<Long> strides;

    public ConstantBuilder(int index) {
        this.index = index;
    }

    public ConstantSpec build() {
        return new ConstantSpec(
                index,
                name,
                Optional.ofNullable(fqn),
                Optional.ofNullable(dtype),
                Optional.ofNullable(deviceType),
                Optional.ofNullable(layout),
                storageOffset,
                dataSize,
                fromFolded,
                Optional.ofNullable(kind),
                Optional.ofNullable(shape),
                Optional.ofNullable(strides));
    }
}
