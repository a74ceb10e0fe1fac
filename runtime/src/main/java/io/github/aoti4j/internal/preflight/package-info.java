/** What a package requires of this machine, and whether that is there. */
package io.github.aoti4j.internal.preflight;
