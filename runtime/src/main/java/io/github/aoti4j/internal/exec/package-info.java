/** Runs of a loaded model: one for any thread, or on inputs that stay bound. */
package io.github.aoti4j.internal.exec;
