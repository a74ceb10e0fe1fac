package io.github.aoti4j.jmh.peers;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.libtorch.LibTorch;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Shows whether several libraries that bring a libtorch work in one process: each argument, {@code
 * aoti4j}, {@code javacpp} or {@code djl}, loads one, in this order.
 */
public final class EngineOrders {
    private EngineOrders() {}

    public static void main(String[] engines) {
        for (String engine : engines) {
            try {
                System.out.println(engine + ": " + use(engine));
            } catch (IncompatibleModelException | EngineException | LinkageError e) {
                Throwable cause = e;
                while (cause.getCause() != null) {
                    cause = cause.getCause();
                }
                System.out.println(engine + " is refused: " + cause);
            }
        }
        System.out.println("the process lives");
    }

    private static Object use(String engine) {
        return switch (engine) {
            case "aoti4j" -> LibTorch.load();
            case "javacpp" -> {
                try (Tensor ones = torch.ones(new long[] {2, 3})) {
                    yield torch.matmul(ones, ones.t()).sum().item_float();
                }
            }
            case "djl" -> {
                try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
                        NDArray ones = manager.ones(new Shape(2, 3))) {
                    yield ones.matMul(ones.transpose()).sum().getFloat();
                }
            }
            default -> throw new IllegalArgumentException(engine);
        };
    }
}
