/** Runs the benchmarks against their peers, and writes tables and a chart of the ratios. */
package io.github.aoti4j.jmh.figures;
