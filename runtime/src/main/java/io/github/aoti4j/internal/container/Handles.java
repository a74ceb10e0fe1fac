package io.github.aoti4j.internal.container;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.torch.TensorApi;
import io.github.aoti4j.core.NativeException;

/** Deletes native tensors, all of them, whatever fails. */
public final class Handles {
    private Handles() {}

    /**
     * Deletes a native tensor, unless the handle is 0.
     *
     * @param failure what failed before, or null
     * @return the first failure, with later ones suppressed, or null
     */
    public static NativeException delete(TensorApi tensors, long handle, NativeException failure) {
        try {
            if (handle != 0) {
                tensors.delete(handle);
            }
            return failure;
        } catch (NativeException e) {
            return Closeables.join(failure, e);
        }
    }

    /** Deletes native tensors, and forgets the handles; see {@link #delete}. */
    public static NativeException deleteAll(
            TensorApi tensors, long[] handles, NativeException failure) {
        for (int i = 0; i < handles.length; i++) {
            long handle = handles[i];
            handles[i] = 0;
            failure = delete(tensors, handle, failure);
        }
        return failure;
    }

    /** The same as {@link #delete}, for a native tensor that may be lent to the model. */
    public static NativeException takeBack(
            TensorApi tensors, long handle, NativeException failure) {
        try {
            if (handle != 0) {
                tensors.takeBack(handle);
            }
            return failure;
        } catch (NativeException e) {
            return Closeables.join(failure, e);
        }
    }

    /** Throws what failed, if anything did. */
    public static void throwIfAny(NativeException failure) {
        if (failure != null) {
            throw failure;
        }
    }
}
