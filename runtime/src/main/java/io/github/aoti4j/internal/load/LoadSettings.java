package io.github.aoti4j.internal.load;

import io.github.aoti4j.core.Device;
import io.github.aoti4j.core.Engine;
import io.github.aoti4j.core.Progress;
import io.github.aoti4j.internal.container.RunListener;
import io.github.aoti4j.weights.Paging;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * How a model is loaded; the public options say what each setting means. Written in {@link #with}
 * only.
 */
public final class LoadSettings implements Cloneable {
    public Optional<String> model = Optional.empty();
    public int runners = 1;

    /** Empty for that of the process: a system property, or {@link Engine#AUTO}. */
    public Optional<Engine> engine = Optional.empty();

    public Optional<Path> libtorch = Optional.empty();

    /** A library or its folder; empty to look for it. */
    public Optional<Path> openBlas = Optional.empty();

    /** How many threads one operator may use; 0 for OpenMP's default. */
    public int intraOpThreads;

    public List<Path> weights = List.of();
    public boolean copyWeights;
    public boolean allowUnknownWeights;
    public Paging paging = Paging.LAZY;
    public Progress progress = Progress.NONE;

    /** Lower-case hexadecimal digits. */
    public Optional<String> sha256 = Optional.empty();

    public List<Path> opLibraries = List.of();
    public boolean trustOperators;
    public Optional<Path> compiler = Optional.empty();
    public Optional<Path> includes = Optional.empty();
    public Optional<Device> device = Optional.empty();

    /** Null if nobody listens. */
    public RunListener listener;

    public long uploadMemory = 128L << 20;

    /** Bytes of private memory; empty for that of the process: a system property, or none. */
    public OptionalLong memoryLimit = OptionalLong.empty();

    public boolean checkIndices = !"false".equals(System.getProperty("aoti.check.indices"));

    /** Whether sizes may be 0 where export has only assumed that they are not. */
    public boolean allowEmptyInputs;

    /** Returns a changed copy. */
    public LoadSettings with(Consumer<LoadSettings> change) {
        try {
            LoadSettings copy = (LoadSettings) clone();
            change.accept(copy);
            return copy;
        } catch (CloneNotSupportedException e) {
            throw new AssertionError("this can be cloned", e);
        }
    }
}
