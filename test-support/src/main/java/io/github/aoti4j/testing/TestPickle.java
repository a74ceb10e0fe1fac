package io.github.aoti4j.testing;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Writes pickles opcode by opcode, and the values that torch.save writes. */
public final class TestPickle {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    public static TestPickle protocol2() {
        return new TestPickle().op(0x80).op(2);
    }

    /** A pickled dictionary, to the end. */
    public static byte[] dict(Consumer<TestPickle> items) {
        return protocol2().items(items).stop();
    }

    public TestPickle op(int opcode) {
        out.write(opcode);
        return this;
    }

    public TestPickle raw(byte... bytes) {
        out.writeBytes(bytes);
        return this;
    }

    public TestPickle text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return op('X').u32(utf8.length).raw(utf8);
    }

    public TestPickle number(long value) {
        if (value == (byte) value && value >= 0) {
            return op('K').op((int) value);
        }
        if (value == (int) value) {
            return op('J').u32((int) value);
        }
        return op(0x8a).op(Long.BYTES).u64(value);
    }

    public TestPickle u32(int value) {
        return raw(bytes(Integer.BYTES).putInt(value).array());
    }

    public TestPickle u64(long value) {
        return raw(bytes(Long.BYTES).putLong(value).array());
    }

    public TestPickle global(String module, String name) {
        return op('c').raw((module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
    }

    public TestPickle tuple(long... numbers) {
        op('(');
        for (long number : numbers) {
            number(number);
        }
        return op('t');
    }

    public TestPickle tuple(Consumer<TestPickle> items) {
        op('(');
        items.accept(this);
        return op('t');
    }

    public TestPickle items(Consumer<TestPickle> items) {
        op('}').op('(');
        items.accept(this);
        return op('u');
    }

    public TestPickle orderedDict() {
        return global("collections", "OrderedDict").op(')').op('R');
    }

    /** A storage by its legacy class, such as {@code FloatStorage}. */
    public TestPickle storage(String type, String key, long count) {
        return storage("torch", type, key, count);
    }

    public TestPickle storage(String module, String type, String key, long count) {
        return tuple(
                        id ->
                                id.text("storage")
                                        .global(module, type)
                                        .text(key)
                                        .text("cpu")
                                        .number(count))
                .op('Q');
    }

    /** What stands between the storage and what a call of _rebuild_tensor_v2 ends with. */
    public TestPickle view(long offset, long[] shape, long[] strides) {
        return number(offset).tuple(shape).tuple(strides).op(0x89).orderedDict();
    }

    /** A tensor of floats. */
    public TestPickle floats(String key, long count, long offset, long[] shape, long[] strides) {
        return v2(t -> t.storage("FloatStorage", key, count).view(offset, shape, strides));
    }

    /** A dense tensor of floats that takes a storage of its own. */
    public TestPickle floats(String key, long count) {
        return floats(key, count, 0, new long[] {count}, new long[] {1});
    }

    /** A dense tensor of bytes that takes a storage of its own. */
    public TestPickle bytes(String key, long count) {
        return v2(
                t ->
                        t.storage("ByteStorage", key, count)
                                .view(0, new long[] {count}, new long[] {1}));
    }

    public TestPickle v2(Consumer<TestPickle> arguments) {
        return global("torch._utils", "_rebuild_tensor_v2").tuple(arguments).op('R');
    }

    /** A tensor of a torch dtype in untyped bytes, as later dtypes are saved. */
    public TestPickle v3(String dtype, String key, long bytes, long[] shape, long[] strides) {
        return global("torch._utils", "_rebuild_tensor_v3")
                .tuple(
                        t ->
                                t.storage("torch.storage", "UntypedStorage", key, bytes)
                                        .view(0, shape, strides)
                                        .global("torch", dtype))
                .op('R');
    }

    public byte[] stop() {
        return op('.').out.toByteArray();
    }

    private static ByteBuffer bytes(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
