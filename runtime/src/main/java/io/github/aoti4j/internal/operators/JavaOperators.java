package io.github.aoti4j.internal.operators;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.torch.OperatorRegistration;
import io.github.aoti4j.core.NativeException;
import io.github.aoti4j.core.OperatorException;
import io.github.aoti4j.internal.tensor.TensorType;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The operators of this process that are written in Java. Thread-safe.
 *
 * <p>An operator's native entry point is made once per name and stays: a thread may be about to
 * enter it when the operator is removed.
 */
public final class JavaOperators {
    /**
     * Held while operators are registered, removed or asked about. An interned string, since
     * libtorch is shared by all copies of this class, whose class loaders share nothing else.
     */
    static final Object LOCK = "io.github.aoti4j: operators of this process".intern();

    private static final Map<String, JavaOperator> BY_NAME = new HashMap<>();

    private JavaOperators() {}

    /**
     * Registers an operator. libtorch keeps one of each name: if another copy of this class, of
     * another class loader, has registered one of that name in Java, that one stays, and the new
     * one is for the models of this copy.
     *
     * @return removes the operator; to be run once
     * @throws OperatorException if the schema is malformed or has a type that cannot be passed, if
     *     there is such an operator already, or if models are loaded that call it with another
     *     schema
     */
    public static <T> Runnable register(
            String text, TensorType<T> tensors, Function<OperatorValues<T>, ?> function) {
        OperatorSchema schema = parse(text);
        String name = schema.qualifiedName();
        synchronized (LOCK) {
            Optional<Schemas.Known> known = Schemas.find(schema.name(), schema.overload());
            JavaOperator operator = BY_NAME.computeIfAbsent(name, _ -> new JavaOperator());
            if (operator.binding() != null || (known.isPresent() && !known.get().isJava())) {
                throw new OperatorException(
                        "operator %s exists already: %s"
                                .formatted(
                                        name,
                                        known.map(k -> k.schema() + ", " + k.origin())
                                                .orElse("it was registered in Java")));
            }
            operator.requireNoOtherUse(schema);
            // Null where libtorch has the operator from another copy of this class.
            OperatorRegistration registration =
                    known.isPresent() ? null : define(text, schema, operator);
            operator.bind(schema, OperatorValues.kernel(schema, tensors, function));
            return () -> remove(operator, registration);
        }
    }

    private static void remove(JavaOperator operator, OperatorRegistration registration) {
        synchronized (LOCK) {
            operator.unbind();
            if (registration != null) {
                registration.close();
            }
        }
    }

    private static OperatorRegistration define(
            String text, OperatorSchema schema, JavaOperator operator) {
        String name = schema.qualifiedName();
        String namespace = name.substring(0, name.indexOf("::"));
        OperatorRegistration registration = null;
        try {
            registration = new OperatorRegistration(namespace);
            registration.define(text.strip().substring(namespace.length() + 2));
            registration.implement(name.substring(namespace.length() + 2), operator.entryPoint());
            return registration;
        } catch (NativeException e) {
            Closeables.closeAfter(e, registration);
            throw new OperatorException(
                    "operator %s cannot be registered: %s".formatted(name, e.getMessage()), e);
        }
    }

    /** Returns the operator in Java of a name with overload; null if none is registered. */
    static JavaOperator find(String qualifiedName) {
        synchronized (LOCK) {
            JavaOperator operator = BY_NAME.get(qualifiedName);
            return operator == null || operator.binding() == null ? null : operator;
        }
    }

    private static OperatorSchema parse(String text) {
        OperatorSchema schema;
        try {
            schema = SchemaParser.parse(text.strip());
        } catch (SchemaException e) {
            throw new OperatorException(
                    "the schema \"%s\" cannot be read: %s".formatted(text, e.getMessage()), e);
        }
        for (OperatorSchema.Argument argument : schema.arguments()) {
            if (!argument.type().isPassableToJava()) {
                throw new OperatorException(
                        "argument %s of operator %s is of type %s, which cannot be passed to Java"
                                .formatted(
                                        argument.name(), schema.qualifiedName(), argument.type()));
            }
        }
        for (OperatorSchema.Result result : schema.results()) {
            if (!result.type().isPassable()) {
                throw new OperatorException(
                        "operator %s returns a %s, which cannot be passed from Java"
                                .formatted(schema.qualifiedName(), result.type()));
            }
        }
        return schema;
    }
}
