/** Unpacked copies of models' libraries, and the permission to use native code. */
package io.github.aoti4j.internal.library;
