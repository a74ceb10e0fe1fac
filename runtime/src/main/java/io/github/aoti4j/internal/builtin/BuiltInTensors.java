package io.github.aoti4j.internal.builtin;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.os.RawMemory;
import io.github.aoti4j.bindings.stub.TensorRecord;
import io.github.aoti4j.bindings.torch.TensorApi;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.builtin.tensor.BuiltInFailure;
import io.github.aoti4j.internal.builtin.tensor.Failures;
import io.github.aoti4j.internal.builtin.tensor.Handles;
import io.github.aoti4j.internal.builtin.tensor.Pool;
import io.github.aoti4j.internal.builtin.tensor.Tensors;
import io.github.aoti4j.internal.memory.MemoryBudget;
import io.github.aoti4j.internal.tensor.StridedCopy;

import java.lang.foreign.MemorySegment;

/** The built-in engine's functions on tensors, called without native code. */
final class BuiltInTensors implements TensorApi {
    /** With the C library's heap. */
    static final TensorApi INSTANCE =
            new BuiltInTensors(null, new MemoryBudget("", MemoryBudget.UNLIMITED));

    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** Null for the C library's heap. */
    private final Pool pool;

    /** Counts the memory of runs. */
    private final MemoryBudget budget;

    private BuiltInTensors(Pool pool, MemoryBudget budget) {
        this.pool = pool;
        this.budget = budget;
    }

    /** Returns the functions for one model, outside of its runs. */
    static TensorApi of(MemoryBudget budget) {
        return new BuiltInTensors(null, budget);
    }

    @Override
    public boolean isLibTorch() {
        return false;
    }

    @Override
    public void createFromBlob(
            MemorySegment data,
            int rank,
            MemorySegment sizes,
            MemorySegment strides,
            int dtype,
            MemorySegment slot) {
        boolean entered = isElsewhere();
        Object before = entered ? enter() : null;
        try {
            long tensor = Tensors.begin(dtype, rank);
            Tensors.wrap(tensor, sizes.address(), strides.address(), data.address(), 0);
            slot.set(JAVA_LONG, 0, tensor);
        } catch (BuiltInFailure e) {
            throw failure("aoti_torch_create_tensor_from_blob", e);
        } finally {
            if (entered) {
                leave(before);
            }
        }
    }

    @Override
    public void newHandle(long handle, long slot) {
        boolean entered = isElsewhere();
        Object before = entered ? enter() : null;
        try {
            MEMORY.set(JAVA_LONG, slot, Handles.share(handle));
        } catch (BuiltInFailure e) {
            throw failure("aoti_torch_new_tensor_handle", e);
        } finally {
            if (entered) {
                leave(before);
            }
        }
    }

    /** Returns whether a record would come from elsewhere, where threads wait for one another. */
    private boolean isElsewhere() {
        return pool != null && !pool.isCurrent();
    }

    @Override
    public void delete(long handle) {
        try {
            Tensors.delete(handle);
        } catch (BuiltInFailure e) {
            throw failure("aoti_torch_delete_tensor_object", e);
        }
    }

    @Override
    public void startLending(long handle) {
        try {
            Tensors.lend(handle);
        } catch (BuiltInFailure e) {
            throw failure("aoti_torch_new_tensor_handle", e);
        }
    }

    @Override
    public void lend(long handle, long slot) {
        MEMORY.set(JAVA_LONG, slot, handle);
    }

    // No call but these: the compiler inlines accesses to memory only up to a depth of calls.
    @Override
    public boolean isAt(long handle, long address, long[] sizes, long[] strides, long scratch) {
        boolean same = MEMORY.get(JAVA_LONG, handle + TensorRecord.DATA) == address;
        long actualSizes = MEMORY.get(JAVA_LONG, handle + TensorRecord.SIZES);
        long actualStrides = MEMORY.get(JAVA_LONG, handle + TensorRecord.STRIDES);
        for (int d = 0; d < sizes.length; d++) {
            long at = (long) d * Long.BYTES;
            same &= MEMORY.get(JAVA_LONG, actualSizes + at) == sizes[d];
            same &= MEMORY.get(JAVA_LONG, actualStrides + at) == strides[d];
        }
        return same;
    }

    @Override
    public boolean isLent(long handle) {
        return Tensors.isLent(handle);
    }

    @Override
    public void takeBack(long handle) {
        try {
            Tensors.takeBack(handle);
        } catch (BuiltInFailure e) {
            throw failure("aoti_torch_delete_tensor_object", e);
        }
        delete(handle);
    }

    @Override
    public boolean isDefined(long handle, long scratch) {
        try {
            return Tensors.isDefined(handle);
        } catch (BuiltInFailure e) {
            throw failure("aoti_torch_is_defined", e);
        }
    }

    @Override
    public boolean isStrided(long handle, long scratch) {
        require(handle, "aoti_torch_get_layout");
        return true;
    }

    @Override
    public int deviceType(long handle, long scratch) {
        require(handle, "aoti_torch_get_device_type");
        return CPU;
    }

    @Override
    public int deviceIndex(long handle, long scratch) {
        require(handle, "aoti_torch_get_device_index");
        return 0;
    }

    @Override
    public int dtype(long handle, long scratch) {
        require(handle, "aoti_torch_get_dtype");
        return Tensors.dtype(handle);
    }

    @Override
    public long rank(long handle, long scratch) {
        require(handle, "aoti_torch_get_dim");
        return Tensors.rank(handle);
    }

    @Override
    public long sizes(long handle, long scratch) {
        require(handle, "aoti_torch_get_sizes");
        return Tensors.sizes(handle);
    }

    @Override
    public long strides(long handle, long scratch) {
        require(handle, "aoti_torch_get_strides");
        return Tensors.strides(handle);
    }

    @Override
    public long dataAddress(long handle, long scratch) {
        require(handle, "aoti_torch_get_data_ptr");
        return Tensors.data(handle);
    }

    /** The engine conjugates nothing lazily. */
    @Override
    public boolean isConjugated(long handle, long scratch) {
        return false;
    }

    @Override
    public void copyToNew(long handle, long slot, MemorySegment memory) {
        require(handle, "aoti_torch_clone");
        int rank = Tensors.rank(handle);
        int elementBytes = Tensors.elementBytes(Tensors.dtype(handle));
        long copy;
        try {
            copy = Tensors.begin(Tensors.dtype(handle), rank);
            for (int d = 0; d < rank; d++) {
                Tensors.setDimension(copy, d, Tensors.size(handle, d), 0);
            }
            Tensors.setContiguous(copy);
            Tensors.allocate(copy);
        } catch (BuiltInFailure e) {
            throw failure("aoti_torch_clone", e);
        }
        try {
            // Through the segment, since an access to it cannot overlap its arena's end.
            StridedCopy.gather(
                    memory.asSlice(Tensors.data(handle) - memory.address()),
                    RawMemory.longs(Tensors.sizes(handle), rank),
                    RawMemory.longs(Tensors.strides(handle), rank),
                    elementBytes,
                    MEMORY.asSlice(Tensors.data(copy), Tensors.count(copy) * elementBytes));
        } catch (Throwable e) {
            Tensors.delete(copy);
            throw e;
        }
        MEMORY.set(JAVA_LONG, slot, copy);
    }

    @Override
    public TensorApi forRuns() {
        try {
            return new BuiltInTensors(new Pool(budget), budget);
        } catch (BuiltInFailure e) {
            throw failure("aoti_torch_empty_strided", e);
        }
    }

    @Override
    public Object enter() {
        // Of a function whose failure its model passed over, perhaps in another model's run.
        Failures.clear();
        return pool == null ? Pool.suspend() : pool.enter();
    }

    @Override
    public void leave(Object before) {
        if (pool == null) {
            Pool.resume((Pool) before);
        } else {
            pool.leave((Pool) before);
        }
    }

    @Override
    public NativeException takeFailure() {
        return Failures.take();
    }

    @Override
    public void close() {
        if (pool != null) {
            pool.close();
        }
    }

    private static void require(long handle, String function) {
        try {
            Tensors.require(handle, "the handle");
        } catch (BuiltInFailure e) {
            throw failure(function, e);
        }
    }

    private static NativeException failure(String function, BuiltInFailure e) {
        var failure = new NativeException(function, e.getMessage());
        failure.initCause(e);
        return failure;
    }
}
