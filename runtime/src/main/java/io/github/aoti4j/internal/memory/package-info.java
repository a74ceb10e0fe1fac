/** What private memory a model has, and its limit. */
package io.github.aoti4j.internal.memory;
