/** The constants of a loaded model: matching, attaching, updating. */
package io.github.aoti4j.internal.constants;
