package io.github.aoti4j.internal.compile;

import io.github.aoti4j.core.PackageException;
import io.github.aoti4j.weights.mapped.Json;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The flags that a package wants its source compiled or linked with: {@code
 * <stem>_compile_flags.json} and {@code <stem>_linker_flags.json}, as {@code
 * BuildOptionsBase.save_flags_to_json} in {@code torch/_inductor/cpp_builder.py} writes them.
 *
 * <p>They come from a file, so only those that say how code is generated are allowed. Flags that
 * could make the compiler run another program, read or write files of the package's choice, or
 * search other folders are refused: {@code -o}, {@code @file}, {@code -B}, {@code -specs}, {@code
 * -wrapper}, {@code -fplugin}, {@code -Xlinker}, {@code -include}, … Include and library folders
 * are ignored: those of the libtorch in use replace them.
 *
 * @param compiler the compiler that PyTorch would have used, such as {@code g++}
 * @param arguments definitions and code generation, each an argument of its own
 * @param libraries what to link with, without {@code lib} and {@code .so}
 */
record CompilerFlags(String compiler, List<String> arguments, List<String> libraries) {
    private static final String NAME = "[A-Za-z_][A-Za-z0-9_]*";
    private static final String VALUE = "=[A-Za-z0-9+_.,-]*";

    private static final Pattern DEFINITION = Pattern.compile(NAME + "(=[A-Za-z0-9_+.:-]*)?");

    /** Flags that are safe beside any others. */
    private static final List<Pattern> ALLOWED =
            List.of(
                    Pattern.compile("-O([0-3sgz]|fast)?"),
                    Pattern.compile("-g([0-3]|line-tables-only)?"),
                    Pattern.compile("-[DU]" + NAME + "(=[A-Za-z0-9_+.:-]*)?"),
                    Pattern.compile("-m(?!llvm)[A-Za-z0-9][A-Za-z0-9.+_-]*(" + VALUE + ")?"),
                    Pattern.compile("-fno-[a-z][a-z0-9-]*"),
                    Pattern.compile("-f[A-Za-z][A-Za-z0-9-]*"),
                    Pattern.compile(
                            "-f(fp-contract|fp-model|excess-precision|visibility|openmp|lto|veclib"
                                    + "|bracket-depth|template-depth|constexpr-[a-z-]+|max-errors"
                                    + "|error-limit|inline-limit|tls-model|abi-version"
                                    + "|random-seed|cf-protection|message-length)"
                                    + VALUE),
                    Pattern.compile("-W[a-z][A-Za-z0-9+-]*(=[A-Za-z0-9+-]*)?"),
                    Pattern.compile("-std=(c|gnu)\\+\\+[0-9a-z]+"),
                    Pattern.compile("-stdlib=lib(std)?c\\+\\+"),
                    Pattern.compile("-(pedantic|pedantic-errors|pthread|shared|c|w|pipe)"),
                    Pattern.compile("-static-lib(stdc\\+\\+|gcc)"),
                    Pattern.compile("-Wl,--(no-)?(as-needed|undefined|gc-sections)"),
                    Pattern.compile("-Wl,-z,(no)?(now|relro|execstack|defs|text)"));

    /** Of {@code -f}, those that name files or programs, or add output; without {@code no-}. */
    private static final Pattern FORBIDDEN =
            Pattern.compile(
                    "-f(plugin|pass-plugin|load|dump|profile|auto-profile|branch-prob|save|opt-info"
                        + "|module|header|test-cov|coverage|time|stack-usage|callgraph|offload|pch"
                        + "|self-test|compare-debug|diagnostics|sarif|syntax-only|emit|split"
                        + "|directives|preprocessed|working|file|macro|debug|embed|proc|crash"
                        + "|use-ld|ld|integrated|sycl|cs-|dep|report|verbose|wpa|ltrans|resolution|repo|ada|go-)"
                        + ".*");

    private static final Set<String> LIBRARIES =
            Set.of(
                    "torch torch_cpu c10 gomp omp iomp5 stdc++ gcc_s m pthread dl rt c atomic"
                            .split(" "));

    /**
     * Reads an entry; throws if it is not what PyTorch writes, or has a flag that is not allowed.
     */
    static CompilerFlags parse(String json, Path path, String entry) {
        return new Reader(path, entry).read(json);
    }

    private record Reader(Path path, String entry) {
        CompilerFlags read(String json) {
            JsonNode root;
            try {
                root = Json.tree(json);
            } catch (JacksonException e) {
                throw bad("is not JSON: " + e.getOriginalMessage());
            }
            if (!root.isObject()) {
                throw bad("is not a JSON object");
            }
            List<String> arguments = new ArrayList<>();
            for (String definition : strings(root, "definitions")) {
                String stripped = definition.strip();
                if (!DEFINITION.matcher(stripped).matches()) {
                    throw refused("-D " + definition);
                }
                arguments.add("-D" + stripped);
            }
            for (String flag : strings(root, "cflags")) {
                arguments.addAll(words("-" + flag));
            }
            for (String words : strings(root, "passthrough_args")) {
                arguments.addAll(words(words));
            }
            for (String flag : strings(root, "ldflags")) {
                arguments.addAll(words("-" + flag));
            }
            List<String> libraries = strings(root, "libraries");
            for (String library : libraries) {
                if (!LIBRARIES.contains(library)) {
                    throw refused("-l" + library);
                }
            }
            return new CompilerFlags(
                    root.path("compiler").asString(""), List.copyOf(arguments), libraries);
        }

        private List<String> strings(JsonNode root, String field) {
            JsonNode values = root.path(field);
            if (values.isMissingNode() || values.isNull()) {
                return List.of();
            }
            if (!values.isArray() || !values.valueStream().allMatch(JsonNode::isString)) {
                throw bad("has a field " + field + " that is not a list of strings");
            }
            return values.valueStream().map(JsonNode::stringValue).toList();
        }

        /** PyTorch writes for a shell's command line: a string may have several words. */
        private List<String> words(String text) {
            List<String> words = text.isBlank() ? List.of() : List.of(text.strip().split("\\s+"));
            for (String word : words) {
                if (ALLOWED.stream().noneMatch(p -> p.matcher(word).matches())
                        || FORBIDDEN.matcher(word).matches()) {
                    throw refused(word);
                }
            }
            return words;
        }

        private PackageException refused(String flag) {
            String shown = flag.replaceAll("[^ -~]", "?");
            return bad(
                    "asks for the compiler flag \"%s\", which is not among those that only say how code is generated; package the model again without it"
                            .formatted(shown.length() > 200 ? shown.substring(0, 200) : shown));
        }

        private PackageException bad(String problem) {
            return new PackageException(path, "entry " + entry + " " + problem);
        }
    }
}
