package io.github.aoti4j.libtorch;

import io.github.aoti4j.bindings.natives.NativeResource;
import io.github.aoti4j.bindings.os.Platform;
import io.github.aoti4j.core.Progress;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The folder that JavaCPP unpacks its natives to, {@code ~/.javacpp/cache} unless it is told
 * otherwise.
 *
 * <p>Where JavaCPP's PyTorch is on the class path beside the natives, the application may use it
 * after aoti4j. It then opens {@code libtorch_cpu.so} by the path in this folder. The dynamic
 * loader takes another file for another library, even with the same contents, and a second libtorch
 * ends the process: of its 819 unique symbols ({@code STB_GNU_UNIQUE}), which ignore {@code
 * RTLD_LOCAL}, 792 bind to the first copy, the operator dispatcher among them. So aoti4j has
 * JavaCPP unpack the natives and opens the same files.
 */
final class JavaCppCache {
    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    /** The class whose initialization loads JavaCPP's PyTorch. */
    static final String API = "org/bytedeco/pytorch/global/torch.class";

    private static final String MESSAGE = "having JavaCPP unpack libtorch";

    private JavaCppCache() {}

    /** Returns whether an application can use JavaCPP's PyTorch. */
    static boolean isUsed(ClassLoader loader) {
        return loader.getResource(API) != null;
    }

    /** Returns whether a folder looks like that of JavaCPP's natives. */
    static boolean contains(Path folder) {
        return folder.endsWith(Path.of("org", "bytedeco", "pytorch", Platform.CLASSIFIER));
    }

    /**
     * Has JavaCPP unpack natives, as it does before it loads them. Returns the folder that holds
     * libtorch and, as links, what it needs from other jars; empty if JavaCPP cannot do it, or if
     * others may write to the files.
     */
    static Optional<Path> unpack(
            ClassLoader loader, List<NativeResource> natives, Progress progress) {
        try {
            return Optional.of(unpackAll(loader, natives, progress));
        } catch (IOException | ReflectiveOperationException | LinkageError e) {
            Throwable cause =
                    e instanceof InvocationTargetException wrapper ? wrapper.getCause() : e;
            LOG.log(
                    System.Logger.Level.WARNING,
                    "JavaCPP does not unpack the libtorch on the class path (%s); aoti4j uses a copy of its own. %s"
                            .formatted(cause, RivalEngines.JAVACPP_ADVICE));
            return Optional.empty();
        }
    }

    private static Path unpackAll(
            ClassLoader loader, List<NativeResource> natives, Progress progress)
            throws IOException, ReflectiveOperationException {
        Class<?> javaCpp = Class.forName("org.bytedeco.javacpp.Loader", true, loader);
        Method cacheResource = javaCpp.getMethod("cacheResource", URL.class);
        Path cache = ((File) javaCpp.getMethod("getCacheDir").invoke(null)).toPath();
        Progress listener = Progress.NONE;
        if (isNew(cache, natives)) {
            LOG.log(System.Logger.Level.INFO, MESSAGE + " into its cache at " + cache);
            listener = progress;
        }
        long total = natives.stream().mapToLong(NativeResource::size).sum();
        long done = 0;
        List<Path> files = new ArrayList<>();
        for (NativeResource resource : natives) {
            listener.update(MESSAGE, done, total);
            Path file = ((File) cacheResource.invoke(null, resource.url())).toPath();
            requireSound(file, resource.size());
            files.add(file);
            done += resource.size();
        }
        listener.update(MESSAGE, total, total);
        Path folder =
                files.stream()
                        .filter(file -> file.endsWith(LibTorchLocation.LIBRARY))
                        .findFirst()
                        .orElseThrow()
                        .getParent();
        for (Path file : files) {
            if (!file.getParent().equals(folder)) {
                link(folder.resolve(file.getFileName()), file);
            }
        }
        return folder;
    }

    /** Returns whether JavaCPP has yet to unpack libtorch, as far as one can see. */
    private static boolean isNew(Path cache, List<NativeResource> natives) throws IOException {
        for (NativeResource resource : natives) {
            if (resource.name().equals(LibTorchLocation.LIBRARY)
                    && resource.url().openConnection() instanceof JarURLConnection connection) {
                Path jar = Path.of(connection.getJarFileURL().getPath()).getFileName();
                return !Files.exists(cache.resolve(jar).resolve(connection.getEntryName()));
            }
        }
        return false;
    }

    /** Makes the link that JavaCPP makes, too, when it loads its JNI library. */
    private static void link(Path link, Path file) throws IOException {
        try {
            Files.createSymbolicLink(link, file);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isSameFile(link, file)) {
                throw new IOException(link + " is not " + file, e);
            }
        }
    }

    /** JavaCPP's substitute for a home folder is one with a known name among temporary files. */
    private static void requireSound(Path file, long size) throws IOException {
        Path folder = file.getParent();
        if (Files.size(file) != size
                || !isOwn(file)
                || !isOwn(folder)
                || Files.getPosixFilePermissions(folder)
                        .contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new IOException(file + " is not this user's alone, or damaged");
        }
    }

    private static boolean isOwn(Path file) throws IOException {
        int owner = (int) Files.getAttribute(file, "unix:uid");
        return owner == 0 || owner == Platform.userId();
    }
}
