/** Finds libtorch, unpacks the embedded one, and opens it once for the process. */
package io.github.aoti4j.libtorch;
