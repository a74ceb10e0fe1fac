package io.github.aoti4j.internal.device;

import io.github.aoti4j.bindings.cuda.TorchCudaApi;
import io.github.aoti4j.bindings.torch.LibTorchTensors;
import io.github.aoti4j.bindings.torch.TensorApi;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.Progress;
import io.github.aoti4j.internal.cuda.CaptureObstacles;
import io.github.aoti4j.internal.cuda.Gpu;
import io.github.aoti4j.internal.cuda.GpuStream;
import io.github.aoti4j.internal.cuda.Launch;
import io.github.aoti4j.internal.cuda.MemoryUses;
import io.github.aoti4j.internal.cuda.Upload;
import io.github.aoti4j.internal.tensor.NativeTensor;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** Work goes to streams; single inputs, outputs and constants may be on the CPU. */
final class CudaBackend implements Backend {
    private final Gpu gpu;

    CudaBackend(Gpu gpu) {
        this.gpu = gpu;
    }

    @Override
    public Device device() {
        return gpu.device();
    }

    @Override
    public TensorApi tensors() {
        return LibTorchTensors.INSTANCE;
    }

    @Override
    public boolean sharesConstants() {
        return false;
    }

    @Override
    public Upload upload(long memory, Progress progress) {
        return new Upload(gpu, memory, progress);
    }

    @Override
    public Optional<String> captureObstacle(
            List<String> functions, boolean callsOperators, int runners) {
        return runners > 1
                ? Optional.of("it was loaded for several runs at once: load it with runners(1)")
                : CaptureObstacles.find(functions, callsOperators);
    }

    @Override
    public void newTensor(
            TensorApi tensors,
            TensorView tensor,
            MemorySegment sizes,
            MemorySegment strides,
            MemorySegment handle) {
        DeviceTensors.newTensor(tensor, sizes, strides, handle);
    }

    @Override
    public NativeTensor describe(long handle, long scratch, String what) {
        return NativeTensor.anywhere(tensors(), handle, scratch, what);
    }

    @Override
    public TensorView view(
            NativeTensor like, long address, TensorView input, Arena arena, MemoryUses uses) {
        MemorySegment memory =
                input == null
                        ? MemorySegment.ofAddress(address).reinterpret(like.bytes(), arena, null)
                        : input.segment()
                                .reinterpret(input.spanBytes())
                                .asSlice(address - input.segment().address(), like.bytes());
        return new TensorView(
                like.dtype(),
                like.shape(),
                like.strides(),
                like.device().isCpu() ? memory : memory.asSlice(0, 0),
                like.device(),
                input == null ? uses : input.uses());
    }

    @Override
    public GpuStream stream(GpuStream wanted) {
        return wanted == null ? new GpuStream(gpu, gpu.currentStream()) : wanted;
    }

    @Override
    public MemoryUses newUses(GpuStream stream) {
        return MemoryUses.ofStream(gpu, stream.handle());
    }

    @Override
    public void run(GpuStream stream, MemoryUses outputs, TensorView[] inputs, Work work) {
        try (var launch = new Launch(gpu, stream.handle());
                TorchCudaApi.InUse _ = TorchCudaApi.use(gpu.device().index(), stream.handle())) {
            launch.uses(outputs);
            for (TensorView tensor : inputs) {
                launch.uses(tensor.uses());
            }
            try {
                work.give(stream.handle());
            } catch (Throwable e) {
                launch.failed(e);
                throw e;
            }
            launch.done();
        }
    }

    @Override
    public void runInOrder(MemorySegment stream, Work work) {
        try (TorchCudaApi.InUse _ = TorchCudaApi.use(gpu.device().index(), stream)) {
            work.give(stream);
        }
    }

    @Override
    public void await() {
        gpu.synchronize();
    }
}
