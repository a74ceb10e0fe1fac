/** The shared library that stands for libtorch: written, opened, and bound to functions. */
package io.github.aoti4j.bindings.stub;
