package io.github.aoti4j.core;

/**
 * Something that a model needs, and whether it is here.
 *
 * @param name what is needed, in a word: {@code platform}, {@code cpu}, {@code libtorch}, …
 * @param met whether it is here
 * @param detail what is needed and what is here, for people; if it is not met, also what to do
 */
public record Requirement(String name, boolean met, String detail) {
    /** The name of what keeps nothing from running, but deserves attention. */
    public static final String WARNING = "warning";
}
