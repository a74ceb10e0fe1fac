package io.github.aoti4j.internal.wrapper;

import io.github.aoti4j.core.DType;
import io.github.aoti4j.internal.cpp.CppLexer;
import io.github.aoti4j.internal.cpp.ExpressionParser;
import io.github.aoti4j.internal.cpp.NotUnderstood;
import io.github.aoti4j.internal.cpp.SizeExpression;
import io.github.aoti4j.internal.cpp.SizeExpression.Literal;
import io.github.aoti4j.internal.tensor.Shapes;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Gathers what a source says of one constant. */
final class ConstantBuilder {
    private final int index;
    private String name = "";
    private Optional<String> fqn = Optional.empty();
    private Optional<DType> dtype = Optional.empty();
    private Optional<String> deviceType = Optional.empty();
    private Optional<String> layout = Optional.empty();
    private long storageOffset;
    private long dataSize = -1;
    private boolean fromFolded;
    private Optional<String> kind = Optional.empty();
    private Optional<List<Long>> shape = Optional.empty();
    private Optional<List<Long>> strides = Optional.empty();

    ConstantBuilder(int index) {
        this.index = index;
    }

    /** Reads {@code cached_torch_dtype_float32;} or what else is assigned to a field. */
    void read(String field, CppLexer lexer, ExpressionParser expressions) throws NotUnderstood {
        switch (field) {
            case "name" -> name = lexer.expectString();
            case "original_fqn" -> fqn = Optional.of(lexer.expectString());
            case "dtype" -> dtype = suffix(lexer, "torch_dtype_").flatMap(DType::ofTorchName);
            case "device_type" -> deviceType = suffix(lexer, "torch_device_type_");
            case "layout" -> layout = suffix(lexer, "torch_layout_");
            case "offset" -> storageOffset = lexer.expectInteger();
            case "data_size" -> dataSize = lexer.expectInteger();
            case "from_folded" -> fromFolded = lexer.accept("true");
            case "type" -> kind = kind(lexer);
            case "shape" -> shape = numbers(expressions);
            case "stride" -> strides = numbers(expressions);
            default -> {}
        }
    }

    /**
     * Returns what follows an infix in the next identifier that has it: {@code float32} of {@code
     * cached_torch_dtype_float32} or {@code aoti_torch_dtype_float32()}. Empty if the statement
     * ends first.
     */
    static Optional<String> suffix(CppLexer lexer, String infix) {
        while (lexer.kind() != CppLexer.Kind.END && !lexer.is(";")) {
            String word = lexer.acceptIdentifier();
            if (word == null) {
                lexer.advance();
            } else if (word.contains(infix)) {
                return Optional.of(word.substring(word.indexOf(infix) + infix.length()));
            }
        }
        return Optional.empty();
    }

    /** {@code Parameter} of {@code …::ConstantType::Parameter}. */
    private static Optional<String> kind(CppLexer lexer) {
        while (lexer.kind() != CppLexer.Kind.END && !lexer.is(";")) {
            if (lexer.accept("ConstantType")) {
                return lexer.accept("::")
                        ? Optional.ofNullable(lexer.acceptIdentifier())
                        : Optional.empty();
            }
            lexer.advance();
        }
        return Optional.empty();
    }

    /** {@code {16, 10}}; empty if it is something else. */
    private static Optional<List<Long>> numbers(ExpressionParser expressions) {
        var list = expressions.parseList(Shapes.MAX_RANK);
        if (list == null) {
            return Optional.empty();
        }
        var values = new ArrayList<Long>();
        for (SizeExpression expression : list) {
            if (!(expression instanceof Literal(long value))) {
                return Optional.empty();
            }
            values.add(value);
        }
        return Optional.of(List.copyOf(values));
    }

    ConstantSpec build() {
        return new ConstantSpec(
                index,
                name,
                fqn,
                dtype,
                deviceType,
                layout,
                storageOffset,
                dataSize,
                fromFolded,
                kind,
                shape,
                strides);
    }
}
