package io.github.aoti4j.cli;

import io.github.aoti4j.CompilationInfo;
import io.github.aoti4j.ConstantInfo;
import io.github.aoti4j.InputInfo;
import io.github.aoti4j.MemoryEstimate;
import io.github.aoti4j.ModelDescription;
import io.github.aoti4j.Structure;
import io.github.aoti4j.UncheckedIndex;
import io.github.aoti4j.ValueRange;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Requirement;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** {@code aoti inspect --json}. */
final class InspectJson {
    private static final JsonMapper MAPPER = new JsonMapper();

    private InspectJson() {}

    static String of(Path file, List<ModelReport> reports) {
        ObjectNode root = MAPPER.createObjectNode();
        root.put("file", file.toString());
        ArrayNode models = root.putArray("models");
        for (ModelReport report : reports) {
            models.add(model(report));
        }
        return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(root);
    }

    private static ObjectNode model(ModelReport report) {
        ModelDescription model = report.model();
        ObjectNode node = MAPPER.createObjectNode();
        node.put("name", model.name());
        node.put("libraryBytes", model.libraryBytes());
        node.put("sourceKnown", model.sourceKnown());
        call(report, node);
        ArrayNode unchecked = node.putArray("uncheckedIndices");
        for (UncheckedIndex index : model.uncheckedIndices()) {
            unchecked
                    .addObject()
                    .put("kernel", index.kernel())
                    .put("expression", index.expression())
                    .put("endsProcess", index.endsProcess())
                    .put("ofConstant", index.ofConstant());
        }
        ObjectNode summary = node.putObject("constantsSummary");
        summary.put("count", model.constants().size());
        summary.put("bytes", ConstantGroup.bytes(model.constants()));
        ArrayNode places = summary.putArray("places");
        for (ConstantGroup group : ConstantGroup.of(model.constants())) {
            places.addObject()
                    .put("place", group.place())
                    .put("count", group.constants().size())
                    .put("bytes", group.bytes());
        }
        memory(model.memory(), node.putObject("memory"));
        ArrayNode constants = node.putArray("constants");
        for (ConstantInfo constant : model.constants()) {
            ObjectNode c = constants.addObject();
            c.put("fqn", constant.fqn());
            c.put("dtype", constant.dtype().map(DType::torchName).orElse(null));
            constant.shape().ifPresent(shape -> shape.forEach(c.withArray("shape")::add));
            c.put("bytes", constant.bytes());
            c.put("kind", constant.kind());
            c.put("location", constant.location());
        }
        compilation(model.compilation(), node.putObject("compilation"));
        node.set("inputSpec", spec(model.inputSpec().orElse(null)));
        node.set("outputSpec", spec(model.outputSpec().orElse(null)));
        ObjectNode metadata = node.putObject("metadata");
        model.metadata().forEach(metadata::put);
        ArrayNode requirements = node.putArray("requirements");
        for (Requirement requirement : report.requirements()) {
            requirements
                    .addObject()
                    .put("name", requirement.name())
                    .put("met", requirement.met())
                    .put("detail", requirement.detail());
        }
        return node;
    }

    /** Null where the package does not say. */
    private static void compilation(CompilationInfo compilation, ObjectNode node) {
        OptionalInt threads = compilation.kernelThreads();
        node.put("vectorExtensions", compilation.vectorExtensions().orElse(null));
        node.put("march", compilation.march().orElse(null));
        node.put("frozen", compilation.frozen().orElse(null));
        node.put("kernelThreads", threads.isPresent() ? threads.getAsInt() : null);
        compilation.hints().forEach(node.putArray("hints")::add);
    }

    /** In bytes; null where it is not known. */
    private static void memory(MemoryEstimate memory, ObjectNode node) {
        node.put("privateWeights", memory.privateWeights());
        node.put("mappedWeights", memory.mappedWeights());
        node.put("deviceWeights", memory.deviceWeights());
        node.put("libraryBytes", memory.libraryBytes());
        node.put("inputBytes", orNull(memory.inputBytes()));
        node.put("outputBytes", orNull(memory.outputBytes()));
        node.put("runBytes", orNull(memory.runBytes()));
        node.put("privateBytes", orNull(memory.privateBytes()));
        node.put("constantsKnown", memory.constantsKnown());
    }

    private static Long orNull(OptionalLong value) {
        return value.isPresent() ? value.getAsLong() : null;
    }

    private static void call(ModelReport report, ObjectNode node) {
        ModelDescription model = report.model();
        ArrayNode inputs = node.putArray("inputs");
        for (int i = 0; i < model.inputs().size(); i++) {
            InputInfo input = model.inputs().get(i);
            ObjectNode described = inputs.addObject();
            described
                    .put("name", input.name())
                    .put("path", report.inputPath(i))
                    .put("dtype", input.dtype().map(DType::torchName).orElse(null))
                    .put("description", input.description());
            ArrayNode ranges = described.putArray("valueRanges");
            for (ValueRange range : input.valueRanges()) {
                ObjectNode r = ranges.addObject();
                range.min().ifPresent(min -> r.put("min", min));
                range.max().ifPresent(max -> r.put("max", max));
                r.put("text", range.text());
            }
        }
        ArrayNode outputs = node.putArray("outputs");
        for (int i = 0; i < model.outputs().size(); i++) {
            outputs.addObject()
                    .put("name", model.outputs().get(i))
                    .put("path", report.outputPath(i));
        }
        ObjectNode call = node.putObject("call");
        report.callSpec()
                .ifPresent(
                        spec -> {
                            call.put("signature", spec.describe());
                            call.set("args", structure(spec.args()));
                            call.set("kwargs", structure(spec.kwargs()));
                            call.set("outputs", structure(spec.outputs()));
                        });
        if (!report.callProblem().isEmpty()) {
            call.put("problem", report.callProblem());
        }
    }

    private static ObjectNode structure(Structure structure) {
        ObjectNode node = MAPPER.createObjectNode();
        switch (structure) {
            case Structure.TensorLeaf leaf -> {
                node.put("kind", "tensor");
                node.put("position", leaf.position() < 0 ? null : leaf.position());
            }
            case Structure.ConstantLeaf _ -> node.put("kind", "constant");
            case Structure.EitherLeaf _ -> node.put("kind", "tensor_or_constant");
            case Structure.Sequence sequence -> {
                node.put("kind", sequence.kind().name().toLowerCase(Locale.ROOT));
                elements(node, sequence.elements());
            }
            case Structure.NamedTuple tuple -> {
                node.put("kind", "named_tuple").put("type", tuple.type());
                elements(node, tuple.elements());
            }
            case Structure.Mapping mapping -> {
                node.put("kind", mapping.kind().name().toLowerCase(Locale.ROOT));
                ArrayNode entries = node.putArray("entries");
                mapping.entries()
                        .forEach(
                                (key, value) -> {
                                    ObjectNode entry = entries.addObject();
                                    entry.set("key", MAPPER.valueToTree(key));
                                    entry.set("value", structure(value));
                                });
            }
            case Structure.Fields fields -> {
                node.put("kind", "fields").put("type", fields.type());
                ObjectNode values = node.putObject("fields");
                fields.fields().forEach((name, value) -> values.set(name, structure(value)));
                fields.absent().forEach(values::putNull);
            }
        }
        return node.put("path", structure.path());
    }

    private static void elements(ObjectNode node, List<Structure> elements) {
        ArrayNode array = node.putArray("elements");
        elements.forEach(element -> array.add(structure(element)));
    }

    /** The TreeSpec as JSON of its own; as text if it is none. */
    private static JsonNode spec(String text) {
        if (text == null) {
            return MAPPER.nullNode();
        }
        try {
            return MAPPER.readTree(text);
        } catch (tools.jackson.core.JacksonException e) {
            return MAPPER.getNodeFactory().stringNode(text);
        }
    }
}
