/** The functions that a compiled model exports, called by address. */
package io.github.aoti4j.bindings.model;
