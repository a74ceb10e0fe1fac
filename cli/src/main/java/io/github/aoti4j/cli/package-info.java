/** The {@code aoti} command. */
package io.github.aoti4j.cli;
