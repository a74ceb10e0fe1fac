/** Checks a run's inputs against what the package states. */
package io.github.aoti4j.internal.inputs;
