/** How the arguments and results of forward map to flat lists of tensors. */
package io.github.aoti4j.internal.callspec;
