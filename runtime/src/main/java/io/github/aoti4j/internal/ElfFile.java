package io.github.aoti4j.internal;

/** Placeholder of the skeleton. */
final class ElfFile {
    private ElfFile() {}
}
