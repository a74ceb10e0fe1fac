/** Operators that a model calls through the dispatcher, native or written in Java. */
package io.github.aoti4j.internal.operators;
