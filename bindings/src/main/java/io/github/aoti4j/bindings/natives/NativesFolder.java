package io.github.aoti4j.bindings.natives;

import io.github.aoti4j.bindings.os.Platform;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Properties;

/**
 * A folder of the class path that a Maven artifact keeps its libraries in: one of aoti4j's own, or
 * one of JavaCPP's presets, of which nothing else is used.
 *
 * @param path ends with a slash
 * @param project the presets' project; empty in an artifact of aoti4j
 */
public record NativesFolder(String path, String project) {
    /** In an artifact of aoti4j. */
    public static NativesFolder ours(String name) {
        return new NativesFolder(
                "io/github/aoti4j/natives/%s/%s/".formatted(Platform.CLASSIFIER, name), "");
    }

    /** In an artifact of JavaCPP's presets. */
    public static NativesFolder javaCpp(String project) {
        return new NativesFolder(
                "org/bytedeco/%s/%s/".formatted(project, Platform.CLASSIFIER), project);
    }

    /** Returns whether it is one of aoti4j's. */
    public boolean isOurs() {
        return project.isEmpty();
    }

    /** Returns whether a library is in it. */
    public boolean has(ClassLoader loader, String library) {
        return loader.getResource(path + library) != null;
    }

    /**
     * Describes a library without reading it; null if it is not there.
     *
     * @throws IOException if it is one of aoti4j's and has no checksum
     */
    public NativeResource resource(ClassLoader loader, String library) throws IOException {
        URL url = loader.getResource(path + library);
        if (url == null) {
            return null;
        }
        return NativeResource.at(library, url, isOurs() ? checksums(loader, library, url) : null);
    }

    /** Those beside the library: another jar may have other ones. */
    private URL checksums(ClassLoader loader, String library, URL url) throws IOException {
        String place = url.toString();
        String beside = place.substring(0, place.length() - library.length()) + Checksums.FILE;
        return loader.resources(path + Checksums.FILE)
                .filter(found -> found.toString().equals(beside))
                .findFirst()
                .orElseThrow(() -> new IOException("there is no " + beside));
    }

    /** Returns the version of the libraries; empty if the artifact does not state it. */
    public String version(ClassLoader loader) throws IOException {
        String file =
                isOurs()
                        ? path + "VERSION"
                        : "META-INF/maven/org.bytedeco/" + project + "/pom.properties";
        URL url = loader.getResource(file);
        if (url == null) {
            return "";
        }
        try (InputStream in = NativeResource.connect(url).getInputStream()) {
            // It becomes part of a folder's name.
            String version = isOurs() ? text(in) : property(in);
            return version.matches("[\\w.-]+") ? version : "";
        }
    }

    private static String text(InputStream in) throws IOException {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
    }

    private static String property(InputStream in) throws IOException {
        var properties = new Properties();
        properties.load(in);
        return properties.getProperty("version", "");
    }
}
