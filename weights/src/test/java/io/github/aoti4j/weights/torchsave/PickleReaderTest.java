package io.github.aoti4j.weights.torchsave;

import static io.github.aoti4j.testing.TestPickle.protocol2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.testing.TestPickle;
import io.github.aoti4j.weights.mapped.Json.FormException;
import io.github.aoti4j.weights.torchsave.Pickled.Dict;
import io.github.aoti4j.weights.torchsave.Pickled.Int;
import io.github.aoti4j.weights.torchsave.Pickled.Plain;
import io.github.aoti4j.weights.torchsave.Pickled.Storage;
import io.github.aoti4j.weights.torchsave.Pickled.Tensor;
import io.github.aoti4j.weights.torchsave.Pickled.Text;
import io.github.aoti4j.weights.torchsave.Pickled.Tuple;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

class PickleReaderTest {
    @ParameterizedTest
    @CsvSource({
        "4b2a, 42",
        "4dffff, 65535",
        "4afeffffff, -2",
        "8a00, 0",
        "8a0180, -128",
        "8a02ff00, 255",
        "8a080000000000000080, -9223372036854775808",
        "8a0500e40b5402, 10000000000",
        "8b02000000feff, -2"
    })
    void readsIntegers(String hex, long expected) throws FormException {
        assertEquals(new Int(expected), readHex(hex));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "4e", // None
                "473ff0000000000000", // float
                "43026162", // bytes, three widths of length
                "42020000006162",
                "8e02000000000000006162",
                "9602000000000000006162", // bytearray
                "8a09ffffffffffffffffff", // an integer of 72 bits
                "8b09000000ffffffffffffffffff", // an integer of 72 bits
                "2891", // frozenset
            })
    void passesOverPlainValues(String hex) throws FormException {
        assertEquals(Plain.OTHER, readHex(hex));
    }

    @ParameterizedTest
    @ValueSource(strings = {"5802000000c3a4", "8c02c3a4", "8d0200000000000000c3a4"})
    void readsText(String hex) throws FormException {
        assertEquals(new Text("ä"), readHex(hex));
    }

    @Test
    void readsTuples() throws FormException {
        assertEquals(new Tuple(List.of()), readHex("29"));
        assertEquals(new Tuple(List.of(new Int(1))), readHex("4b0185"));
        assertEquals(new Tuple(List.of(new Int(1), new Int(2))), readHex("4b014b0286"));
        assertEquals(
                new Tuple(List.of(new Int(1), new Int(2), new Int(3))), readHex("4b014b024b0387"));
        assertEquals(
                new Tuple(List.of(Plain.TRUE, new Tuple(List.of()), Plain.FALSE)),
                readHex("2888298974"));
    }

    @Test
    void readsListsAndSets() throws FormException {
        assertEquals(Plain.LIST, readHex("5d4e61284e4e65"));
        assertEquals(Plain.SET, readHex("8f284b014b0290"));
    }

    @Test
    void readsDictionaries() throws FormException {
        var dict =
                assertInstanceOf(
                        Dict.class,
                        read(
                                protocol2()
                                        .items(d -> d.text("a").number(1).text("b").number(2))
                                        .text("c")
                                        .number(3)
                                        .op('s')
                                        .stop()));
        assertEquals(Set.of("a", "b", "c"), dict.entries().keySet());
        assertEquals(new Int(3), dict.entries().get("c"));
    }

    @Test
    void keepsNoEntriesUnderOtherKeysThanText() throws FormException {
        var dict =
                assertInstanceOf(
                        Dict.class,
                        read(
                                TestPickle.dict(
                                        d ->
                                                d.number(1)
                                                        .text("x")
                                                        .number(1)
                                                        .text("y")
                                                        .tuple(7)
                                                        .text("z"))));
        assertTrue(dict.entries().isEmpty());
    }

    @Test
    void readsAnOrderedDictAndDropsItsAttributes() throws FormException {
        var pickle =
                protocol2()
                        .orderedDict()
                        .op('(')
                        .text("a")
                        .number(1)
                        .op('u')
                        .items(d -> d.text("_metadata").orderedDict())
                        .op('b')
                        .stop();
        var dict = assertInstanceOf(Dict.class, read(pickle));
        assertEquals(Set.of("a"), dict.entries().keySet());
    }

    @Test
    void remembersValues() throws FormException {
        var twice =
                assertInstanceOf(
                        Tuple.class, readHex("5801000000617100" + "7d7201010000" + "6800" + "87"));
        assertSame(twice.items().get(0), twice.items().get(2));
        var far = assertInstanceOf(Tuple.class, readHex("7d72010100006a0101000086"));
        assertSame(far.items().get(0), far.items().get(1));
        var memoized =
                assertInstanceOf(
                        Tuple.class, readHex("28" + "7d94" + "5d94" + "6801" + "6800" + "74"));
        assertSame(memoized.items().get(0), memoized.items().get(3));
        assertSame(memoized.items().get(1), memoized.items().get(2));
    }

    @Test
    void readsGlobalsFromTheStack() throws FormException {
        assertEquals(
                new Pickled.ElementType(DType.BFLOAT16),
                read(protocol2().text("torch").text("bfloat16").op(0x93).stop()));
    }

    @Test
    void readsLaterProtocols() throws FormException {
        byte[] framed = HexFormat.of().parseHex("800595" + "0200000000000000" + "4b01" + "2e");
        assertEquals(new Int(1), read(framed));
    }

    @ParameterizedTest
    @CsvSource({
        "DoubleStorage, FLOAT64",
        "FloatStorage, FLOAT32",
        "HalfStorage, FLOAT16",
        "BFloat16Storage, BFLOAT16",
        "LongStorage, INT64",
        "IntStorage, INT32",
        "ShortStorage, INT16",
        "CharStorage, INT8",
        "ByteStorage, UINT8",
        "BoolStorage, BOOL",
        "ComplexDoubleStorage, COMPLEX128",
        "ComplexFloatStorage, COMPLEX64"
    })
    void readsTensorsInTypedStorages(String type, DType dtype) throws FormException {
        var pickle =
                protocol2()
                        .v2(
                                t ->
                                        t.storage(type, "17", 12)
                                                .view(2, new long[] {2, 3}, new long[] {1, 4}))
                        .stop();
        assertTensor(dtype, new Storage(dtype, "17", 12L * dtype.byteSize()), read(pickle));
    }

    @ParameterizedTest
    @EnumSource
    void readsTensorsInUntypedStorages(DType dtype) throws FormException {
        var pickle =
                protocol2()
                        .global("torch._utils", "_rebuild_tensor_v3")
                        .tuple(
                                t ->
                                        t.storage("torch.storage", "UntypedStorage", "k", 99)
                                                .view(2, new long[] {2, 3}, new long[] {1, 4})
                                                .global("torch", dtype.torchName()))
                        .op('R')
                        .stop();
        assertTensor(dtype, new Storage(null, "k", 99), read(pickle));
    }

    private static void assertTensor(DType dtype, Storage storage, Pickled value) {
        var tensor = assertInstanceOf(Tensor.class, value);
        assertEquals(dtype, tensor.dtype());
        assertEquals(storage, tensor.storage());
        assertEquals(2, tensor.offset());
        assertArrayEquals(new long[] {2, 3}, tensor.shape());
        assertArrayEquals(new long[] {1, 4}, tensor.strides());
    }

    @ParameterizedTest
    @ValueSource(strings = {"_rebuild_parameter", "_rebuild_parameter_with_state"})
    void readsParametersAsTheirTensors(String function) throws FormException {
        var pickle =
                protocol2()
                        .global("torch._utils", function)
                        .tuple(p -> p.floats("0", 4).op(0x88).orderedDict())
                        .op('R')
                        .stop();
        assertArrayEquals(new long[] {4}, assertInstanceOf(Tensor.class, read(pickle)).shape());
    }

    @Test
    void readsShapesThatAreSizes() throws FormException {
        var pickle =
                protocol2()
                        .v2(
                                t ->
                                        t.storage("FloatStorage", "0", 4)
                                                .number(0)
                                                .global("torch", "Size")
                                                .tuple(4)
                                                .op(0x85)
                                                .op('R')
                                                .tuple(1)
                                                .op(0x89)
                                                .orderedDict())
                        .stop();
        assertArrayEquals(new long[] {4}, assertInstanceOf(Tensor.class, read(pickle)).shape());
    }

    @ParameterizedTest
    @CsvSource({"conj, true", "neg, true", "other, false"})
    void tellsTensorsThatAreYetToBeConjugated(String bit, boolean pending) throws FormException {
        var pickle =
                protocol2()
                        .v2(
                                t ->
                                        t.storage("ComplexFloatStorage", "0", 4)
                                                .view(0, new long[] {4}, new long[] {1})
                                                .items(m -> m.text(bit).op(0x88)))
                        .stop();
        assertEquals(pending, assertInstanceOf(Tensor.class, read(pickle)).pending());
    }

    @ParameterizedTest
    @CsvSource({
        "__builtin__, set",
        "builtins, bytearray",
        "_codecs, encode",
        "torch, device",
        "torch.serialization, _get_layout",
        "collections, Counter"
    })
    void makesPlainValuesWithoutCallingAnything(String module, String name) throws FormException {
        assertEquals(
                Plain.OTHER, read(protocol2().global(module, name).tuple(1, 2).op('R').stop()));
    }

    @ParameterizedTest
    @CsvSource({
        "os, system",
        "builtins, eval",
        "builtins, getattr",
        "__builtin__, exec",
        "subprocess, Popen",
        "torch, load",
        "torch.hub, load",
        "torch._utils, _rebuild_sparse_tensor",
        "torch._utils, _rebuild_qtensor",
        "torch, QInt8Storage",
        "__main__, MyModel",
        "collections, OrderedDict.fromkeys",
        "torch.nn.modules.linear, Linear"
    })
    void refusesEveryOtherGlobalByName(String module, String name) {
        String global = "\"" + module + "." + name + "\"";
        assertRefused(protocol2().global(module, name).tuple(1).op('R').stop(), global, "nothing");
        assertRefused(protocol2().text(module).text(name).op(0x93).op(')').op('R').stop(), global);
    }

    @ParameterizedTest
    @CsvSource({
        "'', cut off",
        "58ffffff7f, cut off",
        "8dffffffffffffffff, cut off",
        "8d0000000000000080, cut off",
        "42ffffffff, cut off",
        "8bffffffff, cut off",
        "8b01000000, cut off",
        "4b, cut off",
        "4b01, cut off",
        "2e, takes a value",
        "4b014b022e, middle of a value",
        "284b012e, middle of a value",
        "74, not begun",
        "85, more values",
        "284b0186, more values",
        "4b012886, more values",
        "75, not begun",
        "2875, not a dictionary",
        "7d284b0175, not a dictionary",
        "4e284b014b0275, not a dictionary",
        "7d4b0173, not a dictionary",
        "7d284b014b0273, not a dictionary",
        "4e4b0161, not a collection",
        "8f4b0161, not a collection",
        "5d284b0190, not a collection",
        "294b0161, not a collection",
        "6800, value 0",
        "6affffffff, value 4294967295",
        "7100, takes a value",
        "8c02c328, not UTF-8",
        "634e, has no end",
        "4b014b0293, not text",
        "4b0151, storage",
        "2951, storage",
        "4b014b0252, not a function",
        "29294b0152, not a function",
        "4b017d62, not a dictionary",
        "81, opcode 0x81 at byte 2",
        "30, opcode 0x30 at byte 2",
        "50, opcode 0x50 at byte 2",
        "6900, opcode 0x69 at byte 2",
        "7800, opcode 0x78",
        "ff, opcode 0xff"
    })
    void refusesDamage(String hex, String reason) {
        var damaged = new ByteArrayOutputStream();
        damaged.writeBytes(new byte[] {(byte) 0x80, 2});
        damaged.writeBytes(HexFormat.of().parseHex(hex));
        assertRefused(damaged.toByteArray(), reason);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 6, 255})
    void refusesOtherProtocols(int version) {
        assertRefused(new byte[] {(byte) 0x80, (byte) version, 'N', '.'}, "protocol " + version);
    }

    @Test
    void refusesAKeyThatIsSetTwice() {
        assertRefused(
                TestPickle.dict(d -> d.text("w").number(1).text("w").number(2)), "\"w\" twice");
    }

    @Test
    void refusesANameWithoutEnd() {
        byte[] pickle = ("\u0000\u0002c" + "x".repeat(5000)).getBytes(StandardCharsets.US_ASCII);
        pickle[0] = (byte) 0x80;
        assertRefused(pickle, "has no end");
    }

    @Test
    void refusesStoragesThatAreNone() {
        assertRefused(
                protocol2().storage("FloatStorage", "0", -1).stop(), "not describe a storage");
        assertRefused(
                protocol2().storage("FloatStorage", "0", Long.MAX_VALUE).stop(), "larger than");
        assertRefused(
                protocol2().storage("torch", "float32", "0", 1).stop(), "not describe a storage");
        assertRefused(
                protocol2().tuple(id -> id.text("module").number(1)).op('Q').stop(),
                "not describe a storage");
    }

    @Test
    void refusesTensorsThatAreNone() {
        long[] one = {1};
        assertNoTensor(protocol2().v2(t -> {}));
        assertNoTensor(protocol2().v2(t -> t.number(1).view(0, one, one)));
        assertNoTensor(
                protocol2()
                        .v2(
                                t ->
                                        t.storage("torch.storage", "UntypedStorage", "0", 4)
                                                .view(0, one, one)));
        assertNoTensor(protocol2().floats("0", 1, -1, one, one));
        assertNoTensor(protocol2().floats("0", 1, 0, new long[] {-1}, one));
        assertNoTensor(protocol2().floats("0", 1, 0, one, new long[] {-1}));
        assertNoTensor(protocol2().floats("0", 1, 0, one, new long[] {1, 1}));
        assertNoTensor(protocol2().floats("0", 1, 0, new long[65], new long[65]));
        assertNoTensor(
                protocol2().v2(t -> t.storage("FloatStorage", "0", 1).view(0, one, one).number(1)));
        assertNoTensor(
                protocol2()
                        .global("torch._utils", "_rebuild_tensor_v3")
                        .tuple(t -> t.storage("FloatStorage", "0", 1).view(0, one, one).text("x"))
                        .op('R'));
    }

    @Test
    void refusesTensorsWithAttributesThatAreMadeInOtherWays() {
        for (String function : List.of("_tensor._rebuild_from_type_v2", "Size", "Tensor")) {
            int dot = function.lastIndexOf('.');
            String module = dot < 0 ? "torch" : "torch." + function.substring(0, dot);
            assertNoTensor(
                    protocol2()
                            .global("torch._tensor", "_rebuild_from_type_v2")
                            .tuple(
                                    t ->
                                            t.global(module, function.substring(dot + 1))
                                                    .global("torch", "Tensor")
                                                    .tuple(1)
                                                    .op('}'))
                            .op('R'));
        }
        assertNoTensor(
                protocol2().global("torch._tensor", "_rebuild_from_type_v2").tuple(1).op('R'));
        assertRefused(
                protocol2().global("mine", "Tensor").stop(),
                "refers to \"mine.Tensor\", which is neither a dense tensor");
    }

    private static void assertNoTensor(TestPickle pickle) {
        assertRefused(pickle.stop(), "makes a tensor of arguments that make none");
    }

    @Test
    void refusesOtherWaysToMakeThings() {
        assertRefused(
                protocol2().global("collections", "OrderedDict").tuple(1).op('R').stop(),
                "OrderedDict in a way");
        assertRefused(protocol2().global("torch", "Size").tuple(1).op('R').stop(), "torch.Size of");
        assertRefused(
                protocol2().global("torch._utils", "_rebuild_parameter").tuple(1).op('R').stop(),
                "parameter of");
    }

    @Test
    void refusesAPickleBeyondTheLimit() {
        try (var arena = Arena.ofConfined()) {
            var huge = arena.allocate(PickleReader.MAX_BYTES + 1);
            var failure = assertThrows(FormException.class, () -> PickleReader.read(huge));
            assertTrue(failure.getMessage().contains("at most"), failure.getMessage());
        }
    }

    @Test
    void boundsTheNumberOfValues() {
        byte[] marks = new byte[9_000_000];
        Arrays.fill(marks, (byte) '(');
        assertRefused(marks, "opcodes");
    }

    private static Pickled readHex(String hex) throws FormException {
        return read(HexFormat.of().parseHex("8002" + hex + "2e"));
    }

    private static Pickled read(byte[] pickle) throws FormException {
        return PickleReader.read(MemorySegment.ofArray(pickle));
    }

    private static void assertRefused(byte[] pickle, String... words) {
        var failure = assertThrows(FormException.class, () -> read(pickle));
        for (String word : words) {
            assertTrue(failure.getMessage().contains(word), failure.getMessage());
        }
    }
}
