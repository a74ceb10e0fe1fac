package io.github.aoti4j.core;

import java.io.Serial;
import java.nio.file.Path;

/**
 * A file cannot be used: a package, or a file of tensors, is damaged, incomplete, or not what it
 * should be.
 */
public class PackageException extends AotiException {
    @Serial private static final long serialVersionUID = 1L;

    private final transient Path path;

    /**
     * Creates an exception.
     *
     * @param path the file or folder at fault, or what a package in memory is called; the message
     *     starts with it
     * @param problem what is wrong, in which entry, and what to do
     */
    public PackageException(Path path, String problem) {
        this(path, problem, null);
    }

    /**
     * Creates an exception with a cause.
     *
     * @param path the file or folder at fault, or what a package in memory is called; the message
     *     starts with it
     * @param problem what is wrong, in which entry, and what to do
     * @param cause what led to it, or null
     */
    public PackageException(Path path, String problem, Throwable cause) {
        super(path + ": " + problem, cause);
        this.path = path;
    }

    /**
     * {@return the file or folder at fault as the caller named it, or the name of a package in
     * memory; null after deserialization}
     */
    public Path path() {
        return path;
    }
}
