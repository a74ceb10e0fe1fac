/** The built-in engine's tensors: native records, and the memory that they share. */
package io.github.aoti4j.internal.builtin.tensor;
