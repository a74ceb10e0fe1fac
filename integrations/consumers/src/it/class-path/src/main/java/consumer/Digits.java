package consumer;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.weights.files.SafetensorsFile;

import java.lang.foreign.Arena;
import java.nio.file.Path;

/** Classifies the digits in a folder, which has to succeed for at least 98 of 100. */
public final class Digits {
    public static void main(String[] args) {
        Path folder = Path.of(args[0]);
        try (Model model = Model.load(folder.resolve("digits.pt2"));
                SafetensorsFile test = SafetensorsFile.open(folder.resolve("test.safetensors"));
                Arena arena = Arena.ofConfined()) {
            Tensor images =
                    Tensor.zeros(arena, test.entry("images").dtype(), test.entry("images").shape());
            images.segment().copyFrom(test.segment("images"));
            float[] scores = model.run(arena, images).getFirst().toFloatArray();
            Tensor labels =
                    Tensor.zeros(arena, test.entry("labels").dtype(), test.entry("labels").shape());
            labels.segment().copyFrom(test.segment("labels"));
            long[] digits = labels.toLongArray();
            int right = 0;
            for (int i = 0; i < digits.length; i++) {
                int best = 0;
                for (int c = 1; c < 10; c++) {
                    best = scores[10 * i + c] > scores[10 * i + best] ? c : best;
                }
                right += best == digits[i] ? 1 : 0;
            }
            System.out.println(
                    right + " of " + digits.length + " digits are right, on " + model.engine());
            if (right < 0.98 * digits.length) {
                throw new AssertionError("too few");
            }
            String engine = System.getProperty("consumer.engine");
            if (engine != null && !engine.equals(model.engine().toString())) {
                throw new AssertionError("the engine is " + model.engine() + " and not " + engine);
            }
        }
    }
}
