package io.github.aoti4j.internal.callspec;

import java.util.List;
import java.util.stream.IntStream;

/**
 * A TreeSpec, compiled: its nodes in the order in which they are written, a node before its
 * children. Node 0 is the root; the first child of a node, if it has children, is the next node.
 * Immutable.
 */
public final class Plan {
    private final Node[] nodes;

    /** By leaf: its node. */
    private final int[] leafNodes;

    private final int[] parents;

    /** By node: how many siblings come before it. */
    private final int[] positions;

    /**
     * One node.
     *
     * @param end the node behind the last descendant
     * @param leavesBefore how many leaves come before it
     * @param type the Python class of a named tuple or of fields; otherwise null
     */
    record Node(NodeKind kind, int end, int leavesBefore, Keys keys, String type) {}

    Plan(List<Node> nodes) {
        this.nodes = nodes.toArray(Node[]::new);
        leafNodes =
                IntStream.range(0, this.nodes.length)
                        .filter(node -> kind(node) == NodeKind.LEAF)
                        .toArray();
        parents = new int[this.nodes.length];
        positions = new int[this.nodes.length];
        for (int parent = 0; parent < this.nodes.length; parent++) {
            int position = 0;
            for (int child = parent + 1; child < end(parent); child = end(child)) {
                parents[child] = parent;
                positions[child] = position++;
            }
        }
    }

    int nodeCount() {
        return nodes.length;
    }

    public int leafCount() {
        return leafNodes.length;
    }

    public NodeKind kind(int node) {
        return nodes[node].kind;
    }

    /**
     * Returns the node behind a node and all its descendants: its next sibling, if it has one. The
     * number of nodes if there is no such node.
     */
    public int end(int node) {
        return nodes[node].end;
    }

    /** Returns the keys of the children, or none if children have no keys. */
    public Keys keys(int node) {
        return nodes[node].keys;
    }

    /** Returns the Python class of a named tuple or of fields, as in the spec; otherwise null. */
    public String type(int node) {
        return nodes[node].type;
    }

    /** Returns the place of a node's first leaf among all leaves. */
    public int firstLeaf(int node) {
        return nodes[node].leavesBefore;
    }

    /** Returns the node that a node is a child of; the root is its own. */
    int parent(int node) {
        return parents[node];
    }

    /** Returns the place of a node among the children of its parent. */
    int position(int node) {
        return positions[node];
    }

    int leafNode(int leaf) {
        return leafNodes[leaf];
    }

    /** Returns how many leaves a node has below it, or is. */
    int leavesIn(int node) {
        int end = end(node);
        return (end < nodes.length ? firstLeaf(end) : leafCount()) - firstLeaf(node);
    }

    int childCount(int node) {
        if (kind(node).isKeyed()) {
            return keys(node).size();
        }
        int count = 0;
        for (int child = node + 1; child < end(node); child = end(child)) {
            count++;
        }
        return count;
    }
}
