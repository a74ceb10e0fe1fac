package io.github.aoti4j.cli;

import io.github.aoti4j.ConstantInfo;
import io.github.aoti4j.InputInfo;
import io.github.aoti4j.ModelDescription;
import io.github.aoti4j.Requirement;
import io.github.aoti4j.UncheckedIndex;
import io.github.aoti4j.ValueRange;
import io.github.aoti4j.core.DType;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.nio.file.Path;
import java.util.List;

/** {@code aoti inspect --json}. */
final class JsonReport {
    private static final JsonMapper MAPPER = new JsonMapper();

    private JsonReport() {}

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
        call(model, CallReport.of(model), node);
        ArrayNode unchecked = node.putArray("uncheckedIndices");
        for (UncheckedIndex index : model.uncheckedIndices()) {
            unchecked
                    .addObject()
                    .put("kernel", index.kernel())
                    .put("expression", index.expression())
                    .put("endsProcess", index.endsProcess())
                    .put("ofConstant", index.ofConstant());
        }
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

    private static void call(ModelDescription model, CallReport call, ObjectNode node) {
        ArrayNode inputs = node.putArray("inputs");
        for (int i = 0; i < model.inputs().size(); i++) {
            InputInfo input = model.inputs().get(i);
            ObjectNode described = inputs.addObject();
            described
                    .put("name", input.name())
                    .put("path", i < call.inputs().size() ? call.inputs().get(i) : null)
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
                    .put("path", i < call.outputs().size() ? call.outputs().get(i) : null);
        }
        ObjectNode structure = node.putObject("call");
        call.spec()
                .ifPresent(
                        spec -> {
                            structure.put("signature", spec.describe());
                            structure.set("args", StructureJson.of(spec.args()));
                            structure.set("kwargs", StructureJson.of(spec.kwargs()));
                            structure.set("outputs", StructureJson.of(spec.outputs()));
                        });
        if (!call.problem().isEmpty()) {
            structure.put("problem", call.problem());
        }
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
