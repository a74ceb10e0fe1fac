/** The native model container, and the permits and slots of its runs. */
package io.github.aoti4j.internal.container;
