package io.github.aoti4j.bindings.stub;

import io.github.aoti4j.bindings.elf.SharedLibraryWriter;

/**
 * The machine code of the library's functions for one architecture. Functions on tensors return 0,
 * or 1 for a handle that stands for no live record.
 */
interface Machine extends SharedLibraryWriter.Machine {
    /** Returns an accessor's code. */
    byte[] accessor(Accessor accessor);

    /** Returns the code of a function that fails. */
    byte[] failing();

    /** Returns the code of a function that succeeds. */
    byte[] succeeding();

    /**
     * Returns the code of {@code int32 f(container, bool, AOTIProxyExecutorHandle *stream,
     * executor)}: writes the executor to where the stream points.
     */
    byte[] givingExecutor();

    /** Returns the code that jumps to an address in the data. */
    byte[] jump();

    /**
     * Returns the code of {@code aoti_torch_empty_strided}: takes a tensor of the same layout from
     * the {@link Shelf} of the run that this thread is in, and jumps to an address in the data if
     * there is none. {@link #threadsEnd} is a second reference.
     */
    byte[] emptyStrided();

    /**
     * Returns the code of {@code int32 aoti_torch_delete_tensor_object(tensor)}: does nothing for a
     * handle that is lent, puts a tensor on the {@link Shelf} of the run that this thread is in, if
     * it may lie there, and jumps for others to an address in the data. {@link #threadsEnd} is a
     * second reference.
     */
    byte[] delete();

    /**
     * Returns where the part of {@link #emptyStrided} and {@link #delete} ends that refers to the
     * address of {@link RunThreads} in the data.
     */
    int threadsEnd();

    /**
     * Returns the code of {@code void aoti_torch_check(bool condition, function, file, line, char
     * *message)}: jumps to the address of {@code std::__throw_runtime_error(char *)} in the data,
     * with the message as its argument, unless the condition holds. The jump leaves no frame that
     * the exception would have to pass.
     */
    byte[] check();

    /** Returns the one of this process. */
    static Machine ofProcess() {
        return System.getProperty("os.arch").equals("aarch64") ? new Aarch64() : new X86();
    }
}
