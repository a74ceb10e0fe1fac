/**
 * Linux and the C library: memory, mappings, dynamic libraries, threads, and what keeps native
 * calls safe.
 */
package io.github.aoti4j.bindings.os;
