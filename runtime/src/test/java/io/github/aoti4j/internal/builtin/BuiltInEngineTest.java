package io.github.aoti4j.internal.builtin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.bindings.elf.Elf;
import io.github.aoti4j.bindings.elf.SharedLibraryWriter;
import io.github.aoti4j.bindings.os.NativeLibrary;
import io.github.aoti4j.testing.ChildJvm;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

class BuiltInEngineTest {
    private static final List<String> NEEDED =
            List.of("aoti_torch_empty_strided", "aoti_torch_get_dtype", "memcpy");

    @TempDir private Path folder;

    @Test
    void namesWhatOnlyLibTorchHas() {
        List<String> foreign =
                List.of(
                        "aoti_torch_proxy_executor_call_function",
                        "_ZN3c1013StorageImplD1Ev",
                        "Sleef_lgammaf8_u10",
                        "Sleef_nothing");
        List<String> all = new ArrayList<>(foreign);
        all.addAll(
                List.of(
                        "aoti_torch_empty_strided",
                        "aoti_torch_get_dtype",
                        "aoti_torch_check",
                        "Sleef_expf8_u10",
                        "GOMP_parallel",
                        "omp_get_num_threads",
                        "memcpy",
                        "expf",
                        "__cxa_begin_catch",
                        "_Unwind_Resume",
                        "__tls_get_addr",
                        "_ZSt4cerr"));
        assertEquals(foreign, BuiltInEngine.missing(all));
    }

    /** In a JVM of its own: models of other tests may keep a library loaded. */
    static final class OpensAndCloses {
        public static void main(String[] args) {
            String soname;
            try (BuiltInEngine first = BuiltInEngine.open(NEEDED, 0, null)) {
                soname = first.soname();
                BuiltInEngine second =
                        BuiltInEngine.open(List.of("aoti_torch_new_tensor_handle"), 0, null);
                System.out.println(soname.equals(second.soname()));
                second.close();
                second.close();
                System.out.println(isLoaded(soname));
            }
            System.out.println(isLoaded(soname));
        }
    }

    @Test
    void modelsShareALibraryUntilTheLastIsClosed() throws Exception {
        var ending = ChildJvm.run(new ChildJvm(OpensAndCloses.class).with());
        assertEquals(List.of("true", "true", "false"), ending.output().lines().toList());
    }

    private static boolean isLoaded(String soname) {
        var loaded = NativeLibrary.ifLoaded(soname);
        loaded.ifPresent(NativeLibrary::close);
        return loaded.isPresent();
    }

    @Test
    void threadsOpenAndCloseAtOnce() throws Exception {
        Callable<String> work =
                () -> {
                    for (int i = 0; i < 50; i++) {
                        try (BuiltInEngine engine = BuiltInEngine.open(NEEDED, 0, null)) {
                            assertTrue(isLoaded(engine.soname()));
                        }
                    }
                    return "done";
                };
        try (var threads = Executors.newFixedThreadPool(4)) {
            for (Future<String> each : threads.invokeAll(List.of(work, work, work, work))) {
                assertEquals("done", each.get());
            }
        }
    }

    static final class TellObstacle {
        public static void main(String[] args) {
            System.out.println(BuiltInEngine.obstacle().orElse("none"));
        }
    }

    @Test
    void aLibTorchThatAllSeeIsAnObstacle() throws Exception {
        var machine =
                new SharedLibraryWriter.Machine() {
                    @Override
                    public int elfNumber() {
                        return Elf.X86_64;
                    }

                    @Override
                    public void refer(ByteBuffer code, int at, int length, int distance) {}
                };
        var writer = new SharedLibraryWriter(machine, "libtorch_cpu.so", "data", 16);
        writer.function("aoti_torch_empty_strided", new byte[] {(byte) 0xc3});
        Path library = Files.write(folder.resolve("libtorch_cpu.so"), writer.write());
        assertEquals("none", tell(null));
        assertTrue(tell(library).contains("RTLD_GLOBAL"));
    }

    private static String tell(Path preloaded) throws Exception {
        ProcessBuilder child = new ChildJvm(TellObstacle.class).with();
        if (preloaded != null) {
            child.environment().put("LD_PRELOAD", preloaded.toString());
        }
        return ChildJvm.run(child).output().strip();
    }
}
