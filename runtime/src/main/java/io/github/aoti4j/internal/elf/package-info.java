/** Reads and edits ELF libraries. */
package io.github.aoti4j.internal.elf;
