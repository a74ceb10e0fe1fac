/** The user's cache folder: its entries are complete, shared between processes, and pruned. */
package io.github.aoti4j.cache;
