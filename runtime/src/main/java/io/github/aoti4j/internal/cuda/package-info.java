/** CUDA devices: which there are, and the order in which their work reads and writes memory. */
package io.github.aoti4j.internal.cuda;
