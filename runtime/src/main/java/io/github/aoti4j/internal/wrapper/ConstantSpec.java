package io.github.aoti4j.internal.wrapper;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.weights.BlobTensor;

import java.util.List;
import java.util.Optional;

/**
 * What a wrapper source says of one constant ({@code constants_info_[i]} in the model's
 * constructor). Empty components are not said.
 *
 * @param index its index in the container
 * @param fqn the name in the PyTorch module
 * @param deviceType the device, such as {@code cpu}; older PyTorch versions do not say
 * @param layout the memory layout, {@code _mkldnn} for packed weights
 * @param storageOffset the offset into its storage, in elements
 * @param dataSize bytes of its storage as packaged, padding included; -1 if not said
 * @param fromFolded true if constant folding computes it, so that no file holds it
 * @param kind {@code Parameter}, {@code Buffer}, {@code TensorConstant}, {@code FoldedConstant} or
 *     {@code Unknown}
 * @param strides in elements
 */
public record ConstantSpec(
        int index,
        String name,
        Optional<String> fqn,
        Optional<DType> dtype,
        Optional<String> deviceType,
        Optional<String> layout,
        long storageOffset,
        long dataSize,
        boolean fromFolded,
        Optional<String> kind,
        Optional<List<Long>> shape,
        Optional<List<Long>> strides) {

    /**
     * Describes the constant as a part of a blob, named by FQN; empty if the source leaves
     * something out.
     */
    public Optional<BlobTensor> inBlob() {
        if (dtype.isEmpty() || shape.isEmpty() || strides.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                new BlobTensor(
                        fqn.orElse(name),
                        dtype.get(),
                        array(shape.get()),
                        array(strides.get()),
                        storageOffset,
                        dataSize));
    }

    public static long[] array(List<Long> values) {
        long[] array = new long[values.size()];
        for (int i = 0; i < array.length; i++) {
            array[i] = values.get(i);
        }
        return array;
    }
}
