package io.github.aoti4j.internal.device;

import io.github.aoti4j.bindings.torch.TensorApi;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.Progress;
import io.github.aoti4j.internal.cuda.Gpu;
import io.github.aoti4j.internal.cuda.GpuStream;
import io.github.aoti4j.internal.cuda.MemoryUses;
import io.github.aoti4j.internal.cuda.Upload;
import io.github.aoti4j.internal.tensor.NativeTensor;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * What differs between models on the CPU and on a CUDA device: how native tensors are made and
 * read, and how work is given to the device. Chosen once, when a model is loaded. Thread-safe.
 */
public sealed interface Backend permits CpuBackend, CudaBackend {
    /**
     * Returns the backend of a device.
     *
     * @param tensors the functions on tensors of the CPU
     * @throws IncompatibleModelException if the device cannot be used, naming what is missing
     */
    static Backend of(Device device, TensorApi tensors) {
        return device.isCpu() ? new CpuBackend(tensors) : new CudaBackend(Gpu.of(device));
    }

    Device device();

    /** Returns the functions on tensors of the engine that the model runs on. */
    TensorApi tensors();

    /** Returns whether a model may have several native containers with the same constants. */
    boolean sharesConstants();

    /** Returns what brings constants to the device; null if they are used where they lie. */
    Upload upload(long memory, Progress progress);

    /**
     * Returns why runs cannot be captured as a CUDA graph, as far as can be known before.
     *
     * @param functions that the model calls
     * @param callsOperators whether it calls operators that are not compiled into it
     * @param runners how many runs may be in flight
     */
    Optional<String> captureObstacle(List<String> functions, boolean callsOperators, int runners);

    /**
     * Makes a native tensor over memory.
     *
     * @param tensors whose tensor it will be
     * @param sizes the tensor's, in native memory; so are {@code strides}
     * @param handle gets the handle
     */
    void newTensor(
            TensorApi tensors,
            TensorView tensor,
            MemorySegment sizes,
            MemorySegment strides,
            MemorySegment handle);

    /**
     * Asks for all of a native tensor that the model has left.
     *
     * @param scratch the address of eight bytes
     * @param what the tensor's name in messages
     */
    NativeTensor describe(long handle, long scratch, String what);

    /**
     * Makes a view of an output.
     *
     * @param like an output of the same dtype, sizes, strides and device
     * @param address of the first element
     * @param input the input that the output lies in, whose lifetime it shares; null if there is
     *     none
     * @param arena the lifetime of other outputs
     * @param uses the work on other outputs; null on the CPU
     */
    TensorView view(
            NativeTensor like, long address, TensorView input, Arena arena, MemoryUses uses);

    /** Returns the stream to use; null on the CPU. */
    GpuStream stream(GpuStream wanted);

    /** Starts to watch over the outputs of a run on a stream; null on the CPU. */
    MemoryUses newUses(GpuStream stream);

    /** A run, as far as it is given to a stream. */
    interface Work {
        /**
         * Gives it.
         *
         * @param stream which may do it later; null on the CPU, where it is done at once
         */
        void give(MemorySegment stream);
    }

    /**
     * Gives a run to a stream, behind all other work on its inputs, and does not wait for it.
     *
     * @param stream as {@link #stream} has returned it
     * @param outputs as {@link #newUses} has returned it
     */
    void run(GpuStream stream, MemoryUses outputs, TensorView[] inputs, Work work);

    /** Gives a run to a stream that all its memory belongs to. */
    void runInOrder(MemorySegment stream, Work work);

    /** Waits until the device has done all that it has been given. */
    void await();
}
