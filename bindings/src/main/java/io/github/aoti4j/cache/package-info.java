/**
 * The user's cache folder: entries appear whole, are shared between processes, and are pruned by
 * age and size.
 */
package io.github.aoti4j.cache;
