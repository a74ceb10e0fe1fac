/** What the generated wrapper source states about inputs and constants. */
package io.github.aoti4j.internal.wrapper;
