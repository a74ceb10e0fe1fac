/** CUDA's driver, its runtime, and what libtorch has for it. */
package io.github.aoti4j.bindings.cuda;
