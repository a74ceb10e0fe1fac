/**
 * The command that measures everything, us and the peers, and writes it down. {@link
 * io.github.aoti4j.jmh.figures.RunFigures} is where to begin.
 */
package io.github.aoti4j.jmh.figures;
