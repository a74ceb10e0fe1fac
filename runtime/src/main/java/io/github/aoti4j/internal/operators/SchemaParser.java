package io.github.aoti4j.internal.operators;

import io.github.aoti4j.internal.operators.OperatorSchema.Argument;
import io.github.aoti4j.internal.operators.OperatorSchema.Result;
import io.github.aoti4j.internal.operators.ValueType.Listing;
import io.github.aoti4j.internal.operators.ValueType.Maybe;
import io.github.aoti4j.internal.operators.ValueType.Other;
import io.github.aoti4j.internal.operators.ValueType.Plain;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads schemas as PyTorch writes them: {@code demo::scale(Tensor x, float by=1., *, str?
 * mode=None) -> Tensor}.
 *
 * <p>Stricter than PyTorch's own parser, which fails on some malformed schemas with more than an
 * error: what is read here, that one can read.
 */
public final class SchemaParser {
    private static final Map<String, ValueType> TYPES =
            Map.ofEntries(
                    Map.entry("Tensor", Plain.TENSOR),
                    Map.entry("int", Plain.INT),
                    Map.entry("SymInt", Plain.INT),
                    Map.entry("float", Plain.FLOAT),
                    Map.entry("bool", Plain.BOOL),
                    Map.entry("str", Plain.STRING),
                    Map.entry("ScalarType", Plain.DTYPE),
                    Map.entry("Layout", Plain.LAYOUT),
                    Map.entry("MemoryFormat", Plain.MEMORY_FORMAT),
                    Map.entry("Device", Plain.DEVICE));

    /** Deeper than any type or default. */
    private static final int MAX_DEPTH = 32;

    private final String text;
    private int at;
    private int depth;

    private SchemaParser(String text) {
        this.text = text;
    }

    /** A type and what its annotation says of the memory. */
    private record Annotated(ValueType type, boolean aliases, boolean written) {}

    /**
     * Reads a schema.
     *
     * @throws SchemaException if it is malformed
     */
    public static OperatorSchema parse(String text) throws SchemaException {
        SchemaParser parser = new SchemaParser(text);
        OperatorSchema schema = parser.schema();
        parser.skipBlanks();
        if (parser.at < text.length()) {
            throw parser.expected("the end");
        }
        return schema;
    }

    private OperatorSchema schema() throws SchemaException {
        String namespace = identifier("a namespace");
        expect("::");
        String name = namespace + "::" + identifier("the operator's name");
        String overload = take(".") ? identifier("the overload's name") : "";
        expect("(");
        List<Argument> arguments = arguments();
        expect("->");
        return new OperatorSchema(name, overload, arguments, results());
    }

    private List<Argument> arguments() throws SchemaException {
        List<Argument> arguments = new ArrayList<>();
        Set<String> names = new HashSet<>();
        boolean keywords = false;
        if (take(")")) {
            return List.of();
        }
        do {
            if (!keywords && take("*")) {
                keywords = true;
                continue;
            }
            Argument argument = argument();
            if (!names.add(argument.name())) {
                throw new SchemaException("it has two arguments named " + argument.name());
            }
            arguments.add(argument);
        } while (take(","));
        expect(")");
        return List.copyOf(arguments);
    }

    private Argument argument() throws SchemaException {
        Annotated type = type();
        String name = identifier("the argument's name");
        Optional<Literal> fallback = take("=") ? Optional.of(literal()) : Optional.empty();
        if (fallback.isPresent()
                && type.type().isPassable()
                && !ArgumentMarshallers.fits(fallback.get(), type.type())) {
            throw new SchemaException(
                    "the default of argument %s is no %s".formatted(name, type.type()));
        }
        return new Argument(name, type.type(), type.written(), fallback);
    }

    private List<Result> results() throws SchemaException {
        if (!take("(")) {
            return List.of(result());
        }
        if (take(")")) {
            return List.of();
        }
        List<Result> results = new ArrayList<>();
        do {
            results.add(result());
        } while (take(","));
        expect(")");
        return List.copyOf(results);
    }

    private Result result() throws SchemaException {
        Annotated type = type();
        skipBlanks();
        if (at < text.length() && isLetter(text.charAt(at))) {
            identifier("the result's name");
        }
        return new Result(type.type(), type.aliases());
    }

    private Annotated type() throws SchemaException {
        ValueType type = namedType();
        boolean aliases = false;
        boolean written = false;
        for (int layers = 0; layers < MAX_DEPTH; layers++) {
            if (peek("(")) {
                written |= annotation();
                aliases = true;
            } else if (take("[")) {
                skipBlanks();
                int size = take("]") ? -1 : size();
                type = new Listing(type, size);
            } else if (take("?")) {
                type = new Maybe(type);
            } else {
                return new Annotated(type, aliases, written);
            }
        }
        throw tooDeep("type");
    }

    private static SchemaException tooDeep(String what) {
        return new SchemaException("it has a " + what + " of more than " + MAX_DEPTH + " layers");
    }

    private ValueType namedType() throws SchemaException {
        if (peek("(")) {
            return new Other(bracketed());
        }
        String name = identifier("a type");
        if (take(".")) {
            var qualified = new StringBuilder(name);
            do {
                qualified.append('.').append(identifier("a type"));
            } while (take("."));
            name = qualified.toString();
        }
        if (TYPES.containsKey(name)) {
            return TYPES.get(name);
        }
        boolean hasParameters =
                name.equals("Dict") || name.equals("Future") || name.equals("Await");
        return new Other(hasParameters && peek("(") ? name + bracketed() : name);
    }

    /**
     * Reads {@code (a!)}, {@code (a -> *)} or the like; tells whether it says that it is written.
     */
    private boolean annotation() throws SchemaException {
        return bracketed().contains("!");
    }

    private String bracketed() throws SchemaException {
        int start = at;
        int depth = 0;
        do {
            if (at == text.length()) {
                throw expected(")");
            }
            char c = text.charAt(at++);
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        } while (depth > 0);
        return text.substring(start, at);
    }

    private int size() throws SchemaException {
        Literal size = number();
        expect("]");
        if (size instanceof Literal.Whole(long value) && value >= 0 && value < 1 << 16) {
            return (int) value;
        }
        throw expected("the size of a list");
    }

    private Literal literal() throws SchemaException {
        skipBlanks();
        if (at == text.length()) {
            throw expected("a value");
        }
        char c = text.charAt(at);
        if (c == '[') {
            return items();
        }
        if (c == '"' || c == '\'') {
            return new Literal.Text(quoted());
        }
        if (!isLetter(c)) {
            return number();
        }
        String word = identifier("a value");
        return switch (word) {
            case "None" -> new Literal.None();
            case "True" -> new Literal.Truth(true);
            case "False" -> new Literal.Truth(false);
            case "inf" -> new Literal.Real(Double.POSITIVE_INFINITY);
            case "nan" -> new Literal.Real(Double.NaN);
            default -> throw new SchemaException("it has a default that is unknown here: " + word);
        };
    }

    private Literal items() throws SchemaException {
        expect("[");
        if (++depth > MAX_DEPTH) {
            throw tooDeep("default");
        }
        List<Literal> elements = new ArrayList<>();
        if (!take("]")) {
            do {
                elements.add(literal());
            } while (take(","));
            expect("]");
        }
        depth--;
        return new Literal.Items(List.copyOf(elements));
    }

    private Literal number() throws SchemaException {
        skipBlanks();
        int start = at;
        while (at < text.length() && "+-.0123456789eEinfa".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String number = text.substring(start, at);
        try {
            return number.matches("[+-]?[0-9]+")
                    ? new Literal.Whole(Long.parseLong(number))
                    : new Literal.Real(
                            Double.parseDouble(
                                    number.replace("inf", "Infinity").replace("nan", "NaN")));
        } catch (NumberFormatException e) {
            at = start;
            throw expected("a number");
        }
    }

    private String quoted() throws SchemaException {
        char quote = text.charAt(at++);
        StringBuilder value = new StringBuilder();
        while (at < text.length() && text.charAt(at) != quote) {
            char c = text.charAt(at++);
            if (c == '\\' && at < text.length()) {
                char escaped = text.charAt(at++);
                c = escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped;
            }
            value.append(c);
        }
        if (at == text.length()) {
            throw expected("the end of a string");
        }
        at++;
        return value.toString();
    }

    private String identifier(String what) throws SchemaException {
        skipBlanks();
        int start = at;
        while (at < text.length() && (isLetter(text.charAt(at)) || isDigit(start))) {
            at++;
        }
        if (at == start) {
            throw expected(what);
        }
        return text.substring(start, at);
    }

    private boolean isDigit(int start) {
        return at > start && text.charAt(at) >= '0' && text.charAt(at) <= '9';
    }

    private static boolean isLetter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    }

    private boolean peek(String token) {
        skipBlanks();
        return text.startsWith(token, at);
    }

    private boolean take(String token) {
        if (!peek(token)) {
            return false;
        }
        at += token.length();
        return true;
    }

    private void expect(String token) throws SchemaException {
        if (!take(token)) {
            throw expected("\"" + token + "\"");
        }
    }

    private void skipBlanks() {
        while (at < text.length() && text.charAt(at) == ' ') {
            at++;
        }
    }

    private SchemaException expected(String what) {
        String rest = text.substring(Math.min(at, text.length()));
        return new SchemaException(
                "expected %s at character %d, before \"%s\""
                        .formatted(
                                what, at + 1, rest.length() > 30 ? rest.substring(0, 30) : rest));
    }
}
