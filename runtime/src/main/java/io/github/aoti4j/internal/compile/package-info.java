/** Compiles packages that hold only source. */
package io.github.aoti4j.internal.compile;
