package io.github.aoti4j.bindings.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * What libtorch and compiled models write to standard error. Exceptions say the same (of libtorch
 * before 2.13, part of it), so it is off unless the system property {@value #PROPERTY} is {@code
 * true}.
 *
 * <p>libtorch writes through its log, whose level is an environment variable. A model writes each
 * failure to {@code std::cerr}; its library gets another stream, which discards its input. Other
 * code of the process keeps its standard error.
 *
 * <p>Thread-safe.
 */
public final class NativeOutput {
    public static final String PROPERTY = "aoti.native.output";

    private static final String LOG_LEVEL = "TORCH_CPP_LOG_LEVEL";
    private static final String CERR = "_ZSt4cerr";

    /** {@code c10::initLogging()}. */
    private static final String INIT_LOGGING = "_ZN3c1011initLoggingEv";

    /** {@code std::ostream::ostream(std::streambuf*)}. */
    private static final String NEW_STREAM = "_ZNSoC1EPSt15basic_streambufIcSt11char_traitsIcEE";

    /** More than a {@code std::ostream} takes (272 bytes). */
    private static final long STREAM_SIZE = 1024;

    private static final Object LOCK = new Object();

    /** The stream that discards; null until it is needed. Never freed: models keep its address. */
    private static MemorySegment discarding;

    private NativeOutput() {}

    /** Turns libtorch's log off, or sets the level that the environment names. */
    public static void setLogLevel(NativeLibrary libtorch) {
        if (System.getenv(LOG_LEVEL) == null) {
            if (Boolean.getBoolean(PROPERTY)) {
                return;
            }
            Environment.set(LOG_LEVEL, "FATAL");
        }
        // Python's bindings would call this; without it the variable has no effect.
        libtorch.find(INIT_LOGGING)
                .ifPresent(
                        function -> {
                            long _ = IntegerCall.call(function, 0, 0, 0, 0, 0, 0);
                        });
    }

    /**
     * Replaces {@code std::cerr} in a model's library by a stream that discards its input, if the
     * library has a reference to it.
     */
    public static void silence(NativeLibrary library, MemorySegment function) {
        Optional<MemorySegment> cerr = library.find(CERR);
        Optional<MemorySegment> constructor = library.find(NEW_STREAM);
        if (Boolean.getBoolean(PROPERTY) || cerr.isEmpty() || constructor.isEmpty()) {
            return;
        }
        // Two loads of one library must not write-protect the page from each other.
        synchronized (LOCK) {
            if (discarding == null) {
                MemorySegment stream = Arena.global().allocate(STREAM_SIZE, 16);
                long _ = IntegerCall.call(constructor.get(), stream.address(), 0, 0, 0, 0, 0);
                discarding = stream;
            }
            LoadedElf.at(function)
                    .ifPresent(elf -> elf.rebind(CERR, cerr.get().address(), discarding.address()));
        }
    }
}
