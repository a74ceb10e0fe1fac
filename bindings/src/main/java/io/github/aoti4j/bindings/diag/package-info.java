/** Flight Recorder events of loading, and reports of objects that were not closed. */
package io.github.aoti4j.bindings.diag;
