package io.github.aoti4j.bindings.blas;

import java.nio.file.Path;

/**
 * Where an OpenBLAS was found.
 *
 * @param origin a few words for messages
 * @param named whether the user has named the place, so that a failure there is an error
 */
record BlasLocation(Path library, String origin, boolean named) {}
