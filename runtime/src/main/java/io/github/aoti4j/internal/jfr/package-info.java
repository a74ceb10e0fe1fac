/** Flight Recorder events of models. */
package io.github.aoti4j.internal.jfr;
