package io.github.aoti4j.bindings.elf;

import io.github.aoti4j.bindings.elf.ElfSymbols.Need;
import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.PackageException;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A shared library as a file: what machine it is for, which symbols it needs and has. Nothing is
 * loaded, and of a large file only the headers and symbol tables are touched.
 *
 * <p>Immutable once read; the memory it was read from is not used any more. The format is the
 * System V ABI's ({@code elf(5)}).
 */
public final class ElfFile {
    private static final int TYPE = 16;
    private static final int TYPE_SHARED_OBJECT = 3;
    private static final int PF_EXECUTE = 1;
    private static final int PF_READ_WRITE = 6;

    private static final Set<String> LIBTORCH =
            Set.of(
                    "libtorch_cpu.so",
                    "libtorch.so",
                    "libc10.so",
                    "libtorch_cuda.so",
                    "libc10_cuda.so");

    private static final String LIBTORCH_PREFIX = "aoti_torch_";

    /** {@code STB_GLOBAL}, in the upper half of the byte that says what a symbol is. */
    private static final int GLOBAL = 1 << 4;

    /** Bytes that a copy is to have at an offset. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Patch(long offset, byte[] bytes) {
        static Patch of(long offset, long value) {
            var bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            return new Patch(offset, bytes.putLong(value).array());
        }
    }

    private final ElfBytes bytes;
    private final int machine;
    private final ElfHeader header;
    private final ElfSymbols symbols;

    private ElfFile(ElfBytes bytes, String description) {
        this.bytes = bytes;
        machine = readMachine(description);
        int type = bytes.u16(TYPE);
        if (type != TYPE_SHARED_OBJECT) {
            throw bytes.damaged(
                    "it is an ELF file of type %d, and only type 3 can be loaded".formatted(type));
        }
        header = new ElfHeader(bytes);
        symbols = ElfSymbols.read(bytes, header);
    }

    /**
     * Reads a shared library.
     *
     * @param path the file, or the package that holds it, for messages
     * @throws PackageException if it is no shared library or its headers contradict one another
     * @throws IncompatibleModelException if it is for a 32-bit or big-endian machine
     */
    public static ElfFile read(MemorySegment bytes, Path path, String entry) {
        var image =
                new ElfBytes(
                        bytes,
                        problem ->
                                new PackageException(
                                        path,
                                        "entry %s is not a sound shared library: %s"
                                                .formatted(entry, problem)));
        return new ElfFile(image, path + ": entry " + entry);
    }

    private int readMachine(String description) {
        if (!ElfHeader.isElf(bytes)) {
            throw bytes.damaged("it does not begin with an ELF header");
        }
        int number = ElfHeader.machine(bytes);
        boolean is64Bit = ElfHeader.is64Bit(bytes);
        boolean isLittleEndian = ElfHeader.isLittleEndian(bytes);
        if (!is64Bit || !isLittleEndian) {
            throw new IncompatibleModelException(
                    "%s was compiled for a %s, %s machine (%s); only 64-bit, little-endian ones are supported"
                            .formatted(
                                    description,
                                    is64Bit ? "64-bit" : "32-bit",
                                    isLittleEndian ? "little-endian" : "big-endian",
                                    Elf.machineName(number)));
        }
        return number;
    }

    /** Returns the machine it was compiled for: the number in {@code e_machine}. */
    public int machine() {
        return machine;
    }

    /** Returns the machine's name as {@code uname -m} gives it; of an unknown one, the number. */
    public String machineName() {
        return Elf.machineName(machine);
    }

    /** Returns the names of the libraries it needs ({@code DT_NEEDED}), in order. */
    public List<String> needed() {
        List<String> names = new ArrayList<>();
        for (Need need : symbols.needed()) {
            names.add(need.name());
        }
        return names;
    }

    /** Returns the undefined global symbols, which other libraries must have. */
    public List<String> undefinedSymbols() {
        return symbols.undefined();
    }

    /** Returns the undefined weak symbols, which other libraries may have. */
    public List<String> weakSymbols() {
        return symbols.weak();
    }

    /** Returns the defined symbols that others can see. */
    public Set<String> definedSymbols() {
        return symbols.defined();
    }

    /**
     * Returns whether loading it as it is makes thread stacks executable, which the JVM warns of
     * and glibc 2.41 and later refuse. Without a {@code PT_GNU_STACK} header, executable is the
     * default on x86-64.
     */
    public boolean demandsExecutableStack() {
        var stack = header.find(Elf.PT_GNU_STACK);
        return stack == null || (stack.flags() & PF_EXECUTE) != 0;
    }

    /**
     * Changes a copy of the file so that it can be loaded here.
     *
     * <ul>
     *   <li>It no longer requires an executable stack. Compiled code needs none: the mark comes
     *       from the object file that holds the weights, which does not deny it. Where there is no
     *       such header, one that the loader does not need (a note) is turned into one.
     *   <li>It no longer needs {@code libtorch.so}, which has nothing but its own needs: all parts
     *       of PyTorch, those for CUDA among them. Models of a PyTorch that was built for CUDA name
     *       it, also those for the CPU. The second mention of {@code libtorch_cpu.so} that takes
     *       its place asks for nothing new.
     *   <li>It needs {@code libtorch_cpu.so}, if it calls libtorch without naming it: PyTorch links
     *       a model so on request ({@code link_libtorch}), and leaves it to the process to have
     *       loaded a libtorch that everything in it sees. Where the file has no room for the name,
     *       it stays as it is.
     *   <li>It has no unique symbols ({@code STB_GNU_UNIQUE}), but global ones. C++ compilers mark
     *       the static variables of inline functions so, in every model; the dynamic loader then
     *       has one of each for all libraries of the process, models of other packages among them,
     *       and never unloads a library that has one.
     * </ul>
     *
     * @param copy a copy of the file, open for writing and not loaded
     * @throws IOException if writing fails
     * @throws PackageException if there is no header to turn into one
     */
    public void makeLoadable(FileChannel copy) throws IOException {
        makeLoadable(copy, null);
    }

    /**
     * As {@link #makeLoadable(FileChannel)}, for a copy that needs another library.
     *
     * @param libtorch the name of a library that the copy is to need in place of all parts of
     *     libtorch, or of none, if {@link #canReplaceLibTorch}; null for libtorch
     * @throws IOException if writing fails
     * @throws PackageException if there is no header to turn into one
     */
    public void makeLoadable(FileChannel copy, String libtorch) throws IOException {
        for (Patch patch : patches(libtorch)) {
            ByteBuffer patched = ByteBuffer.wrap(patch.bytes);
            while (patched.hasRemaining()) {
                copy.write(patched, patch.offset + patched.position());
            }
        }
    }

    /**
     * Changes a part of a copy as {@link #makeLoadable(FileChannel)} changes the whole.
     *
     * @param part some bytes of a copy
     * @param offset where in the file they begin
     * @throws PackageException if there is no header to turn into one
     */
    public void makeLoadable(byte[] part, long offset) {
        makeLoadable(part, offset, null);
    }

    /**
     * Changes a part of a copy as {@link #makeLoadable(FileChannel, String)} changes the whole.
     *
     * @param part some bytes of a copy
     * @param offset where in the file they begin
     * @param libtorch as there
     * @throws PackageException if there is no header to turn into one
     */
    public void makeLoadable(byte[] part, long offset, String libtorch) {
        for (Patch patch : patches(libtorch)) {
            for (int i = 0; i < patch.bytes.length; i++) {
                long at = patch.offset - offset + i;
                if (at >= 0 && at < part.length) {
                    part[(int) at] = patch.bytes[i];
                }
            }
        }
    }

    /**
     * Returns whether a copy can need another library in place of libtorch: whether the file names
     * libtorch among its needs, and nothing else ends in the same bytes; or calls it without naming
     * it, and has room for a name.
     *
     * @param length of the other library's name, at most
     */
    public boolean canReplaceLibTorch(int length) {
        return callsUnnamedLibTorch() ? room(length).isPresent() : place(length).isPresent();
    }

    private boolean callsUnnamedLibTorch() {
        return symbols.needed().stream().noneMatch(ElfFile::isLibTorch)
                && symbols.undefined().stream().anyMatch(name -> name.startsWith(LIBTORCH_PREFIX));
    }

    private Optional<SpareRoom> room(int length) {
        boolean takesHeader = demandsExecutableStack() && header.find(Elf.PT_GNU_STACK) == null;
        return SpareRoom.find(bytes, header, length, takesHeader ? spareHeader() : -1);
    }

    /** Finds a name that another one can take the place of. */
    private Optional<Need> place(int length) {
        for (Need need : symbols.needed()) {
            if (isLibTorch(need) && !need.isShared() && need.name().length() >= length) {
                return Optional.of(need);
            }
        }
        return Optional.empty();
    }

    private static boolean isLibTorch(Need need) {
        return LIBTORCH.contains(need.name());
    }

    private List<Patch> patches(String libtorch) {
        var patches = new ArrayList<Patch>();
        if (demandsExecutableStack()) {
            var stack = header.find(Elf.PT_GNU_STACK);
            long offset = stack == null ? spareHeader() : stack.offset();
            int flags = stack == null ? PF_READ_WRITE : stack.flags() & ~PF_EXECUTE;
            patches.add(Patch.of(offset, (long) flags << 32 | Elf.PT_GNU_STACK));
        }
        if (callsUnnamedLibTorch()) {
            addLibTorch(libtorch, patches);
        } else if (libtorch == null) {
            dropUmbrella(patches);
        } else {
            replaceLibTorch(libtorch, patches);
        }
        for (var unique : symbols.unique()) {
            byte info = (byte) (GLOBAL | unique.type());
            patches.add(new Patch(unique.infoOffset(), new byte[] {info}));
        }
        return patches;
    }

    private void addLibTorch(String other, List<Patch> patches) {
        String name = other == null ? "libtorch_cpu.so" : other;
        Optional<SpareRoom> room = room(name.length());
        if (room.isEmpty()) {
            return;
        }
        SpareRoom found = room.get();
        patches.add(new Patch(found.name(), terminated(name)));
        if (found.header() >= 0) {
            patches.add(new Patch(found.header(), new byte[Integer.BYTES])); // PT_NULL
        }
        long names = header.dynamic(Elf.DT_STRTAB);
        patches.add(Patch.of(found.entry(), Elf.DT_NEEDED));
        patches.add(Patch.of(found.entry() + Long.BYTES, found.address() - names));
    }

    private static byte[] terminated(String name) {
        return (name + "\0").getBytes(StandardCharsets.US_ASCII);
    }

    private void dropUmbrella(List<Patch> patches) {
        for (Need umbrella : symbols.needed()) {
            if (umbrella.name().equals("libtorch.so")) {
                symbols.needed().stream()
                        .filter(need -> need.name().equals("libtorch_cpu.so"))
                        .findFirst()
                        .map(cpu -> Patch.of(umbrella.indexOffset(), cpu.nameIndex()))
                        .ifPresent(patches::add);
            }
        }
    }

    /** Overwrites one name, and has the other entries point to it. */
    private void replaceLibTorch(String name, List<Patch> patches) {
        Need place =
                place(name.length())
                        .orElseThrow(
                                () -> bytes.damaged("it does not name libtorch among its needs"));
        patches.add(new Patch(place.nameOffset(), terminated(name)));
        for (Need need : symbols.needed()) {
            if (isLibTorch(need)) {
                patches.add(Patch.of(need.indexOffset(), place.nameIndex()));
            }
        }
    }

    private long spareHeader() {
        for (int type : new int[] {Elf.PT_NULL, Elf.PT_NOTE}) {
            var spare = header.find(type);
            if (spare != null) {
                return spare.offset();
            }
        }
        throw bytes.damaged(
                "it does not say that it needs no executable stack; link it with -z noexecstack");
    }
}
