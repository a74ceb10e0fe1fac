/** The {@code aoti} command. */
// HdrHistogram has no descriptor; its module is named after its file.
@SuppressWarnings("requires-automatic")
module io.github.aoti4j.cli {
    requires io.github.aoti4j;
    requires info.picocli;
    requires tools.jackson.databind;
    requires jdk.management;
    requires HdrHistogram;

    opens io.github.aoti4j.cli to
            info.picocli;
}
