/** Runs, failures, latency, waits, loads and memory of models as meters of Micrometer. */
package io.github.aoti4j.micrometer;
