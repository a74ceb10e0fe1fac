/** What all modules share: element types, devices, exceptions and listeners of progress. */
package io.github.aoti4j.core;
