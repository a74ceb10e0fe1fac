package io.github.aoti4j.weights.torchsave;

import static io.github.aoti4j.weights.mapped.Messages.quote;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.weights.mapped.Extents;
import io.github.aoti4j.weights.mapped.Json.FormException;
import io.github.aoti4j.weights.torchsave.Pickled.Dict;
import io.github.aoti4j.weights.torchsave.Pickled.ElementType;
import io.github.aoti4j.weights.torchsave.Pickled.Function;
import io.github.aoti4j.weights.torchsave.Pickled.Int;
import io.github.aoti4j.weights.torchsave.Pickled.Plain;
import io.github.aoti4j.weights.torchsave.Pickled.Storage;
import io.github.aoti4j.weights.torchsave.Pickled.StorageType;
import io.github.aoti4j.weights.torchsave.Pickled.Tensor;
import io.github.aoti4j.weights.torchsave.Pickled.Text;
import io.github.aoti4j.weights.torchsave.Pickled.Tuple;

import java.util.List;

/** The results of the functions of {@link TorchGlobals}. */
final class TorchObjects {
    /** Keys are numbers. */
    private static final int MAX_KEY = 100;

    private TorchObjects() {}

    /** Calls a function, as the pickle's REDUCE does. */
    static Pickled call(Pickled function, Pickled arguments) throws FormException {
        if (!(function instanceof Function known) || !(arguments instanceof Tuple(var items))) {
            throw new FormException("it calls what is not a function");
        }
        return switch (known) {
            case ORDERED_DICT -> orderedDict(items);
            case REBUILD_TENSOR_V2 -> tensorV2(items);
            case REBUILD_TENSOR_V3 -> tensorV3(items);
            case REBUILD_PARAMETER -> parameter(items);
            case REBUILD_FROM_TYPE -> tensorOfType(items);
            case SIZE -> size(items);
            case PLAIN -> Plain.OTHER;
        };
    }

    /** Resolves a persistent id: {@code ("storage", type, key, location, number of elements)}. */
    static Pickled storage(Pickled id) throws FormException {
        if (id instanceof Tuple(var items)
                && items.size() == 5
                && items.get(0) instanceof Text(var kind)
                && kind.equals("storage")
                && items.get(1) instanceof StorageType(var dtype)
                && items.get(2) instanceof Text(var key)
                && items.get(3) instanceof Text
                && items.get(4) instanceof Int(var count)
                && count >= 0) {
            if (key.length() > MAX_KEY) {
                throw new FormException("it has a storage whose name is " + quote(key));
            }
            int elementSize = dtype == null ? 1 : dtype.byteSize();
            if (count > Long.MAX_VALUE / elementSize) {
                throw new FormException(
                        "storage " + quote(key) + " is larger than any file: " + count);
            }
            return new Storage(dtype, key, count * elementSize);
        }
        throw new FormException("a persistent id in it does not describe a storage");
    }

    private static Pickled orderedDict(List<Pickled> items) throws FormException {
        if (!items.isEmpty()) {
            throw new FormException("it makes an OrderedDict in a way that is not known");
        }
        return new Dict();
    }

    private static Pickled size(List<Pickled> items) throws FormException {
        if (items.size() == 1 && items.getFirst() instanceof Tuple sizes) {
            return sizes;
        }
        throw new FormException("it makes a torch.Size of something else than a tuple");
    }

    private static Pickled parameter(List<Pickled> items) throws FormException {
        if (!items.isEmpty() && items.getFirst() instanceof Tensor tensor) {
            return tensor;
        }
        throw new FormException("it makes a parameter of something else than a tensor");
    }

    /**
     * The function that makes a tensor, the type that it has then, the function's arguments, and
     * the attributes that someone has set, which are not kept. Other types than PyTorch's own are
     * refused by their names.
     */
    private static Pickled tensorOfType(List<Pickled> items) throws FormException {
        if (items.size() == 4
                && items.get(0) instanceof Function rebuild
                && items.get(1) == Plain.TENSOR_TYPE
                && items.get(2) instanceof Tuple(var arguments)) {
            return switch (rebuild) {
                case REBUILD_TENSOR_V2 -> tensorV2(arguments);
                case REBUILD_TENSOR_V3 -> tensorV3(arguments);
                case REBUILD_PARAMETER -> parameter(arguments);
                default -> throw badTensor();
            };
        }
        throw badTensor();
    }

    /** Storage, offset, size, strides, requires_grad, hooks, and possibly metadata. */
    private static Pickled tensorV2(List<Pickled> items) throws FormException {
        if ((items.size() == 6 || items.size() == 7)
                && items.getFirst() instanceof Storage storage
                && storage.dtype() != null) {
            return tensor(storage.dtype(), storage, items, 6);
        }
        throw badTensor();
    }

    /** As for V2, with the dtype before the metadata. */
    private static Pickled tensorV3(List<Pickled> items) throws FormException {
        if ((items.size() == 7 || items.size() == 8)
                && items.getFirst() instanceof Storage storage
                && items.get(6) instanceof ElementType(var dtype)) {
            return tensor(dtype, storage, items, 7);
        }
        throw badTensor();
    }

    private static Pickled tensor(DType dtype, Storage storage, List<Pickled> items, int metadata)
            throws FormException {
        if (items.get(1) instanceof Int(var offset) && offset >= 0) {
            long[] shape = sizes(items.get(2));
            long[] strides = sizes(items.get(3));
            if (shape.length == strides.length) {
                boolean pending = items.size() > metadata && isPending(items.get(metadata));
                return new Tensor(dtype, storage, offset, shape, strides, pending);
            }
        }
        throw badTensor();
    }

    private static long[] sizes(Pickled value) throws FormException {
        if (!(value instanceof Tuple(var items)) || items.size() > Extents.MAX_RANK) {
            throw badTensor();
        }
        long[] sizes = new long[items.size()];
        for (int i = 0; i < sizes.length; i++) {
            if (!(items.get(i) instanceof Int(var size)) || size < 0) {
                throw badTensor();
            }
            sizes[i] = size;
        }
        return sizes;
    }

    /** A view that is conjugated or negated when it is read is saved as what it is a view of. */
    private static boolean isPending(Pickled metadata) throws FormException {
        if (!(metadata instanceof Dict dict)) {
            throw badTensor();
        }
        return dict.entries().get("conj") == Plain.TRUE || dict.entries().get("neg") == Plain.TRUE;
    }

    private static FormException badTensor() {
        return new FormException("it makes a tensor of arguments that make none");
    }
}
