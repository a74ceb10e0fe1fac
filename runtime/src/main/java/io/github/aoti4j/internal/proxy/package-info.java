/**
 * Operators that a model calls through PyTorch's dispatcher, and operators written in Java:
 * schemas, the values that pass between Java and the dispatcher, the executor that a model calls.
 */
package io.github.aoti4j.internal.proxy;
