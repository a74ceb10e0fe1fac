package io.github.aoti4j.cli;

import io.github.aoti4j.InputInfo;
import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.Device;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Takes tensors to where a model runs, and back. On the CPU they stay what they are. */
final class Transfer {
    private Transfer() {}

    /** Takes inputs to where a model wants each of them. */
    static List<Tensor> toModel(Model model, List<Tensor> inputs, Arena arena) {
        List<InputInfo> infos = model.inputs();
        if (model.device().isCpu() || inputs.size() != infos.size()) {
            // The model's own message says what it takes.
            return inputs;
        }
        List<Tensor> moved = new ArrayList<>();
        for (int i = 0; i < infos.size(); i++) {
            boolean stays = infos.get(i).deviceType().equals(Optional.of(Device.Type.CPU));
            moved.add(stays ? inputs.get(i) : inputs.get(i).to(arena, model.device()));
        }
        return moved;
    }

    /** Takes outputs to the CPU; null stands for None. */
    static List<Tensor> toCpu(List<Tensor> outputs, Arena arena) {
        List<Tensor> moved = new ArrayList<>();
        for (Tensor output : outputs) {
            moved.add(
                    output == null || output.device().isCpu()
                            ? output
                            : output.to(arena, Device.CPU));
        }
        return moved;
    }
}
