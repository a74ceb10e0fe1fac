/** The safetensors format: headers and the index of sharded files. */
package io.github.aoti4j.weights.safetensors;
