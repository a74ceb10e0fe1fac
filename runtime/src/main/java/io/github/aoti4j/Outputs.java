package io.github.aoti4j;

import io.github.aoti4j.internal.RunSlot;
import io.github.aoti4j.internal.cuda.MemoryUses;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Turns the handles that a run has left into tensors whose memory an arena owns. */
final class Outputs {
    private Outputs() {}

    /**
     * Hands all outputs to an arena, whose close releases the lease. If this fails, the slot or the
     * lease has the handles, and the caller has both.
     *
     * @param uses who uses outputs on a device; null for a model on the CPU
     */
    static List<Tensor> adopt(
            RunSlot slot,
            OutputReader[] readers,
            Tensor[] inputs,
            Arena arena,
            OutputLease lease,
            MemoryUses uses) {
        int count = readers.length;
        List<Tensor> outputs = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            outputs.add(readers[i].read(slot, inputs, arena, uses));
        }
        List<Tensor> result = Collections.unmodifiableList(outputs);
        lease.takeOutputs(slot);
        lease.handTo(arena);
        return result;
    }
}
