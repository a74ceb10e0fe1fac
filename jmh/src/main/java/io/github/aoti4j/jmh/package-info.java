/** Benchmarks. Each checks that its answers are right before anything is timed. */
package io.github.aoti4j.jmh;
