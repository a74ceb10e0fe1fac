package io.github.aoti4j.libtorch;

/** Where a libtorch was found; in the order in which places are tried. */
public enum LibTorchOrigin {
    /** The caller named its folder. */
    EXPLICIT("given by the application"),
    /** The system property {@code aoti.libtorch} names its folder. */
    SYSTEM_PROPERTY("-Daoti.libtorch"),
    /** The environment variable {@code AOTI_LIBTORCH} names its folder. */
    ENVIRONMENT("AOTI_LIBTORCH"),
    /**
     * The property or the variable is {@code python}: the one of the {@code python3} on the PATH.
     */
    PYTHON("python3's torch"),
    /** Other code of this process had loaded it before aoti4j was asked to. */
    ALREADY_LOADED("already loaded by other code of this process"),
    /** Natives on the class path or the module path, unpacked. */
    EMBEDDED("natives on the class path"),
    /** A folder for libraries of the system. */
    SYSTEM("system library folders");

    private final String description;

    LibTorchOrigin(String description) {
        this.description = description;
    }

    /** {@return a few words for messages, such as {@code natives on the class path}} */
    public String description() {
        return description;
    }
}
