/**
 * Which input elements a model uses as indices, and their ranges, derived from the generated
 * kernels.
 */
package io.github.aoti4j.internal.indices;
