package io.github.aoti4j.bindings.natives;

import io.github.aoti4j.cache.UserCache;
import io.github.aoti4j.core.Progress;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * Libraries on the class path that belong together, and get a folder of the cache.
 *
 * @param what the folder's kind, also for messages, such as {@code libtorch}
 * @param version their version, empty if it is not known
 */
public record ResourceFolder(String what, String version, List<NativeResource> resources) {
    private static final System.Logger LOG = System.getLogger("io.github.aoti4j");

    /** Returns a folder with all the libraries, and unpacks them if no process has done so. */
    public Path unpack(UserCache cache, Progress progress) {
        Map<String, Long> sizes = new LinkedHashMap<>();
        for (NativeResource resource : resources) {
            sizes.put(resource.name(), resource.size());
        }
        return cache.folder(folderName(), sizes, folder -> copyTo(folder, progress));
    }

    private void copyTo(Path folder, Progress progress) throws IOException {
        long total = resources.stream().mapToLong(NativeResource::size).sum();
        String message = "unpacking " + what + (version.isEmpty() ? "" : " " + version);
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
        return "%s/%s%s%08x".formatted(what, version, version.isEmpty() ? "" : "-", crc.getValue());
    }
}
