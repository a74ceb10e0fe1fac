/**
 * Loads PyTorch AOTInductor packages and runs them.
 *
 * <p>Methods that use native code check the stack of their thread before they begin: a run needs
 * 144 KiB, loading, updating and operators 192 KiB, closing 128 KiB, of which the JVM keeps 96 KiB
 * for itself. With less, they throw {@link StackOverflowError} and have changed nothing, on
 * platform and virtual threads alike. An arena that is closed with less frees the native memory of
 * outputs a moment later, when the next arena or model is closed.
 */
package io.github.aoti4j;
