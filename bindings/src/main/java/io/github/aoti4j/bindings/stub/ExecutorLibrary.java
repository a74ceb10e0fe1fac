package io.github.aoti4j.bindings.stub;

import io.github.aoti4j.bindings.elf.SharedLibraryWriter;

import java.util.List;

/**
 * A model's library that has no model: libtorch opens it to make an executor for it. Its functions
 * succeed and do nothing, except that the one which folds constants writes the executor that it is
 * given to where its stream points.
 */
public final class ExecutorLibrary {
    private static final String FOLD = "AOTInductorModelContainerRunConstantFolding";

    /** What libtorch 2.10 to 2.14 looks up. */
    private static final List<String> FUNCTIONS =
            List.of(
                    "AOTInductorGetLastError",
                    "AOTInductorModelContainerCreateWithDevice",
                    "AOTInductorModelContainerDelete",
                    "AOTInductorModelContainerExtractConstantsMap",
                    "AOTInductorModelContainerFreeInactiveConstantBuffer",
                    "AOTInductorModelContainerGetCallSpec",
                    "AOTInductorModelContainerGetConstantDtype",
                    "AOTInductorModelContainerGetConstantName",
                    "AOTInductorModelContainerGetConstantOriginalFQN",
                    "AOTInductorModelContainerGetConstantsBlobSize",
                    "AOTInductorModelContainerGetNumConstants",
                    "AOTInductorModelContainerGetNumOutputs",
                    "AOTInductorModelContainerRun",
                    "AOTInductorModelContainerRunSingleThreaded",
                    "AOTInductorModelContainerSwapConstantBuffer",
                    "AOTInductorModelContainerUpdateConstantBuffer",
                    "AOTInductorModelContainerUpdateConstantBufferFromCpu",
                    "AOTInductorModelContainerUpdateInactiveConstantBuffer",
                    "AOTInductorModelContainerUpdateUserManagedConstantBuffer",
                    "AOTInductorModelUpdateConstantsFromBlob");

    private ExecutorLibrary() {}

    /** Returns the file for this process's machine. */
    public static byte[] bytes() {
        Machine machine = Machine.ofProcess();
        var writer =
                new SharedLibraryWriter(
                        machine, "libaoti4j_executor.so", "aoti4j_executor_data", Long.BYTES);
        for (String function : FUNCTIONS) {
            writer.function(function, machine.succeeding());
        }
        writer.function(FOLD, machine.givingExecutor());
        return writer.write();
    }
}
