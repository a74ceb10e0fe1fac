/** Tensors in memory that CUDA devices use. */
package io.github.aoti4j.internal.device;
