package io.github.aoti4j;

import io.github.aoti4j.internal.callspec.InputLeaves;
import io.github.aoti4j.internal.callspec.Keys;
import io.github.aoti4j.internal.callspec.NodeKind;
import io.github.aoti4j.internal.callspec.Paths;
import io.github.aoti4j.internal.callspec.Plan;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** Makes public structures of plans. */
final class Structures {
    private final Plan plan;

    /** Null for results. */
    private final InputLeaves leaves;

    /** The next input or output. */
    private int position;

    private Structures(Plan plan, InputLeaves leaves) {
        this.plan = plan;
        this.leaves = leaves;
    }

    static Structure ofInput(Plan plan, InputLeaves leaves) {
        return new Structures(plan, leaves).node(0);
    }

    static Structure ofOutput(Plan plan) {
        return new Structures(plan, null).node(0);
    }

    private Structure node(int node) {
        String path = leaves == null ? Paths.ofOutput(plan, node) : Paths.ofInput(plan, node);
        NodeKind kind = plan.kind(node);
        return switch (kind) {
            case LEAF -> leaf(path, plan.firstLeaf(node));
            case TUPLE, LIST, DEQUE ->
                    new Structure.Sequence(
                            path, Structure.SequenceKind.valueOf(kind.name()), elements(node));
            case NAMED_TUPLE -> new Structure.NamedTuple(path, plan.type(node), elements(node));
            case DICT, ORDERED_DICT, DEFAULT_DICT ->
                    new Structure.Mapping(
                            path, Structure.MappingKind.valueOf(kind.name()), entries(node));
            case FIELDS ->
                    new Structure.Fields(
                            path, plan.type(node), fields(node), plan.keys(node).absent());
        };
    }

    private Structure leaf(String path, int leaf) {
        if (leaves == null) {
            return new Structure.TensorLeaf(path, leaf);
        }
        return switch (leaves.role(leaf)) {
            case TENSOR ->
                    new Structure.TensorLeaf(path, leaves.certain() == null ? -1 : position++);
            case CONSTANT -> new Structure.ConstantLeaf(path);
            case EITHER -> new Structure.EitherLeaf(path);
        };
    }

    private List<Structure> elements(int node) {
        List<Structure> elements = new ArrayList<>();
        for (int child = node + 1; child < plan.end(node); child = plan.end(child)) {
            elements.add(node(child));
        }
        return elements;
    }

    private SequencedMap<Object, Structure> entries(int node) {
        Keys keys = plan.keys(node);
        SequencedMap<Object, Structure> entries = new LinkedHashMap<>();
        int child = node + 1;
        for (int i = 0; i < keys.size(); i++, child = plan.end(child)) {
            entries.put(keys.get(i), node(child));
        }
        return Collections.unmodifiableSequencedMap(entries);
    }

    private SequencedMap<String, Structure> fields(int node) {
        SequencedMap<String, Structure> fields = new LinkedHashMap<>();
        entries(node).forEach((name, structure) -> fields.put((String) name, structure));
        return Collections.unmodifiableSequencedMap(fields);
    }
}
