/** Rows of any engine become batches of a model's inputs, and its outputs become rows' values. */
package io.github.aoti4j.batch;
