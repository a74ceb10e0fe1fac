/** Mapped files, and what all readers of weight files share. */
package io.github.aoti4j.weights.mapped;
