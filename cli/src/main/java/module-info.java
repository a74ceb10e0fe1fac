/** The {@code aoti} command. */
module io.github.aoti4j.cli {
    requires io.github.aoti4j;
    requires info.picocli;
    requires tools.jackson.databind;

    opens io.github.aoti4j.cli to
            info.picocli;
}
