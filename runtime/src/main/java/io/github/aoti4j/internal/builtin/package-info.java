/** Runs models without libtorch: answers the functions that they call. */
package io.github.aoti4j.internal.builtin;
