package consumer;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Uses JavaCPP's PyTorch before aoti4j or after it, as the first argument says. */
public final class BothPyTorches {
    public static void main(String[] args) {
        String[] digits = {args[1]};
        if (args[0].equals("javacpp-first")) {
            add();
            Digits.main(digits);
        } else {
            Digits.main(digits);
            add();
            Digits.main(digits);
        }
    }

    private static void add() {
        try (Tensor ones = torch.ones(2, 3);
                Tensor sum = ones.add(ones).sum()) {
            System.out.println("JavaCPP's sum is " + sum.item_float());
            if (sum.item_float() != 12) {
                throw new AssertionError("not 12");
            }
        }
    }
}
