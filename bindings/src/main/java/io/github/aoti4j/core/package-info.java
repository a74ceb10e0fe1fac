/** What all modules share: element types and the exceptions that every failure comes out as. */
package io.github.aoti4j.core;
