package io.github.aoti4j.stress.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.aoti4j.core.InvalidInputException;
import io.github.aoti4j.internal.constants.ReadOnlyConstants;
import io.github.aoti4j.internal.cpp.CppLexer;
import io.github.aoti4j.internal.cpp.ExpressionParser;
import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SymbolTable;
import io.github.aoti4j.internal.indices.IndexCheck;
import io.github.aoti4j.internal.indices.IndexChecks;
import io.github.aoti4j.internal.indices.IndexRange;
import io.github.aoti4j.internal.indices.KernelText;
import io.github.aoti4j.internal.indices.OperatorCallSites;
import io.github.aoti4j.internal.inputs.InputCheck;
import io.github.aoti4j.internal.inputs.InputNames;
import io.github.aoti4j.internal.preflight.CpuRequirements;
import io.github.aoti4j.internal.tensor.Shapes;
import io.github.aoti4j.internal.wrapper.WrapperSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Attacks what reads the generated source of a package. */
public final class SourceFuzz {
    private SourceFuzz() {}

    /** The parser of what the source says of inputs and constants. */
    public static FuzzTarget wrapper(FuzzTarget.Seeds seeds) {
        return FuzzTarget.of("wrapper", seeds, SourceFuzz::readWrapper)
                .words(
                        "AOTInductorModelBase(2, 2, 2)",
                        "inputs_info_[0].name = \"a\";",
                        "constants_info_[0].shape = {",
                        "constants_info_[0].data_size = ",
                        "ConstantHandle a = ConstantHandle(input_handles[0]);",
                        "run_impl(",
                        "int64_t s = a_size[0];",
                        "if (a_size[0] < 5)",
                        "if (1 != a_stride[0])",
                        "assert_size_stride(a, {s, 1}, {1, 1}, \"input\");",
                        "R\"(",
                        "/*",
                        "99999999999999999999");
    }

    private static void readWrapper(byte[] input) {
        var parsed = WrapperSource.parse(new String(input, UTF_8));
        if (parsed.isEmpty()) {
            return;
        }
        var source = parsed.get();
        assertEquals(source.inputCount(), source.inputs().size());
        assertEquals(source.outputCount(), source.outputNames().size());
        for (var constant : source.constants()) {
            assertTrue(constant.index() < source.constantCount());
            constant.inBlob().ifPresent(tensor -> assertFalse(tensor.toString().isEmpty()));
        }
        var check = new InputCheck(source, new InputNames(List.of(), List::of));
        long[] slots = new long[check.slotCount()];
        long[][] sizes = new long[source.inputCount()][];
        for (var spec : source.inputs()) {
            assertTrue(spec.dimensions().size() <= Shapes.MAX_RANK);
            int rank = spec.dimensions().size();
            sizes[spec.index()] = new long[rank];
            check.accepts(spec.index(), 6, rank, sizes[spec.index()], new long[rank], 0, slots);
        }
        check.acceptsExpressions(slots);
        if (!source.inputs().isEmpty()) {
            assertEquals(sizes[0].length, check.stridesFor(0, sizes).length);
            assertFalse(source.inputs().getFirst().describe().isEmpty());
        }
    }

    /** The search for constants that are only read. */
    public static FuzzTarget uses(FuzzTarget.Seeds seeds) {
        return FuzzTarget.of("constant_uses", seeds, SourceFuzz::readUses)
                .words(
                        "auto& c = constants_->at(0);",
                        "constants_->at(1)",
                        "(const float*)(c.data_ptr())",
                        "aoti_torch_clone(c, &x)",
                        "wrap_with_raii_handle_if_needed(reinterpret_tensor_wrapper(c, 1))");
    }

    private static void readUses(byte[] input) {
        String text = new String(input, UTF_8);
        Set<Integer> readOnly = ReadOnlyConstants.find(text);
        assertTrue(readOnly.stream().allMatch(index -> index >= 0));
    }

    /** The search for indices, in a source that holds a wrapper and its kernels. */
    public static FuzzTarget indices(FuzzTarget.Seeds seeds) {
        return FuzzTarget.of("indices", seeds, SourceFuzz::readIndices)
                .words(
                        "extern \"C\"  void  lookup(const int64_t* in_ptr0, const int64_t ks0)",
                        "#pragma omp parallel",
                        KernelText.LOOP,
                        "if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 <"
                                + " static_cast<int64_t>(8)))",
                        "auto tmp0 = in_ptr0[static_cast<int64_t>(x0 + 3L*ks0)];",
                        "auto tmp0 = at::vec::VectorizedN<int64_t,2>::loadu(in_ptr0 +"
                                + " static_cast<int64_t>(x0), static_cast<int64_t>(8));",
                        "auto tmp1 = decltype(tmp0)::blendv(tmp0, tmp1, tmp2.template"
                                + " cast<int64_t,2>());",
                        "[&] { __at_align__ std::array<int64_t, 8> tmpbuf;"
                                + " tmp0.store(tmpbuf.data()); return tmpbuf; } ()",
                        "AOTI_TORCH_CHECK((0 <= tmp2) & (tmp2 < 10L), \"x\");",
                        "(const int64_t*)(arg0_1.data_ptr())",
                        "9223372036854775807L");
    }

    private static void readIndices(byte[] input) {
        String text = new String(input, UTF_8);
        for (var check : IndexChecks.find(text, List.of(), new SymbolTable()).unchecked()) {
            assertTrue(check.text().length() <= 200);
        }
        var source = WrapperSource.parse(text);
        if (source.isEmpty()) {
            return;
        }
        var found = source.get().indexChecks();
        var check = found.newCheck();
        try (var arena = Arena.ofConfined()) {
            var memory = arena.allocate(800);
            for (long size : new long[] {0, 3, -1, Long.MAX_VALUE}) {
                long[] slots = new long[source.get().symbols().size()];
                Arrays.fill(slots, size);
                prepareAndCheck(check, source.get(), slots, memory);
            }
        }
        for (int i = 0; i < Math.min(source.get().inputCount(), 3); i++) {
            found.rangesOf(i).forEach(IndexRange::text);
        }
    }

    private static void prepareAndCheck(
            IndexCheck check, WrapperSource source, long[] slots, MemorySegment memory) {
        try {
            check.prepare(slots);
        } catch (InvalidInputException _) {
            return; // As documented: sizes that no run takes.
        }
        long[] sizes = {10, 10};
        long[] strides = {10, 1};
        for (int i = 0; i < Math.min(source.inputCount(), 3); i++) {
            if (!check.accepts(i, memory)) {
                assertFalse(check.refusal(i, "x", memory, sizes, strides).getMessage().isEmpty());
            }
        }
    }

    /** The search for calls of operators. */
    public static FuzzTarget calls(FuzzTarget.Seeds seeds) {
        return FuzzTarget.of("operator_calls", seeds, SourceFuzz::readCalls)
                .words(
                        "aoti_torch_proxy_executor_call_function(proxy_executor, 0, 1,"
                                + " a{u0}.data(), 2, b{c, d}.data());",
                        "assert_size_stride(d, {u0, 12L}, {12L, 1L}, \"op\");",
                        "auto u0 = d.size(0);",
                        "auto e = std::move(d);",
                        "reinterpret_tensor_wrapper(d, 1, e, f, 0L)",
                        "aoti_torch_f(d, &e_handle);",
                        "run_impl");
    }

    private static void readCalls(byte[] input) {
        OperatorCallSites.find(new String(input, UTF_8), List.of())
                .forEach(
                        (node, site) -> {
                            assertTrue(node >= 0);
                            site.integers().forEach(SizeExpression::text);
                        });
    }

    /** The parser of sizes. */
    public static FuzzTarget expression() {
        return FuzzTarget.of("expression", SourceFuzz::expressions, SourceFuzz::readExpression)
                .words("static_cast<int64_t>(", "std::max({", "c10::div_mod(", "a_size[0]", "<<");
    }

    private static List<byte[]> expressions() {
        return Stream.of(
                        "((-1L)*s0) + a_size[1]*std::max(1L, s1)",
                        "c10::div_floor_integer(static_cast<int64_t>(s0),"
                                + " static_cast<int64_t>(2L))",
                        "static_cast<int64_t>(std::floor((1.0/2.0)*(static_cast<double>(s0))))",
                        "std::max<int64_t>({1L, s0, s1 << 2}) % c10::div_mod(s1, 3L)",
                        "-std::abs(a.sizes()[0]) / (2 - s1)")
                .map(text -> text.getBytes(UTF_8))
                .toList();
    }

    private static void readExpression(byte[] input) {
        var symbols = new SymbolTable();
        symbols.nameInput("a", 0);
        symbols.define("s0", symbols.element("a_size", null, 0));
        symbols.define("s1", symbols.element("a_size", null, 1));
        var lexer = new CppLexer(new String(input, UTF_8));
        var expression = new ExpressionParser(lexer, symbols).parse();
        expression.text();
        if (expression.isKnown()) {
            try {
                expression.toLong(new long[symbols.count()]);
            } catch (ArithmeticException _) {
                // As documented: a division by zero.
            }
        }
    }

    /** What a package says of the CPU that it needs. */
    public static FuzzTarget cpu() {
        return FuzzTarget.of("cpu_requirements", SourceFuzz::cpus, SourceFuzz::readCpu)
                .words("AVX512_VNNI", "AMX_TILE", "INVALID_VEC_ISA", "x86-64-v4");
    }

    private static List<byte[]> cpus() {
        return List.of("AVX512 AVX2".getBytes(UTF_8), "x86-64-v3".getBytes(UTF_8));
    }

    private static void readCpu(byte[] input) {
        var text = Optional.of(new String(input, UTF_8));
        assertFalse(CpuRequirements.of(text, text).features().contains(""));
    }
}
