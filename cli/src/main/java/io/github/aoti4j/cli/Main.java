package io.github.aoti4j.cli;

import io.github.aoti4j.core.AotiException;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;

/** The {@code aoti} command: its subcommands, and what their failures look like from outside. */
@Command(
        name = "aoti",
        description = "Loads PyTorch AOTInductor packages (.pt2) and runs them inside the JVM.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        subcommands = {
            DemoCommand.class,
            InspectCommand.class,
            RunCommand.class,
            VerifyCommand.class,
            BenchCommand.class,
            CompileCommand.class,
            CacheCommand.class
        },
        footerHeading = "%nExit status:%n",
        footer = {
            "  0  done",
            "  1  the answer is no: outputs differ, requirements are missing",
            "  2  wrong usage",
            "  3  the package or this machine cannot"
        })
public final class Main implements Runnable {
    /** Done. */
    static final int OK = 0;

    /** The answer is no. */
    static final int NO = 1;

    /** Wrong usage; picocli's own number too. */
    static final int USAGE = 2;

    /** The package or the machine cannot. */
    static final int CANNOT = 3;

    @Spec private CommandSpec spec;

    /** Made by picocli. */
    Main() {}

    /**
     * Runs the command and ends the process with its exit status.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        System.exit(
                run(
                        args,
                        new PrintWriter(System.out, true, System.out.charset()),
                        new PrintWriter(System.err, true, System.err.charset())));
    }

    /** Runs the command: results to {@code out}, diagnostics to {@code err}. */
    static int run(String[] args, PrintWriter out, PrintWriter err) {
        return new CommandLine(new Main())
                .setOut(out)
                .setErr(err)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(Main::explain)
                .execute(args);
    }

    private static int explain(
            Exception exception, CommandLine command, CommandLine.ParseResult parsed) {
        if (exception instanceof AotiException) {
            command.getErr().println("aoti: " + exception.getMessage());
        } else {
            // Not foreseen: whoever reports it needs the trace.
            exception.printStackTrace(command.getErr());
        }
        return CANNOT;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    /** What {@code --version} prints. */
    static final class Version implements CommandLine.IVersionProvider {
        /** Made by picocli. */
        Version() {}

        @Override
        public String[] getVersion() {
            String version =
                    Main.class.getModule().getDescriptor() == null
                            ? Main.class.getPackage().getImplementationVersion()
                            : Main.class.getModule().getDescriptor().rawVersion().orElse(null);
            return new String[] {
                "aoti4j " + (version == null ? "(development build)" : version),
                "Java " + Runtime.version()
            };
        }
    }
}
