package io.github.aoti4j.testing;

import org.junit.jupiter.api.Tag;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a test, or a class of tests, that loads libtorch. {@code mvn -Pquick verify} leaves it out,
 * and fails tests that load libtorch without this mark.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Tag("libtorch")
public @interface NeedsLibTorch {}
