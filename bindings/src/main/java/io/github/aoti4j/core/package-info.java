/**
 * What all modules share: element types, the exceptions that every failure comes out as, and who
 * hears of progress.
 */
package io.github.aoti4j.core;
