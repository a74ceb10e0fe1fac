package io.github.aoti4j.jmh.figures;

/**
 * What one fork measured.
 *
 * @param bytes what a run allocated on the Java heap; NaN if that is not known
 */
record Sample(double nanos, double bytes) {}
