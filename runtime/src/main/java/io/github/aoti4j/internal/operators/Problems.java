package io.github.aoti4j.internal.operators;

import io.github.aoti4j.internal.operators.ExternNode.Given;
import io.github.aoti4j.internal.operators.OperatorSchema.Argument;
import io.github.aoti4j.internal.operators.OperatorSchema.Result;

/** What may stand in the way of a call, in words. */
final class Problems {
    /** How the names of operators begin that PyTorch defines in Python, if at all. */
    private static final String[] PYTHON = {"prims::", "rngprims::", "inductor_prims::"};

    private Problems() {}

    static String absent(ExternNode node) {
        String operator = node.qualifiedName();
        for (String prefix : PYTHON) {
            if (operator.startsWith(prefix)) {
                return "calls %s, which only PyTorch's Python has: no C++ program can run it, PyTorch's own included; write the model with other operators (torch.randn(...) * std + mean in place of torch.normal, for example), or decompose it when exporting (ExportedProgram.run_decompositions)"
                        .formatted(operator);
            }
        }
        if (node.isDefinedInPython()) {
            return "calls %s, which torch.library.custom_op defined in Python, so that it exists in Python only; define it in a native library with TORCH_LIBRARY (ModelOptions.opLibrary, --op-library), or register it in Java (OperatorLibrary), before loading"
                    .formatted(operator);
        }
        return "calls %s, and there is no such operator in this process; name the library that has it (ModelOptions.opLibrary, --op-library), or register it in Java (OperatorLibrary), before loading"
                .formatted(operator);
    }

    static String ofAnotherCopy(String operator) {
        return "calls %s, which was registered in Java by another copy of this library, of another class loader; register it with this one too (OperatorLibrary), before loading"
                .formatted(operator);
    }

    static String unreadable(String operator, String schema, SchemaException why) {
        return "calls %s, whose schema %s cannot be read: %s"
                .formatted(operator, schema, why.getMessage());
    }

    static String argument(String operator, Argument argument, Given given) {
        return "passes %s its argument %s of type %s (%s), which libtorch's dispatcher does not accept from outside PyTorch; rewrite the model without it"
                .formatted(operator, argument.name(), argument.type(), kind(given));
    }

    static String unknownArgument(OperatorSchema schema, String name) {
        return "passes %s an argument %s, which it does not have: %s"
                .formatted(schema.qualifiedName(), name, schema.signature());
    }

    static String result(String operator, int index, Result result, Given given) {
        return "takes from %s its result %d of type %s (%s), which libtorch's dispatcher does not return outside PyTorch; rewrite the model without it"
                .formatted(operator, index, result.type(), kind(given));
    }

    private static String kind(Given given) {
        return given == null ? "left out" : given.kind();
    }
}
