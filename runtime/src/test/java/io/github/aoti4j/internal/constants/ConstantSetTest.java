package io.github.aoti4j.internal.constants;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.bindings.os.RefCounted;
import io.github.aoti4j.bindings.torch.LibTorchTensors;
import io.github.aoti4j.core.DType;
import io.github.aoti4j.core.Device;
import io.github.aoti4j.libtorch.LibTorch;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.weights.StoredTensor;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

class ConstantSetTest {
    private final List<String> ended = new ArrayList<>();

    private Map<String, BoundConstant> bound(Arena arena, String... names) {
        Map<String, BoundConstant> bound = new HashMap<>();
        for (String name : names) {
            var backing =
                    new RefCounted<AutoCloseable>(
                            () -> {
                                ended.add(name);
                                throw new IllegalStateException(name);
                            });
            long[] one = {1};
            var memory = arena.allocate(4, 4);
            var tensor = new StoredTensor(name, DType.FLOAT32, one, one, memory, name);
            bound.put(
                    name,
                    BoundConstant.of(
                            LibTorchTensors.INSTANCE,
                            tensor,
                            Device.CPU,
                            memory,
                            one,
                            backing,
                            name,
                            0));
        }
        return bound;
    }

    @Test
    @NeedsLibTorch
    void keepsTheFirstFailureAndAddsTheOthers() {
        LibTorch.load();
        try (Arena arena = Arena.ofConfined()) {
            var base = new ConstantSet(bound(arena, "c"), null, () -> ended.add("base unused"));
            var set = new ConstantSet(bound(arena, "a", "b"), base, () -> ended.add("set unused"));

            var failure = assertThrows(IllegalStateException.class, set::release);

            var messages = new TreeSet<String>(List.of(failure.getMessage()));
            Arrays.stream(failure.getSuppressed()).forEach(e -> messages.add(e.getMessage()));
            assertEquals(new TreeSet<>(List.of("a", "b", "c")), messages);
            assertEquals(List.of("c", "base unused", "set unused"), ended.subList(2, 5));
            assertTrue(set.isUnused() && base.isUnused());
        }
    }
}
