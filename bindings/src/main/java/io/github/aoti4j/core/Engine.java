package io.github.aoti4j.core;

import java.util.Objects;

/** What answers the functions of PyTorch that a compiled model calls. */
public enum Engine {
    /**
     * The built-in engine for models that need nothing else, and libtorch for all others. libtorch
     * is taken, too, if the process has loaded it or names it (an option, {@code -Daoti.libtorch},
     * {@code AOTI_LIBTORCH}), or if it is at hand and would be faster.
     */
    AUTO("auto"),

    /** libtorch, for all models. */
    LIBTORCH("libtorch"),

    /**
     * Java, for models that need none but the functions that it has. Nothing of libtorch is looked
     * for, unpacked or loaded.
     */
    BUILT_IN("built-in");

    private final String text;

    Engine(String text) {
        this.text = text;
    }

    /**
     * Finds an engine by its name.
     *
     * @param name {@code auto}, {@code libtorch} or {@code built-in}
     * @return the engine
     * @throws IllegalArgumentException if it is another name, with all names
     */
    public static Engine of(String name) {
        Objects.requireNonNull(name, "name");
        for (Engine engine : values()) {
            if (engine.text.equals(name)) {
                return engine;
            }
        }
        throw new IllegalArgumentException(
                "an engine is auto, libtorch or built-in, but this is \"%s\"".formatted(name));
    }

    /** {@return the name, as {@link #of} takes it} */
    @Override
    public String toString() {
        return text;
    }
}
