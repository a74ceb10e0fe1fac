package io.github.aoti4j.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.GeneralCodingRules;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;

import io.github.aoti4j.testing.Checkout;
import io.github.aoti4j.testing.ExportedPackages;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The arrows between packages and modules; docs/dev/architecture.md draws them. */
class ArchitectureTest {
    private static final String ROOT = "io.github.aoti4j";
    private static final String API = ROOT;

    /** Main sources longer than this have more than one subject. */
    private static final int MAX_LINES = 400;

    /** Complete public Javadoc makes these longer. */
    private static final Set<String> LONGER =
            Set.of("Model.java", "ModelOptions.java", "Tensor.java");

    private static JavaClasses all;

    @BeforeAll
    static void readClasses() {
        all =
                new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        .importPackages(ROOT);
        assertTrue(all.contain(ROOT + ".Model"), "the runtime is not among the classes read");
        assertTrue(all.contain(ROOT + ".cli.Main"), "the command is not among the classes read");
    }

    @Test
    void packagesHaveNoCycles() {
        SliceAssignment byPackage =
                new SliceAssignment() {
                    @Override
                    public SliceIdentifier getIdentifierOf(JavaClass type) {
                        return SliceIdentifier.of(type.getPackageName());
                    }

                    @Override
                    public String getDescription() {
                        return "packages";
                    }
                };
        slices().assignedFrom(byPackage).should().beFreeOfCycles().check(all);
    }

    @Test
    void modulesDependInOneDirection() {
        layeredArchitecture()
                .consideringOnlyDependenciesInAnyPackage(ROOT + "..")
                .layer("cli")
                .definedBy(ROOT + ".cli..")
                .layer("integrations")
                .definedBy(ROOT + ".micrometer..")
                .layer("runtime")
                .definedBy(API, ROOT + ".internal..")
                .layer("weights")
                .definedBy(ROOT + ".weights..")
                .layer("bindings")
                .definedBy(ROOT + ".bindings..", ROOT + ".cache..", ROOT + ".libtorch..")
                .layer("core")
                .definedBy(ROOT + ".core..")
                .whereLayer("cli")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("integrations")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("runtime")
                .mayOnlyBeAccessedByLayers("cli", "integrations")
                .whereLayer("weights")
                .mayOnlyBeAccessedByLayers("cli", "runtime")
                .whereLayer("core")
                .mayNotAccessAnyLayer()
                .check(all);
    }

    @Test
    void internalsDoNotKnowThePublicClasses() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".internal..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(API)
                .check(all);
    }

    @Test
    void onlyTheHandWrittenLayerCallsGeneratedBindings() {
        noClasses()
                .that()
                .resideOutsideOfPackages(ROOT + ".bindings..", ROOT + ".libtorch")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT + ".bindings.generated..")
                .check(all);
    }

    @Test
    void theCommandUsesWhatUsersMayUse() {
        Set<String> exported = ExportedPackages.all();
        assertTrue(exported.contains(API), exported::toString);
        assertFalse(exported.contains(ROOT + ".bindings.os"), exported::toString);
        List<String> allowed = new ArrayList<>(exported);
        allowed.add(ROOT + ".cli");
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".cli")
                .should()
                .dependOnClassesThat(
                        JavaClass.Predicates.resideInAPackage(ROOT + "..")
                                .and(
                                        JavaClass.Predicates.resideOutsideOfPackages(
                                                allowed.toArray(String[]::new))))
                .check(all);
    }

    @Test
    void nothingButTheApiIsExported() {
        assertEquals(
                Set.of(
                        ROOT,
                        ROOT + ".core",
                        ROOT + ".libtorch",
                        ROOT + ".micrometer",
                        ROOT + ".weights",
                        ROOT + ".weights.files"),
                ExportedPackages.all());
    }

    @Test
    void nothingPrintsToTheConsoleButTheCommand() {
        noClasses()
                .that()
                .resideOutsideOfPackages(ROOT + ".cli", ROOT + ".bindings.generated..")
                .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS)
                .check(all);
    }

    @Test
    void everyPackageSaysItsSubject() throws IOException {
        List<String> silent = new ArrayList<>();
        for (Path folder : sources().map(Path::getParent).distinct().toList()) {
            Path info = Checkout.root().resolve(folder).resolve("package-info.java");
            if (!folder.endsWith("java")
                    && !(Files.exists(info) && Files.readString(info).startsWith("/**"))) {
                silent.add(folder.toString());
            }
        }
        assertEquals(List.of(), silent, "packages without a package-info.java of one sentence");
    }

    @Test
    void filesHaveOneSubject() throws IOException {
        List<String> longer = new ArrayList<>();
        for (Path file : sources().toList()) {
            int lines = Files.readAllLines(Checkout.root().resolve(file)).size();
            if (lines > MAX_LINES && !LONGER.contains(file.getFileName().toString())) {
                longer.add(file + ": " + lines);
            }
        }
        assertEquals(List.of(), longer, "files of more than " + MAX_LINES + " lines");
    }

    /** The hand-written main sources of all modules, relative to the root of the checkout. */
    private static Stream<Path> sources() throws IOException {
        Path root = Checkout.root();
        List<Path> found = new ArrayList<>();
        try (Stream<Path> modules = Files.list(root);
                Stream<Path> more = Files.list(root.resolve("integrations"))) {
            for (Path module : Stream.concat(modules, more).toList()) {
                Path sources = module.resolve("src/main/java");
                if (Files.isDirectory(sources)) {
                    try (Stream<Path> files = Files.walk(sources)) {
                        files.filter(file -> file.toString().endsWith(".java"))
                                .map(root::relativize)
                                .forEach(found::add);
                    }
                }
            }
        }
        assertTrue(found.size() > 100, "only " + found.size() + " sources found");
        return found.stream();
    }
}
