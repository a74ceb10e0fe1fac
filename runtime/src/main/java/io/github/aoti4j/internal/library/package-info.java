/** Unpacked copies of models' libraries. */
package io.github.aoti4j.internal.library;
