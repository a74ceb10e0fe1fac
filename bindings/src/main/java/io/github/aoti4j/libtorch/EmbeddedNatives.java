package io.github.aoti4j.libtorch;

import io.github.aoti4j.bindings.os.Platform;
import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.Progress;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.zip.CRC32;

/**
 * The libtorch on the class path: natives that JavaCPP's presets publish as Maven artifacts, of
 * which nothing else is used.
 *
 * <p>The presets' {@code libgcc_s.so.1} is left alone: libtorch needs the system's {@code
 * libstdc++.so.6}, which brings the {@code libgcc_s.so.1} that fits it.
 */
final class EmbeddedNatives {
    /** The Maven coordinates that are known to work together. */
    static final List<String> ARTIFACTS =
            List.of(
                    "org.bytedeco:pytorch:2.10.0-1.5.13:" + Platform.CLASSIFIER,
                    "org.bytedeco:openblas:0.3.31-1.5.13:" + Platform.CLASSIFIER);

    private static final String TORCH_FOLDER = "org/bytedeco/pytorch/" + Platform.CLASSIFIER + "/";
    private static final String BLAS_FOLDER = "org/bytedeco/openblas/" + Platform.CLASSIFIER + "/";

    /** Exists if there is an embedded libtorch. */
    static final String MAIN_RESOURCE = TORCH_FOLDER + LibTorchLocation.LIBRARY;

    private static final String POM = "META-INF/maven/org.bytedeco/pytorch/pom.properties";

    private static final List<String> RESOURCES =
            List.of(
                    TORCH_FOLDER + "libgomp.so.1",
                    TORCH_FOLDER + "libc10.so",
                    MAIN_RESOURCE,
                    BLAS_FOLDER + "libquadmath.so.0",
                    BLAS_FOLDER + "libgfortran.so.5",
                    BLAS_FOLDER + "libopenblas.so.0");

    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    private final ClassLoader loader;

    private final String version;

    private final List<NativeResource> resources;

    private EmbeddedNatives(ClassLoader loader, String version, List<NativeResource> resources) {
        this.loader = loader;
        this.version = version;
        this.resources = resources;
    }

    static boolean isPresent(List<ClassLoader> loaders) {
        return loaders.stream().anyMatch(loader -> loader.getResource(MAIN_RESOURCE) != null);
    }

    /**
     * Looks for the natives without reading them, in the first class loader that has libtorch;
     * empty if none has.
     *
     * @throws IncompatibleModelException if a part is missing
     */
    static Optional<EmbeddedNatives> find(List<ClassLoader> loaders) {
        for (ClassLoader loader : loaders) {
            if (loader.getResource(MAIN_RESOURCE) != null) {
                try {
                    return Optional.of(
                            new EmbeddedNatives(loader, version(loader), resources(loader)));
                } catch (IOException e) {
                    throw new IncompatibleModelException(
                            "the libtorch on the class path cannot be read: " + e, e);
                }
            }
        }
        return Optional.empty();
    }

    /**
     * Returns a folder with all the libraries, and unpacks them if no process has done so before.
     * If the application can use JavaCPP's PyTorch, JavaCPP unpacks them into its own folder.
     */
    Path unpack(UserCache cache, Progress progress) {
        if (JavaCppCache.isUsed(loader)) {
            Optional<Path> shared = JavaCppCache.unpack(loader, resources, progress);
            if (shared.isPresent()) {
                return shared.get();
            }
        }
        Map<String, Long> sizes = new LinkedHashMap<>();
        for (NativeResource resource : resources) {
            sizes.put(resource.name(), resource.size());
        }
        return cache.folder(folderName(), sizes, folder -> copyTo(folder, progress));
    }

    private void copyTo(Path folder, Progress progress) throws IOException {
        long total = resources.stream().mapToLong(NativeResource::size).sum();
        String message = "unpacking libtorch" + (version.isEmpty() ? "" : " " + version);
        LOG.log(
                System.Logger.Level.INFO,
                "%s (%d MB) from its jars into %s; later starts use that copy"
                        .formatted(message, total / 1_000_000, folder.getParent()));
        progress.update(message, 0, total);
        long[] done = {0};
        for (NativeResource resource : resources) {
            resource.copyTo(
                    folder.resolve(resource.name()),
                    n -> {
                        done[0] += n;
                        progress.update(message, done[0], total);
                    });
        }
    }

    /** Names the version, and identifies the content by what the jars say of it. */
    private String folderName() {
        CRC32 crc = new CRC32();
        for (NativeResource resource : resources) {
            String line = resource.name() + " " + resource.size() + " " + resource.stamp() + "\n";
            crc.update(line.getBytes(StandardCharsets.UTF_8));
        }
        return "libtorch/%s%s%08x".formatted(version, version.isEmpty() ? "" : "-", crc.getValue());
    }

    private static List<NativeResource> resources(ClassLoader loader) throws IOException {
        List<NativeResource> found = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        for (String resource : RESOURCES) {
            URL url = loader.getResource(resource);
            if (url == null) {
                missing.add(resource);
            } else {
                found.add(
                        NativeResource.at(resource.substring(resource.lastIndexOf('/') + 1), url));
            }
        }
        if (!missing.isEmpty()) {
            throw new IncompatibleModelException(
                    "the libtorch on the class path is incomplete: there is %s, but not %s; put both Maven artifacts on the class path: %s"
                            .formatted(
                                    MAIN_RESOURCE,
                                    String.join(", ", missing),
                                    String.join(" and ", ARTIFACTS)));
        }
        return found;
    }

    /** Returns the Maven version, empty if the jars do not state it. */
    private static String version(ClassLoader loader) throws IOException {
        URL pom = loader.getResource(POM);
        if (pom == null) {
            return "";
        }
        try (InputStream in = NativeResource.connect(pom).getInputStream()) {
            var properties = new Properties();
            properties.load(in);
            // It becomes part of a folder's name.
            String version = properties.getProperty("version", "");
            return version.matches("[\\w.-]+") ? version : "";
        }
    }
}
