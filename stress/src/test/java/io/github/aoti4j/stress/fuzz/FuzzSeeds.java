package io.github.aoti4j.stress.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.aoti4j.testing.Checkout;
import io.github.aoti4j.testing.TestFiles;
import io.github.aoti4j.testing.TestPickle;
import io.github.aoti4j.testing.TestZip;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/** Small good files: those that tests make, and what PyTorch wrote, without the large payloads. */
public final class FuzzSeeds {
    /** Weights are files themselves; libraries and sources are never looked into here. */
    private static final int MAX_PAYLOAD = 4000;

    private FuzzSeeds() {}

    public static List<byte[]> packages() throws IOException {
        var seeds = new ArrayList<byte[]>();
        seeds.add(likeToday());
        seeds.add(likeEarlier());
        seeds.add(withForeignEntries());
        seeds.add(TestFiles.packageWithWeights(TestFiles.WEIGHTS_CONFIG).build());
        seeds.add(TestFiles.packageWithBlob().build());
        for (String fixture : List.of("mlp/mlp", "weights_mlp/disk", "weights_mlp/blob")) {
            seeds.add(withoutPayloads(Checkout.fixtures().resolve(fixture + ".pt2")));
        }
        return seeds;
    }

    private static byte[] withoutPayloads(Path path) throws IOException {
        var small = TestZip.likePyTorch();
        try (var zip = new ZipFile(path.toFile())) {
            for (var entry : zip.stream().toList()) {
                byte[] payload = zip.getInputStream(entry).readNBytes(MAX_PAYLOAD + 1);
                small.add(
                        entry.getName(),
                        payload.length > MAX_PAYLOAD ? new byte[8] : payload,
                        e -> {});
            }
        }
        return small.build();
    }

    public static List<byte[]> torchSaves() throws IOException {
        var seeds = new ArrayList<byte[]>();
        seeds.add(TestFiles.torchSave());
        for (Path file : Checkout.fixtures(".pt", 10_000)) {
            seeds.add(Files.readAllBytes(file));
        }
        return seeds;
    }

    public static List<byte[]> zips() throws IOException {
        var seeds = packages();
        seeds.addAll(torchSaves());
        return seeds;
    }

    public static List<byte[]> safetensors() throws IOException {
        var seeds = new ArrayList<byte[]>();
        for (Path file : Checkout.fixtures(".safetensors", 600)) {
            seeds.add(Files.readAllBytes(file));
        }
        return seeds;
    }

    public static List<byte[]> metadata() throws IOException {
        return entries("_metadata.json", "mlp/mlp", "add_one/add_one");
    }

    public static List<byte[]> weightsConfigs() throws IOException {
        var seeds = entries("weights_config.json", "weights_mlp/disk");
        seeds.add(TestFiles.WEIGHTS_CONFIG.getBytes(UTF_8));
        return seeds;
    }

    public static List<byte[]> pickles() throws IOException {
        var seeds = new ArrayList<byte[]>();
        seeds.add(pickle());
        for (Path file : Checkout.fixtures(".pt", 10_000)) {
            try (var zip = new ZipFile(file.toFile())) {
                for (var entry : zip.stream().toList()) {
                    if (entry.getName().endsWith("/data.pkl")) {
                        seeds.add(zip.getInputStream(entry).readAllBytes());
                    }
                }
            } catch (ZipException e) {
                seeds.add(Files.readAllBytes(file)); // torch.save before zips
            }
        }
        return seeds;
    }

    private static List<byte[]> entries(String suffix, String... fixtures) throws IOException {
        var seeds = new ArrayList<byte[]>();
        for (String fixture : fixtures) {
            var path = Checkout.fixtures().resolve(fixture + ".pt2");
            try (var zip = new ZipFile(path.toFile())) {
                for (var entry : zip.stream().toList()) {
                    if (entry.getName().endsWith(suffix)) {
                        seeds.add(zip.getInputStream(entry).readAllBytes());
                    }
                }
            }
        }
        return seeds;
    }

    /** Every kind of value that torch.save writes. */
    private static byte[] pickle() {
        return TestPickle.protocol2()
                .orderedDict()
                .op('q')
                .op(0)
                .op('(')
                .text("w")
                .floats("0", 12, 2, new long[] {2, 3}, new long[] {1, 3})
                .text("u")
                .v3("uint16", "0", 48, new long[] {4, 2}, new long[] {2, 1})
                .text("p")
                .global("torch._utils", "_rebuild_parameter")
                .tuple(p -> p.floats("0", 12).op(0x88).orderedDict())
                .op('R')
                .text("steps")
                .op(']')
                .number(3)
                .op('a')
                .op('u')
                .items(d -> d.text("_metadata").items(m -> m.text("version").number(70000)))
                .op('b')
                .stop();
    }

    private static byte[] likeToday() {
        String model = "m/data/aotinductor/model/w.wrapper";
        return TestZip.likePyTorch()
                .add(model + ".cpp", "int main() {}")
                .add(model + "_metadata.json", "{\"AOTI_DEVICE_KEY\": \"cpu\"}")
                .add(model + ".so", "not really a library")
                .add(model + "_weights.blob", "0123456789")
                .add("m/archive_format", "pt2")
                .add("m/archive_version", "0")
                .add("m/byteorder", "little")
                .build();
    }

    private static byte[] likeEarlier() {
        return new TestZip()
                .add("version", "0")
                .add("archive_format", "pt2")
                .add("data/aotinductor/model/abc.so", "library")
                .add("data/aotinductor/model/abc_metadata.json", "{}")
                .build();
    }

    private static byte[] withForeignEntries() {
        return TestZip.likePyTorch()
                .add("r/", "")
                .add("r/data/aotinductor/a/b.so", "library", e -> e.zip64 = true)
                .add("r/x", "y", e -> e.described(TestZip.Descriptor.LONG))
                .end(end -> end.comment = "a comment")
                .build();
    }
}
