/** Where native libraries are looked for, and how those on the class path are unpacked. */
package io.github.aoti4j.bindings.natives;
