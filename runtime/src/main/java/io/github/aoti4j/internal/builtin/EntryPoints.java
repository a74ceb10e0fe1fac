package io.github.aoti4j.internal.builtin;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.internal.builtin.FunctionTable.Function;
import io.github.aoti4j.internal.builtin.tensor.Failures;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Native functions that call static methods. They return 0, or 1 if the method threw, in which case
 * {@link Failures} has the exception: none may leave a function that native code calls.
 *
 * <p>A class is generated with a method for each function. Method handles that do the same take the
 * first load of a JVM four times as long, since each shape of arguments is compiled for itself.
 * Linking is slow for each shape, too; so there are few, and functions take more arguments than
 * they are given. These are registers, and slots of the stack of the caller, which exist whatever
 * is in them. The calling conventions of x86-64 and AArch64 pass integers of all lengths alike, and
 * floating-point numbers apart from them.
 */
final class EntryPoints {
    /** Enough for what models call most, and for all registers. */
    private static final int FEW_INTEGERS = 8;

    private static final int MANY_INTEGERS = 16;
    private static final int FEW_DOUBLES = 2;

    /** Beyond that they would be on the stack, among the integers. */
    private static final int MAX_DOUBLES = 8;

    private static final ClassDesc SELF =
            ClassDesc.of(EntryPoints.class.getPackageName(), "GeneratedEntryPoints");

    private static final ClassDesc FAILURES = Failures.class.describeConstable().orElseThrow();

    private static final MethodTypeDesc KEEP =
            MethodTypeDesc.of(
                    ConstantDescs.CD_void, ConstantDescs.CD_String, ConstantDescs.CD_Throwable);

    private EntryPoints() {}

    /** Links the shape that every model needs, ahead of its entry points. */
    static void prepare() {
        FunctionDescriptor shape = shape("");
        try (Arena arena = Arena.ofConfined()) {
            var method = MethodHandles.lookup();
            var _ =
                    Linker.nativeLinker()
                            .upcallStub(
                                    method.findStatic(
                                            EntryPoints.class, "nothing", shape.toMethodType()),
                                    shape,
                                    arena);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    @SuppressWarnings({"UnusedMethod", "UnusedVariable"}) // found by its name
    private static int nothing(
            long a, long b, long c, long d, long e, long f, long g, long h, double x, double y) {
        return 0;
    }

    /** Makes a native function of each, which exists until the arena is closed. */
    static Map<String, MemorySegment> make(List<Function> functions, Arena arena) {
        byte[] bytes = ClassFile.of().build(SELF, type -> addAll(type, functions));
        Map<String, MemorySegment> made = HashMap.newHashMap(functions.size());
        try {
            var methods = MethodHandles.lookup().defineHiddenClass(bytes, false);
            for (Function function : functions) {
                FunctionDescriptor shape = shape(function.signature());
                var method =
                        methods.findStatic(
                                methods.lookupClass(), function.symbol(), shape.toMethodType());
                made.put(function.symbol(), Linker.nativeLinker().upcallStub(method, shape, arena));
            }
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
        return made;
    }

    private static void addAll(ClassBuilder type, List<Function> functions) {
        for (Function function : functions) {
            var parameters = shape(function.signature()).toMethodType();
            type.withMethodBody(
                    function.symbol(),
                    MethodTypeDesc.ofDescriptor(parameters.toMethodDescriptorString()),
                    ClassFile.ACC_STATIC,
                    code -> add(code, function));
        }
    }

    private static void add(CodeBuilder code, Function function) {
        Label start = code.newLabel();
        Label handler = code.newLabel();
        code.labelBinding(start);
        call(code, function);
        code.iconst_0().ireturn();
        code.labelBinding(handler).ldc(function.symbol()).swap();
        code.invokestatic(FAILURES, "keep", KEEP).iconst_1().ireturn();
        code.exceptionCatchAll(start, handler, handler);
    }

    private static void call(CodeBuilder code, Function function) {
        String signature = function.signature();
        int integer = 0;
        int floating = integers(signature);
        StringBuilder parameters = new StringBuilder("(");
        for (int i = 0; i < signature.length(); i++) {
            char letter = signature.charAt(i);
            switch (letter) {
                case 'L' -> code.lload(code.parameterSlot(integer++));
                case 'I' -> code.lload(code.parameterSlot(integer++)).l2i();
                case 'D' -> code.dload(code.parameterSlot(floating++));
                default -> throw new IllegalArgumentException(signature);
            }
            parameters.append(letter == 'L' ? 'J' : letter);
        }
        code.invokestatic(
                ClassDesc.ofDescriptor(function.home().descriptorString()),
                function.method(),
                MethodTypeDesc.ofDescriptor(parameters.append(")V").toString()));
    }

    private static FunctionDescriptor shape(String signature) {
        int integers = integers(signature);
        int doubles = doubles(signature);
        if (doubles > MAX_DOUBLES) {
            throw new IllegalArgumentException(signature);
        }
        var arguments = new MemoryLayout[integers + doubles];
        Arrays.fill(arguments, 0, integers, JAVA_LONG);
        Arrays.fill(arguments, integers, arguments.length, JAVA_DOUBLE);
        return FunctionDescriptor.of(JAVA_INT, arguments);
    }

    /** Returns how many integers the shape for a signature has. */
    private static int integers(String signature) {
        int count = signature.length() - count(signature, 'D');
        return count <= FEW_INTEGERS ? FEW_INTEGERS : Math.max(count, MANY_INTEGERS);
    }

    /** They cost nothing, being where the method wants them. */
    private static int doubles(String signature) {
        return Math.max(count(signature, 'D'), FEW_DOUBLES);
    }

    private static int count(String text, char letter) {
        int count = 0;
        for (int i = 0; i < text.length(); i++) {
            count += text.charAt(i) == letter ? 1 : 0;
        }
        return count;
    }
}
