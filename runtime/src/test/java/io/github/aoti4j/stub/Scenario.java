package io.github.aoti4j.stub;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A test of a process whose libtorch is a stub: a method without parameters of a class that is
 * listed in {@link Scenarios}. Whatever native objects it leaves alive make it fail.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@interface Scenario {}
