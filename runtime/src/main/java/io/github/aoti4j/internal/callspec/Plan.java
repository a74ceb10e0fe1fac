package io.github.aoti4j.internal.callspec;

import java.util.ArrayList;
import java.util.List;

/**
 * A TreeSpec, compiled: its nodes in the order in which they are written, a node before its
 * children, in arrays. Node 0 is the root. Immutable.
 */
public final class Plan {
    private final NodeKind[] kinds;

    /** By node: the one behind its last descendant. */
    private final int[] ends;

    /** By node: how many leaves come before it. One more element than nodes. */
    private final int[] leavesBefore;

    /** By leaf: its node. */
    private final int[] leafNodes;

    private final Keys[] keys;

    /** By node: the Python class of a named tuple or of fields; otherwise null. */
    private final String[] types;

    private Plan(Builder built) {
        int count = built.kinds.size();
        kinds = built.kinds.toArray(NodeKind[]::new);
        ends = built.ends.stream().mapToInt(Integer::intValue).toArray();
        keys = built.keys.toArray(Keys[]::new);
        types = built.types.toArray(String[]::new);
        leavesBefore = new int[count + 1];
        leafNodes = new int[(int) built.kinds.stream().filter(k -> k == NodeKind.LEAF).count()];
        int leaves = 0;
        for (int node = 0; node < count; node++) {
            leavesBefore[node] = leaves;
            if (kinds[node] == NodeKind.LEAF) {
                leafNodes[leaves++] = node;
            }
        }
        leavesBefore[count] = leaves;
    }

    /** Gathers nodes, each before its children. */
    static final class Builder {
        private final List<NodeKind> kinds = new ArrayList<>();
        private final List<Integer> ends = new ArrayList<>();
        private final List<Keys> keys = new ArrayList<>();
        private final List<String> types = new ArrayList<>();

        /** Begins a node; its children are those that begin before it is ended. */
        int begin(NodeKind kind, Keys nodeKeys, String type) {
            kinds.add(kind);
            ends.add(-1);
            keys.add(nodeKeys);
            types.add(type);
            return kinds.size() - 1;
        }

        void end(int node) {
            ends.set(node, kinds.size());
        }

        Plan build() {
            return new Plan(this);
        }
    }

    /** Returns how many nodes there are, at least 1. */
    public int nodeCount() {
        return kinds.length;
    }

    /** Returns how many leaves there are, 0 or more. */
    public int leafCount() {
        return leafNodes.length;
    }

    /** Returns what a node is. */
    public NodeKind kind(int node) {
        return kinds[node];
    }

    /**
     * Returns the node behind a node and all its descendants: its next sibling, if it has one. The
     * first child of a node, if it has children, is {@code node + 1}. Returns the next node, or the
     * number of nodes.
     */
    public int end(int node) {
        return ends[node];
    }

    /**
     * Returns the keys of a dict or the fields of an object: one key for each child; none where
     * children have no keys.
     */
    public Keys keys(int node) {
        return keys[node];
    }

    /**
     * Returns the Python class of a named tuple or of an object with fields, as it stands in the
     * spec; null for other nodes.
     */
    public String type(int node) {
        return types[node];
    }

    /**
     * Returns the place of a node's first leaf among all leaves: how many leaves come before it.
     */
    public int firstLeaf(int node) {
        return leavesBefore[node];
    }

    /**
     * Returns the node of a leaf.
     *
     * @param leaf from 0
     */
    public int leafNode(int leaf) {
        return leafNodes[leaf];
    }

    /** Returns how many leaves a node has below it, or is. */
    int leavesIn(int node) {
        return leavesBefore[ends[node]] - leavesBefore[node];
    }

    /** Counts a node's children. Returns 0 or more. */
    public int childCount(int node) {
        if (kinds[node].isKeyed()) {
            return keys[node].size();
        }
        int count = 0;
        for (int child = node + 1; child < ends[node]; child = ends[child]) {
            count++;
        }
        return count;
    }

    /** Returns the child at a position. */
    int child(int node, int position) {
        int child = node + 1;
        for (int i = 0; i < position; i++) {
            child = ends[child];
        }
        return child;
    }
}
