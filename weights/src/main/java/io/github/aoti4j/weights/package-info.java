/** Named tensors that stay in the files where they lie. */
package io.github.aoti4j.weights;
