package io.github.aoti4j.internal.callspec;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which leaves of the arguments are inputs of the compiled model. The others were plain values or
 * None when the model was exported and have become part of its code; the spec does not distinguish
 * them apart.
 *
 * <p>The inputs' names do, for the most part: AOTAutograd numbers parameters, buffers and all
 * leaves of the arguments ({@code arg4_1}), so that the numbers have gaps where the constants are.
 * How many parameters there were is not in the package; where the first or the last leaves may be
 * constants, a model that has weights leaves several possibilities. Then the values given decide,
 * as in PyTorch's own loader ({@code AOTICompiledModel.__call__}), which takes the tensors.
 */
public final class InputLeaves {
    /** Whether a leaf is an input, a plain value or None without effect, or one of the two. */
    public enum Role {
        TENSOR,
        CONSTANT,
        EITHER
    }

    private static final Pattern NUMBERED = Pattern.compile("arg([0-9]{1,8})_1");

    private final int inputs;
    private final Role[] roles;

    /** By input: its leaf, if that is certain; otherwise null. */
    private final int[] leaves;

    /** By input: its distance in leaves from the first input; null if the names do not say. */
    private final int[] distances;

    private InputLeaves(int inputs, Role[] roles, int[] leaves, int[] distances) {
        this.inputs = inputs;
        this.roles = roles;
        this.leaves = leaves;
        this.distances = distances;
    }

    /** Finds the inputs among the leaves of the arguments, of which there are as many or more. */
    public static InputLeaves of(int leafCount, List<String> names) {
        int inputs = names.size();
        Role[] roles = new Role[leafCount];
        int[] numbers = numbers(names);
        if (inputs == 0 || inputs == leafCount) {
            int[] leaves = new int[inputs];
            Arrays.setAll(leaves, i -> i);
            Arrays.fill(roles, inputs == 0 ? Role.CONSTANT : Role.TENSOR);
            return new InputLeaves(inputs, roles, leaves, null);
        }
        int span = numbers == null ? 0 : numbers[inputs - 1] - numbers[0] + 1;
        if (numbers == null || span > leafCount) {
            Arrays.fill(roles, Role.EITHER);
            return new InputLeaves(inputs, roles, null, null);
        }
        int[] distances = new int[inputs];
        Arrays.setAll(distances, i -> numbers[i] - numbers[0]);
        // The first input is one of the leaves from 0 to this; no leaf has a negative number.
        int lastFirst = Math.min(leafCount - span, numbers[0]);
        // Each input covers a range of leaves, of which the ends are noted.
        int[] changes = new int[leafCount + 1];
        for (int distance : distances) {
            changes[distance]++;
            changes[distance + lastFirst + 1]--;
        }
        int times = 0;
        for (int leaf = 0; leaf < leafCount; leaf++) {
            times += changes[leaf];
            roles[leaf] =
                    times == 0 ? Role.CONSTANT : times == lastFirst + 1 ? Role.TENSOR : Role.EITHER;
        }
        return new InputLeaves(inputs, roles, lastFirst == 0 ? distances : null, distances);
    }

    /** The numbers in the names; null if a name has none or they do not increase. */
    private static int[] numbers(List<String> names) {
        int[] numbers = new int[names.size()];
        for (int i = 0; i < numbers.length; i++) {
            Matcher name = NUMBERED.matcher(names.get(i));
            if (!name.matches()) {
                return null;
            }
            numbers[i] = Integer.parseInt(name.group(1));
            if (i > 0 && numbers[i] <= numbers[i - 1]) {
                return null;
            }
        }
        return numbers;
    }

    public Role role(int leaf) {
        return roles[leaf];
    }

    /** Returns the leaf of each input, not to be written; null if that depends on the values. */
    public int[] certain() {
        return leaves;
    }

    /**
     * Finds the leaves that are inputs by the values given: tensors, and any value but null where a
     * leaf is an input in any case. By input; null if the tensors are too few, too many, or where
     * no input can be.
     */
    public int[] chosen(Object[] values, Class<?> tensor) {
        int[] chosen = new int[inputs];
        int count = 0;
        for (int leaf = 0; leaf < values.length; leaf++) {
            boolean plainForTensor = roles[leaf] == Role.TENSOR && values[leaf] != null;
            if (plainForTensor || tensor.isInstance(values[leaf])) {
                if (count == inputs || roles[leaf] == Role.CONSTANT) {
                    return null;
                }
                chosen[count++] = leaf;
            }
        }
        boolean fits = count == inputs;
        for (int i = 0; fits && distances != null && i < inputs; i++) {
            fits = chosen[i] - chosen[0] == distances[i];
        }
        return fits ? chosen : null;
    }
}
