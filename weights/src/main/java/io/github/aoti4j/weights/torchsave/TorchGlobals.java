package io.github.aoti4j.weights.torchsave;

import static io.github.aoti4j.weights.mapped.Messages.quote;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.weights.mapped.Json.FormException;
import io.github.aoti4j.weights.torchsave.Pickled.Function;
import io.github.aoti4j.weights.torchsave.Pickled.Plain;
import io.github.aoti4j.weights.torchsave.Pickled.StorageType;

import java.util.HashMap;
import java.util.Map;

/**
 * The names that the pickle of a state dict may refer to, as {@code torch.save} writes them ({@code
 * torch/_tensor.py}, {@code torch/_utils.py}, {@code torch/storage.py}, {@code
 * torch/serialization.py}). There is no way from any other name to anything.
 */
final class TorchGlobals {
    private static final Map<String, Pickled> ALLOWED = new HashMap<>();

    static {
        ALLOWED.put("collections.OrderedDict", Function.ORDERED_DICT);
        ALLOWED.put("torch._utils._rebuild_tensor_v2", Function.REBUILD_TENSOR_V2);
        ALLOWED.put("torch._utils._rebuild_tensor_v3", Function.REBUILD_TENSOR_V3);
        ALLOWED.put("torch._utils._rebuild_parameter", Function.REBUILD_PARAMETER);
        ALLOWED.put("torch._utils._rebuild_parameter_with_state", Function.REBUILD_PARAMETER);
        ALLOWED.put("torch._tensor._rebuild_from_type_v2", Function.REBUILD_FROM_TYPE);
        ALLOWED.put("torch.Tensor", Plain.TENSOR_TYPE);
        ALLOWED.put("torch.nn.parameter.Parameter", Plain.TENSOR_TYPE);
        ALLOWED.put("torch.Size", Function.SIZE);
        for (String plain :
                new String[] {
                    "torch.device",
                    "torch.serialization._get_layout",
                    "_codecs.encode",
                    "collections.Counter"
                }) {
            ALLOWED.put(plain, Function.PLAIN);
        }
        // Python 2's name of the module, which protocol 2 keeps to.
        for (String builtins : new String[] {"builtins.", "__builtin__."}) {
            for (String plain : new String[] {"bytearray", "complex", "set", "frozenset"}) {
                ALLOWED.put(builtins + plain, Function.PLAIN);
            }
        }
        for (DType dtype : DType.values()) {
            ALLOWED.put("torch." + dtype.torchName(), new Pickled.ElementType(dtype));
        }
        storage("Double", DType.FLOAT64);
        storage("Float", DType.FLOAT32);
        storage("Half", DType.FLOAT16);
        storage("BFloat16", DType.BFLOAT16);
        storage("Long", DType.INT64);
        storage("Int", DType.INT32);
        storage("Short", DType.INT16);
        storage("Char", DType.INT8);
        storage("Byte", DType.UINT8);
        storage("Bool", DType.BOOL);
        storage("ComplexDouble", DType.COMPLEX128);
        storage("ComplexFloat", DType.COMPLEX64);
        // Types that came later are named by the tensor, their storages are mere bytes.
        ALLOWED.put("torch.storage.UntypedStorage", new StorageType(null));
    }

    private TorchGlobals() {}

    private static void storage(String name, DType dtype) {
        ALLOWED.put("torch." + name + "Storage", new StorageType(dtype));
    }

    static Pickled find(String module, String name) throws FormException {
        String global = module + "." + name;
        var found = ALLOWED.get(global);
        if (found == null) {
            throw new FormException(
                    "it refers to %s, which is neither a dense tensor nor a plain value; nothing of it was run. Save tensors alone: torch.save(model.state_dict(), \"weights.pt\")"
                            .formatted(quote(global)));
        }
        return found;
    }
}
