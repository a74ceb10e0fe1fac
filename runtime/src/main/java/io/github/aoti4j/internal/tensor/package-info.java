/** Shapes, strided copies, 16-bit floats, native tensors. */
package io.github.aoti4j.internal.tensor;
