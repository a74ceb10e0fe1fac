package io.github.aoti4j.internal.cpp;

/** The source leaves the grammar that is read. Always caught, hence without a stack trace. */
public final class NotUnderstood extends Exception {
    private static final long serialVersionUID = 1L;

    public NotUnderstood() {
        super(null, null, false, false);
    }

    /** Returns the value if it is not null. */
    public static <T> T unlessNull(T value) throws NotUnderstood {
        if (value == null) {
            throw new NotUnderstood();
        }
        return value;
    }
}
