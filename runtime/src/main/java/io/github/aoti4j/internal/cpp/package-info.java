/** Reads generated C++: tokens, and expressions over the inputs' sizes. */
package io.github.aoti4j.internal.cpp;
