package io.github.aoti4j.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.net.URL;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

/** The packages that users may see, read from the module descriptors on the class path. */
public final class ExportedPackages {
    private ExportedPackages() {}

    /** Returns the packages of ours that are exported to everybody. */
    public static Set<String> all() {
        try {
            Set<String> exported = new TreeSet<>();
            ClassLoader loader = ExportedPackages.class.getClassLoader();
            for (URL url : Collections.list(loader.getResources("module-info.class"))) {
                try (InputStream in = url.openStream()) {
                    ModuleDescriptor module = ModuleDescriptor.read(in);
                    if (module.name().startsWith("io.github.aoti4j")) {
                        module.exports().stream()
                                .filter(export -> !export.isQualified())
                                .forEach(export -> exported.add(export.source()));
                    }
                }
            }
            return exported;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
