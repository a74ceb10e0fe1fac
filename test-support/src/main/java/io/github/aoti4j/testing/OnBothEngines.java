package io.github.aoti4j.testing;

import org.junit.jupiter.api.Tag;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a test, or a class of tests, that the build runs twice: on libtorch, and on the built-in
 * engine ({@code -Daoti.engine=built-in}). Where it loads libtorch on the first, it has {@link
 * NeedsLibTorch} beside this.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Tag("engines")
public @interface OnBothEngines {}
