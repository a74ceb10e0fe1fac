/**
 * What happens between a package and its running container: parsing, checks before dlopen, caches.
 */
package io.github.aoti4j.internal;
