package io.github.aoti4j.jmh;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;

import io.github.aoti4j.testing.ExportedPackages;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

/** Benchmarks measure what users can call. */
class ArchitectureTest {
    private static final String ROOT = "io.github.aoti4j";

    @Test
    void benchmarksUseWhatUsersMayUse() {
        List<String> allowed = new ArrayList<>(ExportedPackages.all());
        assertTrue(allowed.contains(ROOT), allowed::toString);
        allowed.add(ROOT + ".jmh..");
        allowed.add(ROOT + ".testing");
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".jmh..")
                .should()
                .dependOnClassesThat(
                        resideInAPackage(ROOT + "..")
                                .and(resideOutsideOfPackages(allowed.toArray(String[]::new))))
                .check(
                        new ClassFileImporter()
                                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                                .importPackages(ROOT + ".jmh"));
    }
}
