/** Reference counts, and closing several things without losing a failure. */
package io.github.aoti4j.internal.lifecycle;
