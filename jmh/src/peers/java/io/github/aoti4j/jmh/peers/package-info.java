/**
 * The Java peers, each with native libraries of its own. Only one libtorch fits into a process, so
 * no benchmark here may load that of aoti4j, and each runs in its own fork.
 */
package io.github.aoti4j.jmh.peers;
