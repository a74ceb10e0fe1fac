package io.github.aoti4j.cli;

import io.github.aoti4j.Tensor;

/** Draws greyscale images as text, in shades: half blocks would need colour. */
final class DigitArt {
    /** From white to black; two characters make a pixel about square. */
    private static final String[] SHADES = {"  ", "░░", "▒▒", "▓▓", "██"};

    private DigitArt() {}

    /** Draws {@code shown} images, [n, 1, height, width] float32 from 0 to 1, and the answers. */
    static String draw(Tensor images, int[] answers, int[] labels, int shown) {
        int height = (int) images.size(2);
        int width = (int) images.size(3);
        float[] pixels = images.toFloatArray();
        int count = Math.min(shown, labels.length);
        StringBuilder text = new StringBuilder();
        for (int row = 0; row < height; row++) {
            for (int i = 0; i < count; i++) {
                int offset = (pick(i, count, labels.length) * height + row) * width;
                for (int column = 0; column < width; column++) {
                    text.append(shade(pixels[offset + column]));
                }
                text.append("  ");
            }
            text.append(System.lineSeparator());
        }
        for (int i = 0; i < count; i++) {
            int image = pick(i, count, labels.length);
            String answer =
                    answers[image] == labels[image]
                            ? "answer: " + answers[image]
                            : "answer: " + answers[image] + ", is " + labels[image];
            text.append(answer).append(" ".repeat(Math.max(2 * width + 2 - answer.length(), 1)));
        }
        return text.append(System.lineSeparator()).toString();
    }

    private static int pick(int i, int count, int all) {
        return (int) ((long) i * all / count);
    }

    private static String shade(float ink) {
        int index = Math.round(ink * (SHADES.length - 1));
        return SHADES[Math.clamp(index, 0, SHADES.length - 1)];
    }
}
