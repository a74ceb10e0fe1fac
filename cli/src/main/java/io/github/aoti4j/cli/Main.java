package io.github.aoti4j.cli;

import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.Device;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** The {@code aoti} command: its subcommands, exit statuses and error messages. */
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
            CacheCommand.class,
            CommandLine.HelpCommand.class
        },
        footerHeading = "%nExit status:%n",
        footer = {
            "  0  success",
            "  1  negative result: outputs differ, or requirements are not met",
            "  2  wrong usage",
            "  3  failure: for example an unusable package, or a missing libtorch"
        })
public final class Main implements Runnable {
    static final int OK = 0;

    /** Outputs differ, or requirements are not met. */
    static final int NEGATIVE = 1;

    /** Wrong usage; picocli's own number. */
    static final int USAGE = 2;

    /** Any failure. */
    static final int FAILURE = 3;

    @Spec private CommandSpec spec;

    /** Made by picocli. */
    Main() {}

    /** Runs the command and ends the process with its exit status. */
    public static void main(String[] args) {
        var out = new PrintWriter(System.out, true, System.out.charset());
        var err = new PrintWriter(System.err, true, System.err.charset());
        int status = run(args, out, err);
        // The reader of a pipe may stop; but a truncated file must not pass for complete.
        if (out.checkError() && Files.isRegularFile(Path.of("/proc/self/fd/1"))) {
            err.println("aoti: not all of the output could be written");
            status = FAILURE;
        }
        System.exit(status);
    }

    /** Runs the command: results to {@code out}, diagnostics to {@code err}. */
    static int run(String[] args, PrintWriter out, PrintWriter err) {
        CommandLine command =
                commandLine(args)
                        .setOut(out)
                        .setErr(err)
                        .setCaseInsensitiveEnumValuesAllowed(true)
                        .registerConverter(Path.class, Main::path)
                        .registerConverter(Device.class, Main::device)
                        .setParameterExceptionHandler(Main::explainUsage)
                        .setExecutionExceptionHandler(Main::explain);
        try {
            return command.execute(args);
        } catch (OutOfMemoryError e) {
            // Uncaught, it would end the process with the status of a negative result.
            err.println("aoti: not enough memory: " + e.getMessage());
            return FAILURE;
        }
    }

    /** Makes no subcommand but the one that is called: all take longer than a small model's run. */
    private static CommandLine commandLine(String[] args) {
        if (args.length > 0) {
            for (Class<?> subcommand : Main.class.getAnnotation(Command.class).subcommands()) {
                if (subcommand.getAnnotation(Command.class).name().equals(args[0])
                        && subcommand != CommandLine.HelpCommand.class) {
                    return new CommandLine(new Caller()).addSubcommand(subcommand);
                }
            }
        }
        return new CommandLine(new Main());
    }

    private static Path path(String value) {
        if (value.isEmpty()) {
            throw new TypeConversionException("the path is empty");
        }
        try {
            return Path.of(value);
        } catch (InvalidPathException e) {
            // Java decodes file names by the locale.
            throw new TypeConversionException(
                    "the locale has no characters for this path (%s): set LC_ALL=C.UTF-8"
                            .formatted(e.getMessage()));
        }
    }

    private static Device device(String value) {
        try {
            return Device.parse(value);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }

    /** Prints the error and the synopsis: the whole help would scroll the error off the screen. */
    private static int explainUsage(ParameterException exception, String[] args) {
        CommandLine command = exception.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("aoti: " + exception.getMessage());
        if (command.getParent() == null) {
            // Short, and lists the commands.
            command.usage(err);
            return USAGE;
        }
        if (!UnmatchedArgumentException.printSuggestions(exception, err)) {
            err.print(command.getHelp().fullSynopsis());
        }
        err.printf("Try '%s --help'.%n", command.getCommandSpec().qualifiedName());
        return USAGE;
    }

    private static int explain(
            Exception exception, CommandLine command, CommandLine.ParseResult parsed) {
        if (exception instanceof AotiException) {
            command.getErr().println("aoti: " + exception.getMessage());
        } else {
            // A defect: a report of it needs the stack trace.
            exception.printStackTrace(command.getErr());
        }
        return FAILURE;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    /** Stands for {@link Main} where the command line names a subcommand. */
    @Command(name = "aoti")
    private static final class Caller {
        /** Made here. */
        Caller() {}
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
