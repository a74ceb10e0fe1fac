/**
 * PyTorch's TreeSpecs: what the arguments and results of a model's {@code forward} look like, and
 * the way between nested Java values and flat leaves. Knows nothing of tensors.
 */
package io.github.aoti4j.internal.callspec;
