/** Files that hold tensors, opened by reading their index alone and mapped where they lie. */
package io.github.aoti4j.weights;
