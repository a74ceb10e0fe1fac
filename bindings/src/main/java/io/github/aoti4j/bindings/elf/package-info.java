/** Reads shared libraries as files: machine, symbols, needs. */
package io.github.aoti4j.bindings.elf;
