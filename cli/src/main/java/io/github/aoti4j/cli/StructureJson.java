package io.github.aoti4j.cli;

import io.github.aoti4j.Structure;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.List;
import java.util.Locale;

/** The structure of a call as JSON. */
final class StructureJson {
    private static final JsonMapper MAPPER = new JsonMapper();

    private StructureJson() {}

    static ObjectNode of(Structure structure) {
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
                                    entry.set("value", of(value));
                                });
            }
            case Structure.Fields fields -> {
                node.put("kind", "fields").put("type", fields.type());
                ObjectNode values = node.putObject("fields");
                fields.fields().forEach((name, value) -> values.set(name, of(value)));
                fields.absent().forEach(values::putNull);
            }
        }
        return node.put("path", structure.path());
    }

    private static void elements(ObjectNode node, List<Structure> elements) {
        ArrayNode array = node.putArray("elements");
        elements.forEach(element -> array.add(of(element)));
    }
}
