package io.github.aoti4j.internal;

import io.github.aoti4j.core.DType;

import java.util.List;
import java.util.Optional;

/** Gathers what a source says of one constant. */
final class ConstantBuilder {
    final int index;
    String name = "";
    String fqn;
    DType dtype;
    String deviceType;
    String layout;
    long storageOffset;
    long dataSize = -1;
    boolean fromFolded;
    String kind;
    List<Long> shape;
    List<Long> strides;

    ConstantBuilder(int index) {
        this.index = index;
    }

    ConstantSpec build() {
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
