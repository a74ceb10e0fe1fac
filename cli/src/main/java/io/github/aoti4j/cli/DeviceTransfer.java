package io.github.aoti4j.cli;

import io.github.aoti4j.InputInfo;
import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.Device;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Copies tensors to a model's device and back. Tensors that are there already are not copied. */
final class DeviceTransfer {
    private DeviceTransfer() {}

    /** Copies inputs to the devices on which a model expects them. */
    static List<Tensor> toModel(Model model, List<Tensor> inputs, Arena arena) {
        List<InputInfo> infos = model.inputs();
        if (model.device().isCpu() || inputs.size() != infos.size()) {
            // The model refuses a wrong number with a message of its own.
            return inputs;
        }
        List<Tensor> moved = new ArrayList<>();
        for (int i = 0; i < infos.size(); i++) {
            boolean stays = infos.get(i).deviceType().equals(Optional.of(Device.Type.CPU));
            moved.add(stays ? inputs.get(i) : inputs.get(i).to(arena, model.device()));
        }
        return moved;
    }

    /** Copies outputs to the CPU; null stands for None. */
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
