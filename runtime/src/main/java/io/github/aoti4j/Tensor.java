package io.github.aoti4j;

import static java.util.Objects.requireNonNull;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.internal.cuda.Gpu;
import io.github.aoti4j.internal.device.DeviceTensors;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.tensor.TensorFactory;
import io.github.aoti4j.internal.tensor.TensorReader;
import io.github.aoti4j.internal.tensor.TensorType;
import io.github.aoti4j.internal.tensor.TensorView;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.Buffer;
import java.util.Objects;

/**
 * A dense array of elements of one type in native memory, of the CPU or of a CUDA device: a view,
 * which owns nothing.
 *
 * <p>The memory belongs to an {@link Arena} and dies with it; a tensor whose arena is closed still
 * answers its dtype and shape, but reading its elements or running a model on it throws {@link
 * IllegalStateException}. A confined arena's tensors are its thread's alone ({@link
 * WrongThreadException} elsewhere).
 *
 * <p>Shapes are sizes in elements from the outermost dimension to the innermost; strides say how
 * many elements (not bytes) lie between neighbours along each dimension, as in PyTorch. A tensor of
 * rank 0 holds one element; one with a size of 0 holds none.
 *
 * <p>Java cannot reach the memory of a device: {@link #segment} of such a tensor is an address
 * without length, and what reads or writes elements refuses. {@link #to(Arena, Device)} and {@link
 * #copyTo(Tensor)} bring elements over. Copies and runs may be given to a {@link CudaStream} and go
 * on while Java does; closing the arena of memory that such work uses waits for the work, whether
 * the memory is on a device or pinned.
 *
 * <p>Instances are immutable and may be shared between threads as far as their arena allows; the
 * elements are plain memory: threads that write and read them must synchronise.
 */
public final class Tensor {
    /** How the rest of the library, which works on views, makes and reads tensors. */
    static final TensorType<Tensor> TYPE =
            new TensorType<>(Tensor.class, Tensor::new, Tensor::view);

    private final TensorView view;

    Tensor(TensorView view) {
        this.view = view;
    }

    TensorView view() {
        return view;
    }

    /**
     * Makes a contiguous tensor on a device, or on the CPU. On a device its elements are whatever
     * was there, and the memory is from PyTorch's caching allocator, for the {@link
     * CudaStream#current current stream}; on the CPU they are zeros.
     *
     * @param arena owns the memory; its closing waits for work of other streams on it
     * @param device where
     * @param dtype the element type
     * @param shape the sizes, none negative; nothing for a scalar
     * @return the tensor
     * @throws InvalidInputException if a size is negative, or the whole is larger than memory can
     *     be
     * @throws IncompatibleModelException if the device cannot be used, naming what is missing
     * @throws NativeException if the device has not so much memory
     */
    public static Tensor empty(Arena arena, Device device, DType dtype, long... shape) {
        if (requireNonNull(device, "device").isCpu()) {
            return zeros(arena, dtype, shape);
        }
        long[] sizes = requireNonNull(shape, "shape").clone();
        return new Tensor(
                DeviceTensors.allocate(
                        arena, Gpu.of(device), dtype, sizes, Shapes.contiguousStrides(sizes)));
    }

    /**
     * Makes a contiguous tensor of page-locked CPU memory, which devices copy from and to at full
     * speed and while Java goes on. Its elements are whatever was there.
     *
     * @param arena owns the memory, which is from PyTorch's caching allocator; its closing waits
     *     for copies in flight
     * @param dtype the element type
     * @param shape the sizes, none negative; nothing for a scalar
     * @return a tensor that Java reads and writes as any other on the CPU. Methods that read
     *     elements wait for copies in flight; before its {@link #segment} is read or written,
     *     {@link CudaStream#synchronize}
     * @throws InvalidInputException if a size is negative, or the whole is larger than memory can
     *     be
     * @throws IncompatibleModelException if there is no CUDA device to use, naming what is missing
     * @throws NativeException if there is not so much memory
     */
    public static Tensor pinned(Arena arena, DType dtype, long... shape) {
        requireNonNull(arena, "arena");
        requireNonNull(dtype, "dtype");
        long[] sizes = requireNonNull(shape, "shape").clone();
        return new Tensor(
                DeviceTensors.allocatePinned(arena, dtype, sizes, Shapes.contiguousStrides(sizes)));
    }

    /**
     * Makes a contiguous tensor of device memory that is already there, for example another
     * library's: no copy.
     *
     * @param address of the first element; its length does not matter. The memory must stay until
     *     all work on it is done, which closing an arena does not wait for here: synchronise before
     *     it is freed
     * @param device the memory's
     * @param dtype the element type
     * @param shape the sizes, none negative; whether there is so much memory cannot be checked
     * @return a view, which lives as long as the segment's arena
     * @throws InvalidInputException if the address is misaligned, or CUDA knows it as something
     *     else than memory of this device
     * @throws IncompatibleModelException if the device cannot be used, naming what is missing
     */
    public static Tensor wrap(MemorySegment address, Device device, DType dtype, long... shape) {
        requireNonNull(address, "address");
        requireNonNull(dtype, "dtype");
        long[] sizes = requireNonNull(shape, "shape").clone();
        long[] strides = Shapes.contiguousStrides(sizes);
        if (requireNonNull(device, "device").isCpu()) {
            return new Tensor(TensorFactory.wrap(address, dtype, sizes, strides));
        }
        TensorFactory.requireAligned(address, dtype);
        return new Tensor(DeviceTensors.wrap(address, Gpu.of(device), dtype, sizes, strides));
    }

    /**
     * Makes a contiguous tensor of zeros.
     *
     * @param arena owns the memory, which is aligned to 64 bytes
     * @param dtype the element type
     * @param shape the sizes, none negative; nothing for a scalar
     * @return the tensor; of whatever lies in the memory, if the arena is the caller's own
     *     implementation and gives memory that is not zeroed
     * @throws InvalidInputException if a size is negative, or the whole is larger than memory can
     *     be
     * @throws OutOfMemoryError if there is not so much memory
     * @throws IllegalStateException if the arena is closed
     * @throws WrongThreadException if the arena is confined to another thread
     */
    public static Tensor zeros(Arena arena, DType dtype, long... shape) {
        return new Tensor(TensorFactory.zeros(arena, dtype, shape));
    }

    /**
     * Makes a float32 tensor from an array: one copy.
     *
     * @param arena owns the native memory
     * @param data the elements in row-major order
     * @param shape the sizes; their product must be the array's length
     * @return a contiguous tensor
     * @throws InvalidInputException if array and shape do not match
     * @throws IllegalStateException if the arena is closed
     * @throws WrongThreadException if the arena is confined to another thread
     */
    public static Tensor of(Arena arena, float[] data, long... shape) {
        return of(arena, DType.FLOAT32, MemorySegment.ofArray(requireNonNull(data, "data")), shape);
    }

    /**
     * Makes a float64 tensor from an array: one copy; see {@link #of(Arena, float[], long...)}.
     *
     * @param arena owns the native memory
     * @param data the elements in row-major order
     * @param shape the sizes; their product must be the array's length
     * @return a contiguous tensor
     */
    public static Tensor of(Arena arena, double[] data, long... shape) {
        return of(arena, DType.FLOAT64, MemorySegment.ofArray(requireNonNull(data, "data")), shape);
    }

    /**
     * Makes an int64 tensor from an array: one copy; see {@link #of(Arena, float[], long...)}.
     *
     * @param arena owns the native memory
     * @param data the elements in row-major order
     * @param shape the sizes; their product must be the array's length
     * @return a contiguous tensor
     */
    public static Tensor of(Arena arena, long[] data, long... shape) {
        return of(arena, DType.INT64, MemorySegment.ofArray(requireNonNull(data, "data")), shape);
    }

    /**
     * Makes an int32 tensor from an array: one copy; see {@link #of(Arena, float[], long...)}.
     *
     * @param arena owns the native memory
     * @param data the elements in row-major order
     * @param shape the sizes; their product must be the array's length
     * @return a contiguous tensor
     */
    public static Tensor of(Arena arena, int[] data, long... shape) {
        return of(arena, DType.INT32, MemorySegment.ofArray(requireNonNull(data, "data")), shape);
    }

    /**
     * Makes an int16 tensor from an array: one copy. For the bits of float16 and bfloat16, allocate
     * {@link #zeros} and copy into its {@link #segment()}; {@link #of(Arena, DType, float[],
     * long...)} makes them of floats.
     *
     * @param arena owns the native memory
     * @param data the elements in row-major order
     * @param shape the sizes; their product must be the array's length
     * @return a contiguous tensor
     */
    public static Tensor of(Arena arena, short[] data, long... shape) {
        return of(arena, DType.INT16, MemorySegment.ofArray(requireNonNull(data, "data")), shape);
    }

    /**
     * Makes an int8 tensor from an array: one copy; see {@link #of(Arena, float[], long...)}.
     *
     * @param arena owns the native memory
     * @param data the elements in row-major order
     * @param shape the sizes; their product must be the array's length
     * @return a contiguous tensor
     */
    public static Tensor of(Arena arena, byte[] data, long... shape) {
        return of(arena, DType.INT8, MemorySegment.ofArray(requireNonNull(data, "data")), shape);
    }

    /**
     * Makes a bool tensor from an array: one copy; see {@link #of(Arena, float[], long...)}.
     *
     * @param arena owns the native memory
     * @param data the elements in row-major order
     * @param shape the sizes; their product must be the array's length
     * @return a contiguous tensor
     */
    public static Tensor of(Arena arena, boolean[] data, long... shape) {
        return new Tensor(TensorFactory.of(arena, data, shape));
    }

    /**
     * Makes a floating-point tensor from an array, converted where the type is another than
     * float32: to the nearest value, of two equally near ones to the even one; what is too large
     * becomes infinite, and NaN stays NaN.
     *
     * @param arena owns the native memory
     * @param dtype float16, bfloat16, float32 or float64
     * @param data the elements in row-major order
     * @param shape the sizes; their product must be the array's length
     * @return a contiguous tensor
     * @throws InvalidInputException if array and shape do not match, or the type is another
     * @throws IllegalStateException if the arena is closed
     * @throws WrongThreadException if the arena is confined to another thread
     */
    public static Tensor of(Arena arena, DType dtype, float[] data, long... shape) {
        return new Tensor(TensorFactory.of(arena, dtype, data, shape));
    }

    /**
     * Makes a float32 tensor of two dimensions.
     *
     * @param arena owns the native memory
     * @param data the rows, all of the same length
     * @return a contiguous tensor, as many rows by their length; without rows, 0 by 0
     * @throws InvalidInputException if rows differ in length
     * @throws IllegalStateException if the arena is closed
     * @throws WrongThreadException if the arena is confined to another thread
     */
    public static Tensor of(Arena arena, float[][] data) {
        return new Tensor(TensorFactory.of(arena, data));
    }

    /**
     * Makes an int64 tensor of two dimensions, of token ids for example.
     *
     * @param arena owns the native memory
     * @param data the rows, all of the same length
     * @return a contiguous tensor, as many rows by their length; without rows, 0 by 0
     * @throws InvalidInputException if rows differ in length
     * @throws IllegalStateException if the arena is closed
     * @throws WrongThreadException if the arena is confined to another thread
     */
    public static Tensor of(Arena arena, long[][] data) {
        return new Tensor(TensorFactory.of(arena, data));
    }

    /**
     * Makes a tensor from what is between a buffer's position and limit: one copy. The buffer's own
     * byte order is used, its position does not change.
     *
     * @param arena owns the native memory
     * @param data the elements in row-major order, direct or not: floats make float32, doubles
     *     float64, longs int64, ints int32, shorts int16, bytes int8
     * @param shape the sizes; their product must be what the buffer has remaining
     * @return a contiguous tensor
     * @throws InvalidInputException if buffer and shape do not match, or it is a buffer of chars
     * @throws IllegalStateException if the arena is closed
     * @throws WrongThreadException if the arena is confined to another thread
     */
    public static Tensor of(Arena arena, Buffer data, long... shape) {
        return new Tensor(TensorFactory.of(arena, data, shape));
    }

    private static Tensor of(Arena arena, DType dtype, MemorySegment data, long... shape) {
        return new Tensor(TensorFactory.of(arena, dtype, data, shape));
    }

    /**
     * Makes a contiguous tensor of memory that is already there: no copy.
     *
     * @param segment native memory, at least as large as the shape requires, aligned to the element
     * @param dtype the element type
     * @param shape the sizes, none negative
     * @return a view, which lives as long as the segment's arena
     * @throws InvalidInputException if the segment is on the Java heap, too small or misaligned
     */
    public static Tensor wrap(MemorySegment segment, DType dtype, long... shape) {
        long[] sizes = requireNonNull(shape, "shape").clone();
        return new Tensor(
                TensorFactory.wrap(segment, dtype, sizes, Shapes.contiguousStrides(sizes)));
    }

    /**
     * Makes a tensor of memory that is already there, with strides: no copy.
     *
     * @param segment native memory that starts with the first element, at least as large as shape
     *     and strides require, aligned to the element
     * @param dtype the element type
     * @param shape the sizes, none negative
     * @param strides elements between neighbours in each dimension, none negative; 0 repeats an
     *     element
     * @return a view, which lives as long as the segment's arena
     * @throws InvalidInputException if the segment is on the Java heap, too small or misaligned, or
     *     if shape and strides differ in length
     */
    public static Tensor wrap(MemorySegment segment, DType dtype, long[] shape, long[] strides) {
        return new Tensor(
                TensorFactory.wrap(
                        segment,
                        dtype,
                        requireNonNull(shape, "shape").clone(),
                        requireNonNull(strides, "strides").clone()));
    }

    /** {@return the element type} */
    public DType dtype() {
        return view.dtype();
    }

    /** {@return the number of dimensions; 0 for a scalar} */
    public int rank() {
        return view.rank();
    }

    /** {@return all sizes; a fresh array} */
    public long[] shape() {
        return view.shape().clone();
    }

    /**
     * Returns one size.
     *
     * @param dimension from 0, the outermost
     * @return elements along this dimension
     * @throws IndexOutOfBoundsException if there is no such dimension
     */
    public long size(int dimension) {
        return view.shape()[Objects.checkIndex(dimension, view.rank())];
    }

    /** {@return all strides; a fresh array, in elements} */
    public long[] strides() {
        return view.strides().clone();
    }

    /** {@return the number of elements: the product of the sizes; 1 for a scalar} */
    public long elementCount() {
        return view.elementCount();
    }

    /**
     * {@return whether the elements lie in row-major order without gaps; true if element i of the
     * flat order lies i elements after the first}
     */
    public boolean isContiguous() {
        return view.isContiguous();
    }

    /** {@return where the elements lie: the CPU, also for pinned memory, or a CUDA device} */
    public Device device() {
        return view.device();
    }

    /**
     * {@return the memory itself, to be read and written in place: the bytes from the first element
     * to the last, more than the elements where strides leave gaps. On a device it is the address
     * of the first element, of length 0: not memory that Java could read}
     */
    public MemorySegment segment() {
        return view.segment();
    }

    /**
     * Copies the elements into fresh contiguous memory, whatever the strides.
     *
     * @param arena owns the copy
     * @return a contiguous, writable tensor
     * @throws InvalidInputException if this is on a device: use {@link #to(Arena, Device)}
     * @throws OutOfMemoryError if there is not so much memory: strides of 0 can make few bytes many
     * @throws IllegalStateException if the arena or the elements' is closed
     * @throws WrongThreadException if one of the two is confined to another thread
     */
    public Tensor copy(Arena arena) {
        return new Tensor(TensorFactory.copy(view, arena));
    }

    /**
     * Copies the elements into fresh memory laid out with the given strides.
     *
     * @param arena owns the copy
     * @param newStrides elements between neighbours in each dimension; no two elements may share a
     *     place
     * @return a writable tensor of the same shape and elements
     * @throws InvalidInputException if the strides do not fit the shape, or this is on a device
     * @throws OutOfMemoryError if there is not so much memory
     * @throws IllegalStateException if the arena or the elements' is closed
     * @throws WrongThreadException if one of the two is confined to another thread
     */
    public Tensor copyWithStrides(Arena arena, long... newStrides) {
        return new Tensor(TensorFactory.copy(view, arena, newStrides));
    }

    /**
     * Copies the elements to a device, or to the CPU, and waits until they are there and the work
     * that writes them is done.
     *
     * @param arena owns the copy
     * @param target where to; if this is where they are, they are copied all the same
     * @return a tensor with the same strides, or contiguous if these leave gaps or repeat elements
     * @throws IncompatibleModelException if the device cannot be used, naming what is missing
     * @throws NativeException if the device has not so much memory, or earlier work has failed
     */
    public Tensor to(Arena arena, Device target) {
        requireNonNull(arena, "arena");
        return new Tensor(DeviceTensors.to(view, arena, requireNonNull(target, "target"), null));
    }

    /**
     * Lets a stream copy the elements to a device, or to the CPU.
     *
     * @param arena owns the copy
     * @param target where to; on the CPU the copy is {@link #pinned}
     * @param stream of this tensor's device or of the target
     * @return a tensor as of {@link #to(Arena, Device)}, whose elements are there when the stream
     *     has come so far. Runs, copies and the methods that read elements wait for that; {@link
     *     CudaStream#synchronize} before Java reads its {@link #segment}
     * @throws InvalidInputException if the stream is of another device
     * @throws IllegalStateException if the stream or this tensor's arena is closed
     */
    public Tensor to(Arena arena, Device target, CudaStream stream) {
        requireNonNull(arena, "arena");
        requireNonNull(target, "target");
        return new Tensor(
                DeviceTensors.to(
                        view, arena, target, requireNonNull(stream, "stream").gpuStream()));
    }

    /**
     * Copies another tensor's elements into this one's memory, whatever the strides and devices,
     * and waits until they are there.
     *
     * @param source of the same dtype and shape
     * @throws InvalidInputException if dtype or shape differ, or this is read-only memory
     * @throws NativeException if the copy, or earlier work of the device, has failed
     * @throws IllegalStateException if one of the arenas is closed
     */
    public void copyFrom(Tensor source) {
        DeviceTensors.copy(view, requireNonNull(source, "source").view, null);
    }

    /**
     * Lets a stream copy another tensor's elements into this one's memory. With {@link #pinned}
     * memory on the CPU's side it returns at once; with other memory of the CPU it waits until the
     * copy is done.
     *
     * @param source of the same dtype and shape
     * @param stream of this tensor's device or of the source's
     * @throws InvalidInputException if dtype or shape differ, this is read-only memory, or the
     *     stream is of another device
     * @throws NativeException if earlier work of the device has failed
     * @throws IllegalStateException if the stream or one of the arenas is closed
     */
    public void copyFrom(Tensor source, CudaStream stream) {
        requireNonNull(source, "source");
        DeviceTensors.copy(view, source.view, requireNonNull(stream, "stream").gpuStream());
    }

    /**
     * Copies the elements into another tensor's memory; see {@link #copyFrom(Tensor)}.
     *
     * @param target of the same dtype and shape
     */
    public void copyTo(Tensor target) {
        requireNonNull(target, "target").copyFrom(this);
    }

    /**
     * Lets a stream copy the elements into another tensor's memory; see {@link #copyFrom(Tensor,
     * CudaStream)}.
     *
     * @param target of the same dtype and shape
     * @param stream of this tensor's device or of the target's
     */
    public void copyTo(Tensor target, CudaStream stream) {
        requireNonNull(target, "target").copyFrom(this, stream);
    }

    /**
     * Reads all elements of a floating-point tensor of up to 32 bits, complex64 or complex32.
     *
     * @return the elements in row-major order; narrower types are widened, which is exact; a
     *     complex element gives two, real before imaginary
     * @throws InvalidInputException if the element type is another, or the elements are more than
     *     an array can hold
     * @throws IllegalStateException if the elements' arena is closed
     * @throws WrongThreadException if it is confined to another thread
     */
    public float[] toFloatArray() {
        return TensorReader.floats(view);
    }

    /**
     * Reads all elements of a floating-point or complex tensor; fails as {@link #toFloatArray}
     * does.
     *
     * @return the elements in row-major order; narrower types are widened, which is exact; a
     *     complex element gives two, real before imaginary
     */
    public double[] toDoubleArray() {
        return TensorReader.doubles(view);
    }

    /**
     * Reads all elements of an integer or bool tensor; fails as {@link #toFloatArray} does.
     *
     * @return the elements in row-major order; uint64 keeps its bits, narrower unsigned types are
     *     zero-extended, bool is 0 or 1
     */
    public long[] toLongArray() {
        return TensorReader.longs(view);
    }

    /**
     * Reads all elements of an integer tensor of up to 32 bits, or of bool; fails as {@link
     * #toFloatArray} does.
     *
     * @return the elements in row-major order; uint32 keeps its bits, narrower unsigned types are
     *     zero-extended, bool is 0 or 1
     */
    public int[] toIntArray() {
        return TensorReader.ints(view);
    }

    /**
     * Reads all elements of a bool tensor; fails as {@link #toFloatArray} does.
     *
     * @return the elements in row-major order
     */
    public boolean[] toBooleanArray() {
        return TensorReader.booleans(view);
    }

    /**
     * Reads the bytes of all elements, of any type.
     *
     * @return the elements in row-major order, each in the machine's byte order
     * @throws InvalidInputException if the bytes are more than an array can hold
     * @throws IllegalStateException if the elements' arena is closed
     * @throws WrongThreadException if it is confined to another thread
     */
    public byte[] toByteArray() {
        return TensorReader.bytes(view);
    }

    /**
     * Reads one element of a floating-point tensor of up to 32 bits. To read many, {@link
     * #toFloatArray} or {@link #segment} is faster.
     *
     * @param indices one for each dimension, from 0
     * @return the element; narrower types are widened, which is exact
     * @throws IndexOutOfBoundsException if an index is outside its dimension
     * @throws InvalidInputException if the number of indices is not that of the dimensions, or the
     *     element type is another
     * @throws IllegalStateException if the elements' arena is closed
     * @throws WrongThreadException if it is confined to another thread
     */
    public float getFloat(long... indices) {
        return TensorReader.floats(TensorReader.element(view, indices))[0];
    }

    /**
     * Reads one element of a floating-point tensor; see {@link #getFloat}.
     *
     * @param indices one for each dimension, from 0
     * @return the element; narrower types are widened, which is exact
     * @throws IndexOutOfBoundsException if an index is outside its dimension
     * @throws InvalidInputException if the number of indices is not that of the dimensions, or the
     *     element type is another
     */
    public double getDouble(long... indices) {
        return TensorReader.doubles(TensorReader.element(view, indices))[0];
    }

    /**
     * Reads one element of an integer or bool tensor; see {@link #getFloat}.
     *
     * @param indices one for each dimension, from 0
     * @return the element as {@link #toLongArray} has it
     * @throws IndexOutOfBoundsException if an index is outside its dimension
     * @throws InvalidInputException if the number of indices is not that of the dimensions, or the
     *     element type is another
     */
    public long getLong(long... indices) {
        return TensorReader.longs(TensorReader.element(view, indices))[0];
    }

    /**
     * Reads the value of a tensor that has one element, of any rank.
     *
     * @return a {@link Double} for floating-point types, which is exact; a {@link Long} for
     *     integers and bool (0 or 1), or a {@link java.math.BigInteger} for a uint64 that is too
     *     large for that
     * @throws InvalidInputException if there are more elements or none, or it is complex
     * @throws IllegalStateException if the elements' arena is closed
     * @throws WrongThreadException if it is confined to another thread
     */
    public Number item() {
        return TensorReader.item(view);
    }

    /**
     * Describes dtype, shape and, where it is not contiguous, strides; on a device, that too. Reads
     * no element.
     *
     * @return for example {@code float32[3, 10]} or {@code float32[3, 10] on cuda:0}
     */
    @Override
    public String toString() {
        return view.toString();
    }
}
