package io.github.aoti4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.aoti4j.testing.ChildJvm;
import io.github.aoti4j.testing.NeedsLibTorch;
import io.github.aoti4j.weights.files.SafetensorsFile;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** In JVMs of their own, where nothing else is garbage. */
@NeedsLibTorch
class LeakReportTest {
    private static final Fixture MLP = Fixture.of("weights_mlp");

    private static String forget(String mode) throws Exception {
        var ending =
                ChildJvm.run(Children.of(Forgetful.class).options("-Daoti.leaks=" + mode).with());
        assertEquals(0, ending.exitCode(), ending.output());
        return ending.output();
    }

    @Test
    void namesWhatWasNotClosed() throws Exception {
        String output = forget("");
        for (String what : Forgetful.FORGOTTEN) {
            assertTrue(output.contains(what + " was never closed"), output);
        }
        assertTrue(output.contains("(-Daoti.leaks=trace shows where it was made)"), output);
        assertFalse(output.contains("at io.github.aoti4j"), output);
        assertFalse(output.contains("weights.safetensors was"), output);
    }

    @Test
    void tellsWhereItWasMade() throws Exception {
        String output = forget("trace");
        for (String method : List.of("newRunner", "load", "OperatorLibrary.create", "open")) {
            assertTrue(
                    output.lines().anyMatch(line -> line.contains("at ") && line.contains(method)),
                    output);
        }
        assertTrue(output.contains("Forgetful.forget("), output);
    }

    @Test
    void isSilentWhenTurnedOff() throws Exception {
        assertFalse(forget("off").contains("never closed"));
    }

    /** Forgets one of each, and waits for the reports. */
    static final class Forgetful {
        static final List<String> FORGOTTEN =
                List.of(
                        "model model",
                        "a runner of model model",
                        "an operator library",
                        "package " + MLP.folder().resolve("blob.pt2"),
                        "file " + MLP.folder().resolve("weights_other.safetensors"));

        private static final Set<String> reported = new HashSet<>();
        private static final Logger LOG = Logger.getLogger("io.github.aoti4j");

        private Forgetful() {}

        public static void main(String[] args) {
            LOG.setUseParentHandlers(false);
            LOG.addHandler(new Listener());
            forget();
            close();
            boolean off = System.getProperty("aoti.leaks").equals("off");
            for (int i = 0; i < (off ? 10 : 1000) && !allReported(); i++) {
                System.gc();
                byte[] _ = new byte[1 << 20];
                Thread.onSpinWait();
            }
            System.exit(off || allReported() ? 0 : 1);
        }

        @SuppressWarnings("CheckReturnValue") // that is the point
        private static void forget() {
            Model model = Model.load(MLP.folder().resolve("blob.pt2"));
            try (Arena arena = Arena.ofConfined()) {
                model.newRunner(MLP.inputs("batch3", model, arena).toArray(Tensor[]::new));
            }
            OperatorLibrary.create();
            ModelPackage.open(MLP.folder().resolve("blob.pt2"));
            SafetensorsFile.open(MLP.folder().resolve("weights_other.safetensors"));
        }

        private static void close() {
            try (var file = SafetensorsFile.open(MLP.folder().resolve("weights.safetensors"))) {
                assertEquals(7, file.names().size());
            }
        }

        private static boolean allReported() {
            synchronized (reported) {
                return reported.size() == FORGOTTEN.size();
            }
        }

        private static final class Listener extends Handler {
            @Override
            public void publish(LogRecord record) {
                synchronized (reported) {
                    System.out.println(record.getMessage());
                    if (record.getThrown() != null) {
                        record.getThrown().printStackTrace(System.out);
                    }
                    FORGOTTEN.stream()
                            .filter(what -> record.getMessage().startsWith(what + " was"))
                            .forEach(reported::add);
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        }
    }
}
