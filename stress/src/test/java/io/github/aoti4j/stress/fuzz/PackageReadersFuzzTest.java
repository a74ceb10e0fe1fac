package io.github.aoti4j.stress.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.aoti4j.CallSpecFuzz;
import io.github.aoti4j.bindings.elf.ElfFile;
import io.github.aoti4j.internal.compile.CompilerFlagsFuzz;
import io.github.aoti4j.internal.indices.IndexChecksTest;
import io.github.aoti4j.internal.indices.KernelText;
import io.github.aoti4j.internal.operators.ProxyFuzz;
import io.github.aoti4j.internal.wrapper.WrapperFixtures;
import io.github.aoti4j.internal.wrapper.WrapperSource;
import io.github.aoti4j.testing.Checkout;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.ZipFile;

/** Attacks the readers of what a package says of its model. */
public class PackageReadersFuzzTest extends FuzzedReaders {
    private static final String WRAPPER = ".wrapper.cpp";

    /** What the lines of a source have in them that are looked at. */
    private static final Pattern TELLING =
            Pattern.compile(
                    "AOTInductorModelBase|(inputs|outputs|constants)_info_\\[|(in|out)_spec_|_expected_|ConstantHandle|_(size|stride)\\[|run_impl|inputs\\.clear|int64_t"
                        + " s|std::move\\((inputs|cubin)|aoti_torch_item|aoti_torch_proxy|assert_size|constants_->|data_ptr|extern"
                        + " \"C\"|#pragma|TORCH_CHECK|Compile cmd|R\"\\(");

    @Override
    protected List<FuzzTarget> targets() {
        return List.of(
                FuzzTarget.of(
                        "elf", PackageReadersFuzzTest::libraries, PackageReadersFuzzTest::readElf),
                CallSpecFuzz.target(PackageReadersFuzzTest::specs),
                ProxyFuzz.externNodes(() -> entries(".wrapper.json")),
                ProxyFuzz.schema(),
                SourceFuzz.wrapper(PackageReadersFuzzTest::sources),
                SourceFuzz.uses(PackageReadersFuzzTest::sources),
                SourceFuzz.indices(PackageReadersFuzzTest::lookups),
                SourceFuzz.calls(PackageReadersFuzzTest::sources),
                SourceFuzz.expression(),
                SourceFuzz.cpu(),
                CompilerFlagsFuzz.target(() -> entries("_flags.json")));
    }

    private static List<byte[]> libraries() {
        return List.of(
                TinyLibrary.of(
                        "libtorch.so",
                        List.of("aoti_torch_empty_strided", "strlen"),
                        List.of("AOTInductorModelContainerRun", "b")),
                TinyLibrary.of("libtorch_cpu.so", List.of(), List.of("a")));
    }

    private static void readElf(byte[] input) {
        var elf = ElfFile.read(MemorySegment.ofArray(input), Path.of("m.pt2"), "m/x.wrapper.so");
        elf.machineName();
        elf.needed();
        elf.undefinedSymbols();
        elf.definedSymbols();
        elf.makeLoadable(input.clone(), 0);
    }

    /** The sources without the lines that say nothing: a twentieth. */
    private static List<byte[]> sources() throws IOException {
        var sources = new ArrayList<byte[]>();
        for (byte[] text : entries(WRAPPER)) {
            sources.add(telling(new String(text, UTF_8)).getBytes(UTF_8));
        }
        return sources;
    }

    private static String telling(String source) {
        return source.lines()
                .filter(line -> TELLING.matcher(line).find())
                .collect(Collectors.joining("\n"));
    }

    /** The sources of a few models that look something up, with their kernels. */
    private static List<byte[]> lookups() throws IOException {
        var sources = new ArrayList<byte[]>();
        sources.add(
                (KernelText.kernel(IndexChecksTest.SIMPLE)
                                + KernelText.wrapper(KernelText.call("arg0_1", "arg1_1")))
                        .getBytes(UTF_8));
        for (String name : List.of("embedding", "text", "lookups")) {
            String kernels = new String(WrapperFixtures.entry(name, ".kernel.cpp"), UTF_8);
            String wrapper = new String(WrapperFixtures.entry(name, WRAPPER), UTF_8);
            sources.add((kernels + telling(wrapper)).getBytes(UTF_8));
        }
        return sources;
    }

    private static List<byte[]> specs() throws IOException {
        var specs = new LinkedHashSet<String>();
        for (byte[] text : entries(WRAPPER)) {
            var source = WrapperSource.parse(new String(text, UTF_8)).orElseThrow();
            source.inSpec().ifPresent(specs::add);
            source.outSpec().ifPresent(specs::add);
        }
        return specs.stream().map(spec -> spec.getBytes(UTF_8)).toList();
    }

    /** The entries of the fixtures' packages whose names end so. */
    private static List<byte[]> entries(String suffix) throws IOException {
        var found = new ArrayList<byte[]>();
        for (Path fixture : Checkout.fixtures(".pt2", 1 << 20)) {
            try (var zip = new ZipFile(fixture.toFile())) {
                for (var entry : zip.stream().toList()) {
                    if (entry.getName().endsWith(suffix)) {
                        found.add(zip.getInputStream(entry).readAllBytes());
                    }
                }
            }
        }
        return found;
    }
}
