/** The index of a zip archive, checked before anything of it is used. */
package io.github.aoti4j.weights.zip;
