package io.github.aoti4j.internal.tensor;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.cuda.MemoryUses;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A dense array of elements of one type in native memory: what a public tensor shows, as the rest
 * of the library sees it. Immutable; arrays are not copied and must not be written.
 */
public final class TensorView {
    /** What PyTorch's own CPU allocator aligns to, and enough for every vector instruction. */
    public static final long ALIGNMENT = 64;

    private final DType dtype;
    private final long[] shape;
    private final long[] strides;
    private final MemorySegment segment;
    private final Device device;
    private final MemoryUses uses;

    /** Made when it is first asked for; of two threads, each may see one of its own. */
    private Object identity;

    /** Makes a view of CPU memory that no device uses; arrays are taken over. */
    public TensorView(DType dtype, long[] shape, long[] strides, MemorySegment segment) {
        this(dtype, shape, strides, segment, Device.CPU, null);
    }

    /**
     * Makes a view; arrays are taken over.
     *
     * @param segment exactly the bytes from the first element to the last; on a device, their
     *     address without length
     * @param uses the work of devices on the memory; null if only the CPU uses it
     */
    public TensorView(
            DType dtype,
            long[] shape,
            long[] strides,
            MemorySegment segment,
            Device device,
            MemoryUses uses) {
        this.dtype = dtype;
        this.shape = shape;
        this.strides = strides;
        this.segment = segment;
        this.device = device;
        this.uses = uses;
    }

    public DType dtype() {
        return dtype;
    }

    public int rank() {
        return shape.length;
    }

    public long[] shape() {
        return shape;
    }

    public long[] strides() {
        return strides;
    }

    public MemorySegment segment() {
        return segment;
    }

    public Device device() {
        return device;
    }

    /** Returns the work of devices on the memory; null if only the CPU uses it. */
    public MemoryUses uses() {
        return uses;
    }

    public long elementCount() {
        return Shapes.elementCount(shape);
    }

    public boolean isContiguous() {
        return Shapes.isContiguous(shape, strides);
    }

    /** Returns how many bytes there are from the first element to the last, wherever they are. */
    public long spanBytes() {
        return device.isCpu()
                ? segment.byteSize()
                : Shapes.spanBytes(shape, strides, dtype.byteSize());
    }

    /** Returns what stands for this where holding it would keep the memory from the collector. */
    public Object identity() {
        Object known = identity;
        if (known == null) {
            known = new Object();
            identity = known;
        }
        return known;
    }

    /** Returns whether another tensor of the same dtype lies in its memory in the same way. */
    public boolean isLike(TensorView other) {
        return dtype == other.dtype
                && device.equals(other.device)
                && Arrays.equals(shape, other.shape)
                && Arrays.equals(strides, other.strides);
    }

    /** Refuses to let Java read what is on a device, and waits for copies to pinned memory. */
    public void requireReadable() {
        if (!device.isCpu()) {
            throw new InvalidInputException(
                    "%s is not memory that Java can reach: copy it with to(arena, Device.CPU) first"
                            .formatted(this));
        }
        if (uses != null) {
            uses.await();
        }
    }

    /** Refuses memory whose arena is closed, where no byte of it is touched. */
    public void requireOpen() {
        if (!segment.scope().isAlive()) {
            throw new IllegalStateException("the arena of " + this + " is closed");
        }
    }

    /** Describes dtype, shape, strides where it is not contiguous, and the device. */
    @Override
    public String toString() {
        String text = dtype.torchName() + Shapes.toString(shape);
        text = isContiguous() ? text : text + " strides " + Shapes.toString(strides);
        return device.isCpu() ? text : text + " on " + device;
    }
}
