/** AOTInductor packages as archives or folders: models, metadata and weights. */
package io.github.aoti4j.weights.pt2;
