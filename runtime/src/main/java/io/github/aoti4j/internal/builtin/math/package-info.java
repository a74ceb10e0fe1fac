/** The built-in engine's operators. */
package io.github.aoti4j.internal.builtin.math;
