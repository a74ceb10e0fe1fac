/**
 * Packages of source only ({@code package_cpp_only}): what compiles them, and packages the result.
 */
package io.github.aoti4j.internal.compile;
