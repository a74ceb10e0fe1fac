/** From a package to a loaded model, step by step. */
package io.github.aoti4j.internal.load;
