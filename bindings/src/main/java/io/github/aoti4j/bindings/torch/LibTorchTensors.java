package io.github.aoti4j.bindings.torch;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.core.NativeException;

import java.lang.foreign.MemorySegment;

/** libtorch's functions on tensors. libtorch must have been loaded before this class is touched. */
public final class LibTorchTensors implements TensorApi {
    /** Runs have no memory of their own: libtorch allocates. */
    public static final TensorApi INSTANCE = new LibTorchTensors();

    private LibTorchTensors() {}

    @Override
    public boolean isLibTorch() {
        return true;
    }

    @Override
    public void createFromBlob(
            MemorySegment data,
            int rank,
            MemorySegment sizes,
            MemorySegment strides,
            int dtype,
            MemorySegment slot) {
        TorchApi.createTensorFromBlob(data, rank, sizes, strides, dtype, slot);
    }

    @Override
    public void newHandle(long handle, long slot) {
        FastTensorApi.newHandle(handle, slot);
    }

    @Override
    public void delete(long handle) {
        FastTensorApi.delete(handle);
    }

    @Override
    public void startLending(long handle) {
        // Each run gets a handle of its own.
    }

    @Override
    public void lend(long handle, long slot) {
        FastTensorApi.newHandle(handle, slot);
    }

    @Override
    public boolean isLent(long handle) {
        return false;
    }

    @Override
    public void takeBack(long handle) {
        FastTensorApi.delete(handle);
    }

    @Override
    public boolean isDefined(long handle, long scratch) {
        return TorchApi.isDefined(MemorySegment.ofAddress(handle), slot(scratch));
    }

    @Override
    public boolean isStrided(long handle, long scratch) {
        return TorchApi.isStrided(MemorySegment.ofAddress(handle), slot(scratch));
    }

    @Override
    public int deviceType(long handle, long scratch) {
        return FastTensorApi.deviceType(handle, scratch);
    }

    @Override
    public int deviceIndex(long handle, long scratch) {
        return TorchApi.deviceIndex(MemorySegment.ofAddress(handle), slot(scratch));
    }

    @Override
    public int dtype(long handle, long scratch) {
        return FastTensorApi.dtype(handle, scratch);
    }

    @Override
    public long rank(long handle, long scratch) {
        return FastTensorApi.rank(handle, scratch);
    }

    @Override
    public long sizes(long handle, long scratch) {
        return FastTensorApi.sizes(handle, scratch);
    }

    @Override
    public long strides(long handle, long scratch) {
        return FastTensorApi.strides(handle, scratch);
    }

    @Override
    public long dataAddress(long handle, long scratch) {
        return FastTensorApi.dataAddress(handle, scratch);
    }

    @Override
    public boolean isConjugated(long handle, long scratch) {
        return TorchApi.isConjugated(MemorySegment.ofAddress(handle), slot(scratch));
    }

    @Override
    public void copyToNew(long handle, long slot, MemorySegment memory) {
        TorchApi.cloneTensor(MemorySegment.ofAddress(handle), slot(slot), memory);
    }

    @Override
    public TensorApi forRuns() {
        return this;
    }

    @Override
    public Object enter() {
        return null;
    }

    @Override
    public void leave(Object before) {
        // Nothing was entered.
    }

    /** The model has the reason itself. */
    @Override
    public NativeException takeFailure() {
        return null;
    }

    @Override
    public void close() {
        // Nothing is kept.
    }

    private static MemorySegment slot(long address) {
        return MemorySegment.ofAddress(address).reinterpret(JAVA_LONG.byteSize());
    }
}
