/** OpenBLAS and OpenMP's run-time library: finds, opens and calls them. */
package io.github.aoti4j.bindings.blas;
