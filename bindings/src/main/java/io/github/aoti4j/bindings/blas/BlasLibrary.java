package io.github.aoti4j.bindings.blas;

import io.github.aoti4j.bindings.os.NativeLibrary;

/**
 * What the search for OpenBLAS came to.
 *
 * @param library null if there is none
 * @param description which it is, or why there is none
 * @param own whether nothing else of the process had loaded it before
 */
record BlasLibrary(NativeLibrary library, String description, boolean own) {}
