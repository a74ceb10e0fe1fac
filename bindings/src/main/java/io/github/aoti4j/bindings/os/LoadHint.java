package io.github.aoti4j.bindings.os;

/** What to do about the dynamic loader's common errors. */
public final class LoadHint {
    private LoadHint() {}

    /** Returns a hint to append to a message, empty if there is none. */
    public static String of(String dlerror) {
        if (dlerror.contains("libstdc++.so.6: cannot open")) {
            return "; install the system's C++ runtime (libstdc++6 on Debian and Ubuntu, libstdc++"
                    + " on Fedora)";
        }
        if (dlerror.contains("failed to map segment")) {
            return "; its file system may be mounted noexec (-Daoti.cache=DIR unpacks to another)";
        }
        if (dlerror.contains("version `GLIBC")) {
            return "; this libtorch was built for a newer system: use an older one, or a newer"
                    + " system";
        }
        if (dlerror.contains("cannot open shared object file")) {
            return "; its folder has to hold that library too, or the system has to";
        }
        return "";
    }
}
