/** Finds libtorch, unpacks the embedded one, and loads it once for the process. */
package io.github.aoti4j.bindings.libtorch;
