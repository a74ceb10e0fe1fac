/** Scores the rows of Apache Spark's data with models. */
package io.github.aoti4j.spark;
