package io.github.aoti4j.internal.device;

import io.github.aoti4j.bindings.torch.TensorApi;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.Progress;
import io.github.aoti4j.internal.cuda.GpuStream;
import io.github.aoti4j.internal.cuda.MemoryUses;
import io.github.aoti4j.internal.cuda.Upload;
import io.github.aoti4j.internal.tensor.NativeTensor;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** Work is done when it has been given, and memory is Java's own. */
final class CpuBackend implements Backend {
    private final TensorApi tensors;

    CpuBackend(TensorApi tensors) {
        this.tensors = tensors;
    }

    @Override
    public Device device() {
        return Device.CPU;
    }

    @Override
    public TensorApi tensors() {
        return tensors;
    }

    @Override
    public boolean sharesConstants() {
        return true;
    }

    @Override
    public Upload upload(long memory, Progress progress) {
        return null;
    }

    @Override
    public Optional<String> captureObstacle(
            List<String> functions, boolean callsOperators, int runners) {
        return Optional.of("it is on the CPU");
    }

    @Override
    public void newTensor(
            TensorApi slotTensors,
            TensorView tensor,
            MemorySegment sizes,
            MemorySegment strides,
            MemorySegment handle) {
        slotTensors.createFromBlob(
                tensor.segment(), tensor.rank(), sizes, strides, tensor.dtype().code(), handle);
    }

    @Override
    public NativeTensor describe(long handle, long scratch, String what) {
        return NativeTensor.of(tensors, handle, scratch, what);
    }

    @Override
    public TensorView view(
            NativeTensor like, long address, TensorView input, Arena arena, MemoryUses uses) {
        MemorySegment memory =
                input == null
                        ? MemorySegment.ofAddress(address).reinterpret(like.bytes(), arena, null)
                        : input.segment()
                                .asSlice(address - input.segment().address(), like.bytes());
        return new TensorView(like.dtype(), like.shape(), like.strides(), memory);
    }

    @Override
    public GpuStream stream(GpuStream wanted) {
        return null;
    }

    @Override
    public MemoryUses newUses(GpuStream stream) {
        return null;
    }

    @Override
    public void run(GpuStream stream, MemoryUses outputs, TensorView[] inputs, Work work) {
        work.give(MemorySegment.NULL);
    }

    @Override
    public void runInOrder(MemorySegment stream, Work work) {
        work.give(MemorySegment.NULL);
    }

    @Override
    public void await() {
        // It has done all that it has been given.
    }
}
