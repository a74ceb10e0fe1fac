package io.github.aoti4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The exit status and output of a command that ran in this process. */
record CommandResult(int status, String out, String err) {
    static final Path FIXTURES = Path.of("../runtime/src/test/fixtures");

    static CommandResult aoti(Object... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] words = Stream.of(args).map(Object::toString).toArray(String[]::new);
        int status = Main.run(words, new PrintWriter(out, true), new PrintWriter(err, true));
        return new CommandResult(status, out.toString(), err.toString());
    }

    static Path fixture(String name, String file) {
        return FIXTURES.resolve(name).resolve(file);
    }

    /** Returns the output of a successful command as JSON. */
    JsonNode json() {
        assertEquals(0, status, err);
        return new JsonMapper().readTree(out);
    }
}
