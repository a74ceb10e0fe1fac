package io.github.aoti4j.weights.torchsave;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.aoti4j.weights.mapped.Json.FormException;
import io.github.aoti4j.weights.mapped.LittleEndian;
import io.github.aoti4j.weights.mapped.Messages;
import io.github.aoti4j.weights.torchsave.Pickled.Dict;
import io.github.aoti4j.weights.torchsave.Pickled.Int;
import io.github.aoti4j.weights.torchsave.Pickled.Plain;
import io.github.aoti4j.weights.torchsave.Pickled.Text;
import io.github.aoti4j.weights.torchsave.Pickled.Tuple;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a pickle of protocol 2 to 5, as {@code torch.save} writes it (the opcodes are those of
 * Python's {@code pickletools}). A stack machine that makes {@link Pickled} values and can do
 * nothing else: a name leads to what {@link TorchGlobals} lists and a call to {@link TorchObjects}.
 *
 * <p>Time and memory are bounded by the pickle's length, which is bounded in turn.
 */
final class PickleReader {
    /** Far more than the state dict of any model, at some 200 bytes a tensor. */
    static final long MAX_BYTES = 64L << 20;

    /** Each adds at most one small object. */
    private static final int MAX_OPCODES = 8_000_000;

    private static final int MAX_GLOBAL = 1000;

    private final MemorySegment bytes;
    private long at;

    private final List<Pickled> stack = new ArrayList<>();
    private final ArrayDeque<Integer> marks = new ArrayDeque<>();
    private final Map<Long, Pickled> memo = new HashMap<>();

    private PickleReader(MemorySegment bytes) {
        this.bytes = bytes;
    }

    /** Reads the pickle that the bytes start with. */
    static Pickled read(MemorySegment bytes) throws FormException {
        if (bytes.byteSize() > MAX_BYTES) {
            throw new FormException(
                    "it has " + bytes.byteSize() + " bytes; at most " + MAX_BYTES + " are read");
        }
        return new PickleReader(bytes).run();
    }

    private Pickled run() throws FormException {
        for (int i = 0; i < MAX_OPCODES; i++) {
            long start = at;
            int opcode = u8();
            if (opcode == '.') {
                var result = pop();
                if (!stack.isEmpty() || !marks.isEmpty()) {
                    throw new FormException("it ends in the middle of a value");
                }
                return result;
            }
            step(opcode, start);
        }
        throw new FormException("it has more than " + MAX_OPCODES + " opcodes");
    }

    private void step(int opcode, long start) throws FormException {
        switch (opcode) {
            case 0x80 -> protocol(); // PROTO
            case 0x95 -> skip(8); // FRAME: how much belongs together; here all is at hand
            case '(' -> marks.push(stack.size()); // MARK
            case 'N', 'G', 'C', 'B', 0x8e, 0x96 -> plain(opcode);
            case 0x88 -> push(Plain.TRUE); // NEWTRUE
            case 0x89 -> push(Plain.FALSE); // NEWFALSE
            case 'K' -> push(new Int(u8())); // BININT1
            case 'M' -> push(new Int(u16())); // BININT2
            case 'J' -> push(new Int((int) u32())); // BININT
            case 0x8a -> push(integer(u8())); // LONG1
            case 0x8b -> push(integer(u32())); // LONG4
            case 0x8c -> push(text(u8())); // SHORT_BINUNICODE
            case 'X' -> push(text(u32())); // BINUNICODE
            case 0x8d -> push(text(i64())); // BINUNICODE8
            case ')' -> push(new Tuple(List.of())); // EMPTY_TUPLE
            case 0x85, 0x86, 0x87 -> push(tuple(opcode - 0x84)); // TUPLE1, TUPLE2, TUPLE3
            case 't' -> push(tuple(sinceMark())); // TUPLE
            case ']' -> push(Plain.LIST); // EMPTY_LIST
            case 'a' -> extend(Plain.LIST, 1); // APPEND
            case 'e' -> extend(Plain.LIST, sinceMark()); // APPENDS
            case 0x8f -> push(Plain.SET); // EMPTY_SET
            case 0x90 -> extend(Plain.SET, sinceMark()); // ADDITEMS
            case 0x91 -> { // FROZENSET
                drop(sinceMark());
                push(Plain.OTHER);
            }
            case '}' -> push(new Dict()); // EMPTY_DICT
            case 's' -> setItems(2); // SETITEM
            case 'u' -> setItems(sinceMark()); // SETITEMS
            case 'q' -> memo.put((long) u8(), top()); // BINPUT
            case 'r' -> memo.put(u32(), top()); // LONG_BINPUT
            case 0x94 -> memo.put((long) memo.size(), top()); // MEMOIZE
            case 'h' -> push(remembered(u8())); // BINGET
            case 'j' -> push(remembered(u32())); // LONG_BINGET
            case 'c' -> push(TorchGlobals.find(line(), line())); // GLOBAL
            case 0x93 -> stackGlobal(); // STACK_GLOBAL
            case 'Q' -> push(TorchObjects.storage(pop())); // BINPERSID
            case 'R' -> reduce(); // REDUCE
            case 'b' -> build(); // BUILD
            default ->
                    throw new FormException(
                            String.format(
                                    "it has the opcode 0x%02x at byte %d, which the pickle of a"
                                            + " state dict has no use for",
                                    opcode, start));
        }
    }

    private void protocol() throws FormException {
        int version = u8();
        if (version < 2 || version > 5) {
            throw new FormException("it is of protocol " + version + ", not 2 to 5");
        }
    }

    /** Skips a value: NONE, BINFLOAT, and bytes with lengths of 1, 4 and 8 bytes. */
    private void plain(int opcode) throws FormException {
        switch (opcode) {
            case 'G' -> skip(8); // BINFLOAT
            case 'C' -> skip(u8()); // SHORT_BINBYTES
            case 'B' -> skip(u32()); // BINBYTES
            case 0x8e, 0x96 -> skip(i64()); // BINBYTES8, BYTEARRAY8
            default -> {} // NONE
        }
        push(Plain.OTHER);
    }

    /** Reads a little-endian two's complement number of any length. */
    private Pickled integer(long length) throws FormException {
        if (length > Long.BYTES) {
            skip(length);
            return Plain.OTHER;
        }
        long value = 0;
        for (int i = 0; i < length; i++) {
            value |= (long) u8() << (8 * i);
        }
        int unused = Long.SIZE - 8 * (int) length;
        return new Int(length == 0 ? 0 : value << unused >> unused);
    }

    private Text text(long length) throws FormException {
        try {
            var utf8 = ByteBuffer.wrap(take(length).toArray(ValueLayout.JAVA_BYTE));
            return new Text(UTF_8.newDecoder().decode(utf8).toString());
        } catch (CharacterCodingException e) {
            throw new FormException("a string in it is not UTF-8");
        }
    }

    private Tuple tuple(int count) throws FormException {
        var items = last(count);
        var tuple = new Tuple(List.copyOf(items));
        items.clear();
        return tuple;
    }

    private void extend(Plain container, int count) throws FormException {
        drop(count);
        if (top() != container) {
            throw new FormException("it adds items to what is not a collection");
        }
    }

    private void setItems(int count) throws FormException {
        var items = last(count);
        if (stack.size() - count <= floor()
                || count % 2 != 0
                || !(stack.get(stack.size() - count - 1) instanceof Dict dict)) {
            throw new FormException("it sets items of what is not a dictionary");
        }
        for (int i = 0; i < count; i += 2) {
            if (items.get(i) instanceof Text(var key) && !dict.put(key, items.get(i + 1))) {
                throw new FormException(
                        "a dictionary in it has the key " + Messages.quote(key) + " twice");
            }
        }
        items.clear();
    }

    private Pickled remembered(long index) throws FormException {
        var value = memo.get(index);
        if (value == null) {
            throw new FormException("it refers to value " + index + ", which it does not have");
        }
        return value;
    }

    private void stackGlobal() throws FormException {
        if (pop() instanceof Text(var name) && pop() instanceof Text(var module)) {
            push(TorchGlobals.find(module, name));
            return;
        }
        throw new FormException("it refers to a name that is not text");
    }

    private void reduce() throws FormException {
        var arguments = pop();
        push(TorchObjects.call(pop(), arguments));
    }

    /** Sets an object's state; a state dict's is the versions of its modules. */
    private void build() throws FormException {
        pop();
        if (!(top() instanceof Dict)) {
            throw new FormException("it gives a state to what is not a dictionary");
        }
    }

    private void push(Pickled value) {
        stack.add(value);
    }

    private Pickled pop() throws FormException {
        var value = top();
        stack.removeLast();
        return value;
    }

    private Pickled top() throws FormException {
        if (stack.size() <= floor()) {
            throw new FormException("it takes a value where it has made none");
        }
        return stack.getLast();
    }

    /** Values below the last mark belong to an incomplete value. */
    private int floor() {
        return marks.isEmpty() ? 0 : marks.peek();
    }

    private int sinceMark() throws FormException {
        if (marks.isEmpty()) {
            throw new FormException("it ends a collection that it has not begun");
        }
        return stack.size() - marks.pop();
    }

    private void drop(int count) throws FormException {
        last(count).clear();
    }

    /** Returns a view of the topmost values. */
    private List<Pickled> last(int count) throws FormException {
        if (count > stack.size() - floor()) {
            throw new FormException("it takes more values than it has made");
        }
        return stack.subList(stack.size() - count, stack.size());
    }

    /** Reads text up to the end of the line. */
    private String line() throws FormException {
        for (long end = at; end < bytes.byteSize() && end - at <= MAX_GLOBAL; end++) {
            if (bytes.get(ValueLayout.JAVA_BYTE, end) == '\n') {
                String line = text(end - at).value();
                at++;
                return line;
            }
        }
        throw new FormException("a name in it has no end");
    }

    private int u8() throws FormException {
        return Byte.toUnsignedInt(take(1).get(ValueLayout.JAVA_BYTE, 0));
    }

    private int u16() throws FormException {
        return LittleEndian.u16(take(2), 0);
    }

    private long u32() throws FormException {
        return LittleEndian.u32(take(4), 0);
    }

    private long i64() throws FormException {
        return LittleEndian.i64(take(8), 0);
    }

    private void skip(long length) throws FormException {
        take(length);
    }

    private MemorySegment take(long length) throws FormException {
        if (length < 0 || length > bytes.byteSize() - at) {
            throw new FormException("it is cut off at byte " + bytes.byteSize());
        }
        var taken = bytes.asSlice(at, length);
        at += length;
        return taken;
    }
}
