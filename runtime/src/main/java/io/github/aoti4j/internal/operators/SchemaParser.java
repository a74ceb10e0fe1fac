package io.github.aoti4j.internal.operators;

import io.github.aoti4j.internal.operators.OperatorSchema.Argument;
import io.github.aoti4j.internal.operators.OperatorSchema.Result;
import io.github.aoti4j.internal.operators.ValueType.ListType;
import io.github.aoti4j.internal.operators.ValueType.OptionalType;
import io.github.aoti4j.internal.operators.ValueType.Other;
import io.github.aoti4j.internal.operators.ValueType.Plain;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads schemas as PyTorch writes them: {@code demo::scale(Tensor x, float by=1., *, str?
 * mode=None) -> Tensor}.
 *
 * <p>Stricter than PyTorch's own parser, which fails on some malformed schemas with more than an
 * error: what is read here, that one can read.
 */
final class SchemaParser {
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
                    Map.entry("Device", Plain.DEVICE),
                    Map.entry("Scalar", Plain.SCALAR));

    private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final Pattern NUMBER = Pattern.compile("[-+.0-9eEinfa]*");

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

    static OperatorSchema parse(String text) throws SchemaException {
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
        String overload = accept(".") ? identifier("the overload's name") : "";
        expect("(");
        List<Argument> arguments = arguments();
        expect("->");
        return new OperatorSchema(name, overload, arguments, results());
    }

    private List<Argument> arguments() throws SchemaException {
        List<Argument> arguments = new ArrayList<>();
        Set<String> names = new HashSet<>();
        boolean keywords = false;
        if (accept(")")) {
            return List.of();
        }
        do {
            if (!keywords && accept("*")) {
                keywords = true;
                continue;
            }
            Argument argument = argument();
            if (!names.add(argument.name())) {
                throw new SchemaException("it has two arguments named " + argument.name());
            }
            arguments.add(argument);
        } while (accept(","));
        expect(")");
        return List.copyOf(arguments);
    }

    private Argument argument() throws SchemaException {
        Annotated type = type();
        String name = identifier("the argument's name");
        Optional<Literal> fallback = accept("=") ? Optional.of(literal()) : Optional.empty();
        if (fallback.isPresent()
                && type.type().isPassable()
                && !ArgumentMarshaller.fits(fallback.get(), type.type())) {
            throw new SchemaException(
                    "the default of argument %s is no %s".formatted(name, type.type()));
        }
        return new Argument(name, type.type(), type.written(), fallback);
    }

    private List<Result> results() throws SchemaException {
        if (!accept("(")) {
            return List.of(result());
        }
        if (accept(")")) {
            return List.of();
        }
        List<Result> results = new ArrayList<>();
        do {
            results.add(result());
        } while (accept(","));
        expect(")");
        return List.copyOf(results);
    }

    private Result result() throws SchemaException {
        Annotated type = type();
        match(IDENTIFIER); // its name, if it has one
        return new Result(type.type(), type.aliases());
    }

    private Annotated type() throws SchemaException {
        ValueType type = namedType();
        boolean aliases = false;
        boolean written = false;
        for (int layers = 0; layers < MAX_DEPTH; layers++) {
            if (peek("(")) {
                // (a!), (a -> *) or the like
                written |= bracketed().contains("!");
                aliases = true;
            } else if (accept("[")) {
                type = new ListType(type, accept("]") ? -1 : size());
            } else if (accept("?")) {
                type = new OptionalType(type);
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
        var qualified = new StringBuilder(identifier("a type"));
        while (accept(".")) {
            qualified.append('.').append(identifier("a type"));
        }
        String name = qualified.toString();
        if (TYPES.containsKey(name)) {
            return TYPES.get(name);
        }
        boolean hasParameters = Set.of("Dict", "Future", "Await").contains(name);
        return new Other(hasParameters && peek("(") ? name + bracketed() : name);
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
        if (size instanceof Literal.IntLiteral(long value) && value >= 0 && value < 1 << 16) {
            return (int) value;
        }
        throw expected("the size of a list");
    }

    private Literal literal() throws SchemaException {
        if (peek("[")) {
            return list();
        }
        if (peek("\"") || peek("'")) {
            return new Literal.Text(quoted());
        }
        String word = match(IDENTIFIER);
        return switch (word) {
            case "" -> number();
            case "None" -> new Literal.None();
            case "True" -> new Literal.BoolLiteral(true);
            case "False" -> new Literal.BoolLiteral(false);
            case "inf" -> new Literal.FloatLiteral(Double.POSITIVE_INFINITY);
            case "nan" -> new Literal.FloatLiteral(Double.NaN);
            default -> throw new SchemaException("it has a default that is unknown here: " + word);
        };
    }

    private Literal list() throws SchemaException {
        expect("[");
        if (++depth > MAX_DEPTH) {
            throw tooDeep("default");
        }
        List<Literal> elements = new ArrayList<>();
        if (!accept("]")) {
            do {
                elements.add(literal());
            } while (accept(","));
            expect("]");
        }
        depth--;
        return new Literal.ListLiteral(List.copyOf(elements));
    }

    private Literal number() throws SchemaException {
        String number = match(NUMBER);
        try {
            return number.matches("[+-]?[0-9]+")
                    ? new Literal.IntLiteral(Long.parseLong(number))
                    : new Literal.FloatLiteral(
                            Double.parseDouble(
                                    number.replace("inf", "Infinity").replace("nan", "NaN")));
        } catch (NumberFormatException e) {
            at -= number.length();
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
        String name = match(IDENTIFIER);
        if (name.isEmpty()) {
            throw expected(what);
        }
        return name;
    }

    /** Skips blanks and reads what matches; empty if nothing does. */
    private String match(Pattern pattern) {
        skipBlanks();
        Matcher matcher = pattern.matcher(text).region(at, text.length());
        String found = matcher.lookingAt() ? matcher.group() : "";
        at += found.length();
        return found;
    }

    private boolean peek(String token) {
        skipBlanks();
        return text.startsWith(token, at);
    }

    private boolean accept(String token) {
        if (!peek(token)) {
            return false;
        }
        at += token.length();
        return true;
    }

    private void expect(String token) throws SchemaException {
        if (!accept(token)) {
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
