/**
 * CUDA devices: which there are, and in which order their work reads and writes memory. Nothing in
 * here is touched by models on the CPU.
 */
package io.github.aoti4j.internal.cuda;
