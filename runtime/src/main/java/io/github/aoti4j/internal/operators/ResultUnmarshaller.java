package io.github.aoti4j.internal.operators;

import io.github.aoti4j.bindings.os.Closeables.Cleanup;
import io.github.aoti4j.bindings.torch.StableValues;
import io.github.aoti4j.bindings.torch.TorchApi;
import io.github.aoti4j.core.OperatorException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** How one result of a node is handed to the model. */
sealed interface ResultUnmarshaller {
    /**
     * The next tensor that the model has made room for.
     *
     * @param maybeLazy whether it may be a view that PyTorch conjugates or negates by a flag, which
     *     compiled code, reading memory, does not see
     * @param check what it must be like; null if the package does not say
     */
    record OneTensor(boolean maybeLazy, ResultCheck check) implements ResultUnmarshaller {
        void assign(long bits, Call call) {
            MemorySegment tensor = MemorySegment.ofAddress(bits);
            MemorySegment place = call.nextTensor();
            if (!maybeLazy || !Values.isLazy(tensor, call.slot())) {
                assignChecked(tensor, maybeLazy, place, call);
                return;
            }
            TorchApi.cloneTensor(tensor, call.slot());
            MemorySegment copy = call.slot().get(ValueLayout.ADDRESS, 0);
            try (Cleanup _ = () -> TorchApi.deleteTensor(copy)) {
                assignChecked(copy, false, place, call);
            }
        }

        /** A view cannot be replaced by a copy: writes into one must be seen in both. */
        private void assignChecked(
                MemorySegment tensor, boolean isView, MemorySegment place, Call call) {
            if (check == null || check.require(tensor, call)) {
                TorchApi.assignTensor(tensor, place);
                return;
            }
            if (isView) {
                throw check.wrongStrides(tensor, call);
            }
            MemorySegment copy = check.withStrides(tensor, call);
            try (Cleanup _ = () -> TorchApi.deleteTensor(copy)) {
                TorchApi.assignTensor(copy, place);
            }
        }
    }

    /** A {@code Tensor?} that the model was compiled to get. */
    record PresentTensor(OneTensor inner) implements ResultUnmarshaller {}

    /** A list of tensors, for which the model has made room. */
    record TensorList(List<OneTensor> elements) implements ResultUnmarshaller {}

    /** An integer that the model was compiled for. */
    record SameInt() implements ResultUnmarshaller {}

    /** A result that the model does not use. */
    record Ignored() implements ResultUnmarshaller {}

    /** Hands a result to the model; its bits stay the caller's. */
    default void unmarshal(long bits, Call call, String operator) {
        switch (this) {
            case Ignored _ -> {}
            case OneTensor tensor -> tensor.assign(bits, call);
            case PresentTensor tensor -> {
                if (bits == 0) {
                    throw new OperatorException(
                            "operator %s did not return a tensor that the model was compiled to get"
                                    .formatted(operator));
                }
                tensor.inner.assign(StableValues.held(bits), call);
            }
            case TensorList tensors -> {
                long size = StableValues.size(bits, call.slot());
                if (size != tensors.elements.size()) {
                    throw new OperatorException(
                            "operator %s returned a list of %d tensors, but the model was compiled for %d"
                                    .formatted(operator, size, tensors.elements.size()));
                }
                for (int i = 0; i < size; i++) {
                    tensors.elements
                            .get(i)
                            .assign(StableValues.element(bits, i, call.slot()), call);
                }
            }
            case SameInt _ -> {
                long expected = call.nextInt();
                if (bits != expected) {
                    throw new OperatorException(
                            "operator %s returned %d, but the model was compiled for %d"
                                    .formatted(operator, bits, expected));
                }
            }
        }
    }

    /** Returns how many of the model's tensors this fills. */
    default int tensors() {
        return switch (this) {
            case OneTensor _, PresentTensor _ -> 1;
            case TensorList tensors -> tensors.elements.size();
            case SameInt _, Ignored _ -> 0;
        };
    }

    /** Returns how many of the model's integers this compares with. */
    default int ints() {
        return this instanceof SameInt ? 1 : 0;
    }
}
