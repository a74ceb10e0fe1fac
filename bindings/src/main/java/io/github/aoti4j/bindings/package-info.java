/** The kernel over the generated bindings: open a library, find a symbol, call it. */
package io.github.aoti4j.bindings;
