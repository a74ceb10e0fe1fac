/** Loads PyTorch AOTInductor packages and runs them. */
package io.github.aoti4j;
