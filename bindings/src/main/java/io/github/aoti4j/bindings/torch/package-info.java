/** libtorch's C functions, one static method each. */
package io.github.aoti4j.bindings.torch;
