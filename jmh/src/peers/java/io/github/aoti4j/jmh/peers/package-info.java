/**
 * The Java peers, each with native libraries of its own. Only one libtorch fits into a process, so
 * no benchmark here may touch ours, and each runs in a fork of its own.
 */
package io.github.aoti4j.jmh.peers;
