package io.github.aoti4j.bindings.torch;

import static io.github.aoti4j.bindings.torch.TorchApi.check;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.generated.torch.AotiTorch;
import io.github.aoti4j.bindings.os.Errno;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;

/**
 * The values that do not fit into the 64 bits of a {@code StableIValue}: strings, lists, and
 * optionals that hold something. Each is a pointer in those bits, and has one owner, who hands it
 * on or deletes it ({@code torch/csrc/stable/stableivalue_conversions.h}).
 *
 * <p>What libtorch refuses is a {@link NativeException}. Any thread may make and delete values; one
 * value is one thread's at a time.
 */
public final class StableValues {
    private static final boolean HAS_NEW_VALUE = has("torch_new_stable_ivalue");

    private StableValues() {}

    /** C++'s memory; older libtorch frees an optional with operator delete. */
    private static final class Cpp {
        static final MethodHandle NEW =
                Linker.nativeLinker()
                        .downcallHandle(
                                address("_Znwm"), FunctionDescriptor.of(ADDRESS, JAVA_LONG));
        static final MethodHandle DELETE =
                Linker.nativeLinker()
                        .downcallHandle(address("_ZdlPv"), FunctionDescriptor.ofVoid(ADDRESS));

        private Cpp() {}
    }

    /** Makes a string of UTF-8. */
    public static long newString(MemorySegment text, MemorySegment slot) {
        check(
                AotiTorch.torch_new_string_handle(text, text.byteSize(), slot),
                "torch_new_string_handle");
        return slot.get(JAVA_LONG, 0);
    }

    /** Reads a string. */
    public static String string(long value, MemorySegment slot) {
        MemorySegment handle = MemorySegment.ofAddress(value);
        check(AotiTorch.torch_string_length(handle, slot), "torch_string_length");
        long length = slot.get(JAVA_LONG, 0);
        check(AotiTorch.torch_string_c_str(handle, slot), "torch_string_c_str");
        byte[] utf8 = slot.get(ADDRESS, 0).reinterpret(length).toArray(JAVA_BYTE);
        return new String(utf8, StandardCharsets.UTF_8);
    }

    /** Deletes a string. */
    public static void deleteString(long value) {
        check(AotiTorch.torch_delete_string(MemorySegment.ofAddress(value)), "torch_delete_string");
    }

    /** Makes an empty list. */
    public static long newList(long capacity, MemorySegment slot) {
        check(AotiTorch.torch_new_list_reserve_size(capacity, slot), "torch_new_list_reserve_size");
        return slot.get(JAVA_LONG, 0);
    }

    /** Appends a value to a list, which does not own it. */
    public static void append(long list, long element) {
        check(
                AotiTorch.torch_list_push_back(MemorySegment.ofAddress(list), element),
                "torch_list_push_back");
    }

    public static long size(long list, MemorySegment slot) {
        check(AotiTorch.torch_list_size(MemorySegment.ofAddress(list), slot), "torch_list_size");
        return slot.get(JAVA_LONG, 0);
    }

    /** Reads an element of a list, without passing on its ownership. */
    public static long element(long list, long index, MemorySegment slot) {
        check(
                AotiTorch.torch_list_get_item(MemorySegment.ofAddress(list), index, slot),
                "torch_list_get_item");
        return slot.get(JAVA_LONG, 0);
    }

    /** Deletes a list, but nothing that its elements stand for. */
    public static void deleteList(long list) {
        check(AotiTorch.torch_delete_list(MemorySegment.ofAddress(list)), "torch_delete_list");
    }

    /** Makes an optional that holds something. An empty one is 0. */
    public static long newOptional(long value, MemorySegment slot) {
        MemorySegment box;
        if (HAS_NEW_VALUE) {
            check(AotiTorch.torch_new_stable_ivalue(slot), "torch_new_stable_ivalue");
            box = slot.get(ADDRESS, 0);
        } else {
            box = allocate(Long.BYTES);
        }
        box.reinterpret(Long.BYTES).set(JAVA_LONG, 0, value);
        return box.address();
    }

    /** Reads what an optional that is not 0 holds. */
    public static long held(long optional) {
        return MemorySegment.ofAddress(optional).reinterpret(Long.BYTES).get(JAVA_LONG, 0);
    }

    /** Deletes an optional that is not 0, but nothing that it holds. */
    public static void deleteOptional(long optional) {
        MemorySegment box = MemorySegment.ofAddress(optional);
        if (HAS_NEW_VALUE) {
            check(AotiTorch.torch_delete_stable_ivalue(box), "torch_delete_stable_ivalue");
        } else {
            delete(box);
        }
    }

    /** Allocates memory with C++'s operator new. */
    static MemorySegment allocate(long bytes) {
        try {
            return ((MemorySegment) Cpp.NEW.invokeExact(bytes)).reinterpret(bytes);
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }

    /** Frees memory of C++'s operator new. */
    static void delete(MemorySegment memory) {
        try {
            Cpp.DELETE.invokeExact(memory);
        } catch (Throwable e) {
            throw Errno.rethrown(e);
        }
    }

    static boolean has(String symbol) {
        return NativeLibrary.ifLoaded("libtorch_cpu.so").map(l -> l.has(symbol)).orElse(false);
    }

    static MemorySegment address(String symbol) {
        return NativeLibrary.ifLoaded("libtorch_cpu.so").orElseThrow().address(symbol);
    }
}
