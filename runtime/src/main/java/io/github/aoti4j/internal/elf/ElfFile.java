package io.github.aoti4j.internal.elf;

import io.github.aoti4j.core.IncompatibleModelException;
import io.github.aoti4j.core.PackageException;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A shared library as a file: what machine it is for, which symbols it needs and has. Nothing is
 * loaded, and of a large file only the headers and symbol tables are touched.
 *
 * <p>Immutable once read; the memory it was read from is not used any more. The format is the
 * System V ABI's ({@code elf(5)}).
 */
public final class ElfFile {
    /** {@code e_machine} of x86-64. */
    public static final int X86_64 = 62;

    /** {@code e_machine} of 64-bit ARM. */
    public static final int AARCH64 = 183;

    private static final int MACHINE_OFFSET = 18;
    private static final int TYPE_OFFSET = 16;
    private static final int PROGRAM_HEADERS_OFFSET = 32;
    private static final int PROGRAM_HEADER_SIZE_OFFSET = 54;
    private static final int PROGRAM_HEADER_COUNT_OFFSET = 56;
    private static final int PROGRAM_HEADER_SIZE = 56;

    private static final int TYPE_SHARED_OBJECT = 3;
    private static final int PT_NULL = 0;
    private static final int PT_LOAD = 1;
    private static final int PT_DYNAMIC = 2;
    private static final int PT_NOTE = 4;
    private static final int PT_GNU_STACK = 0x6474e551;
    private static final int PF_EXECUTE = 1;
    private static final int PF_READ_WRITE = 6;

    /** {@code STB_GLOBAL}, in the upper half of the byte that says what a symbol is. */
    private static final int GLOBAL = 1 << 4;

    /** A program header; {@code offset} is its own place in the file. */
    record Segment(
            long offset, int type, int flags, long fileOffset, long address, long fileSize) {}

    /** Bytes that a copy is to have at an offset. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Patch(long offset, byte[] bytes) {
        static Patch of(long offset, long value) {
            var bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            return new Patch(offset, bytes.putLong(value).array());
        }
    }

    private final ElfImage image;
    private final int machine;
    private final List<Segment> segments;
    private final ElfSymbols symbols;

    private ElfFile(ElfImage image) {
        this.image = image;
        checkIdentification();
        machine = image.u16(MACHINE_OFFSET);
        int type = image.u16(TYPE_OFFSET);
        if (type != TYPE_SHARED_OBJECT) {
            throw image.damaged(
                    "it is an ELF file of type %d, and only type 3 can be loaded".formatted(type));
        }
        segments = readSegments();
        symbols = ElfSymbols.read(image, segments, dynamicSegment());
    }

    /**
     * Reads a shared library.
     *
     * @param path the file, or the package that holds it, for messages
     * @throws PackageException if it is no shared library or its headers contradict one another
     * @throws IncompatibleModelException if it is for a 32-bit or big-endian machine
     */
    public static ElfFile read(MemorySegment bytes, Path path, String entry) {
        return new ElfFile(new ElfImage(bytes, path, entry));
    }

    private void checkIdentification() {
        if (image.size() < 64 || image.u32(0) != 0x464c457fL) { // 0x7f 'E' 'L' 'F'
            throw image.damaged("it does not begin with an ELF header");
        }
        boolean is64Bit = image.u8(4) == 2;
        boolean isLittleEndian = image.u8(5) == 1;
        if (!is64Bit || !isLittleEndian) {
            int machine =
                    isLittleEndian
                            ? image.u16(MACHINE_OFFSET)
                            : image.u8(MACHINE_OFFSET) << 8 | image.u8(MACHINE_OFFSET + 1);
            throw new IncompatibleModelException(
                    "%s was compiled for a %s, %s machine (%s); only 64-bit, little-endian ones are supported"
                            .formatted(
                                    image.describe(),
                                    is64Bit ? "64-bit" : "32-bit",
                                    isLittleEndian ? "little-endian" : "big-endian",
                                    machineName(machine)));
        }
    }

    private List<Segment> readSegments() {
        long table = image.u64(PROGRAM_HEADERS_OFFSET);
        int count = image.u16(PROGRAM_HEADER_COUNT_OFFSET);
        int size = image.u16(PROGRAM_HEADER_SIZE_OFFSET);
        if (count > 0 && size != PROGRAM_HEADER_SIZE) {
            throw image.damaged("its program headers have %d bytes, not 56".formatted(size));
        }
        image.require(table, (long) count * PROGRAM_HEADER_SIZE);
        var read = new ArrayList<Segment>(count);
        for (int i = 0; i < count; i++) {
            long at = table + (long) i * PROGRAM_HEADER_SIZE;
            var segment =
                    new Segment(
                            at,
                            (int) image.u32(at),
                            (int) image.u32(at + 4),
                            image.u64(at + 8),
                            image.u64(at + 16),
                            image.u64(at + 32));
            if (segment.type == PT_LOAD || segment.type == PT_DYNAMIC) {
                image.require(segment.fileOffset, segment.fileSize);
            }
            read.add(segment);
        }
        return List.copyOf(read);
    }

    private Segment dynamicSegment() {
        for (var segment : segments) {
            if (segment.type == PT_DYNAMIC) {
                return segment;
            }
        }
        throw image.damaged("it has no dynamic section");
    }

    /** Returns where in the file an address of the loaded library comes from. */
    static long fileOffset(ElfImage image, List<Segment> segments, long address) {
        for (var segment : segments) {
            long distance = address - segment.address;
            if (segment.type == PT_LOAD && distance >= 0 && distance < segment.fileSize) {
                return segment.fileOffset + distance;
            }
        }
        throw image.damaged("address 0x%x is in none of its segments".formatted(address));
    }

    /**
     * Returns the machine it was compiled for.
     *
     * @return the number in {@code e_machine}
     */
    public int machine() {
        return machine;
    }

    /**
     * Returns the name of the machine it was compiled for, as {@code uname -m} gives it.
     *
     * @return for example {@code x86_64}; for machines that PyTorch does not know, their number
     */
    public String machineName() {
        return machineName(machine);
    }

    private static String machineName(int machine) {
        return switch (machine) {
            case 3 -> "i386";
            case 20 -> "ppc";
            case 21 -> "ppc64";
            case 22 -> "s390x";
            case 40 -> "arm";
            case X86_64 -> "x86_64";
            case AARCH64 -> "aarch64";
            case 243 -> "riscv64";
            case 258 -> "loongarch64";
            default -> "ELF machine " + machine;
        };
    }

    /**
     * Returns the libraries it needs ({@code DT_NEEDED}).
     *
     * @return their names, in order
     */
    public List<String> needed() {
        List<String> names = new ArrayList<>();
        for (var need : symbols.needed()) {
            names.add(need.name());
        }
        return names;
    }

    /**
     * Returns the symbols that other libraries must have.
     *
     * @return the undefined global symbols, in the order of the symbol table
     */
    public List<String> undefinedSymbols() {
        return symbols.undefined();
    }

    /**
     * Returns the symbols that other libraries may have.
     *
     * @return the undefined weak symbols, in the order of the symbol table
     */
    public List<String> weakSymbols() {
        return symbols.weak();
    }

    /** Returns the symbols that it has. */
    public Set<String> definedSymbols() {
        return symbols.defined();
    }

    /**
     * Tells whether loading it as it is makes thread stacks executable, which the JVM warns of and
     * glibc 2.41 and later refuse. Without a {@code PT_GNU_STACK} header, executable is the default
     * on x86-64.
     *
     * @return true if its header says so, or if there is none
     */
    public boolean demandsExecutableStack() {
        var header = stackHeader();
        return header == null || (header.flags & PF_EXECUTE) != 0;
    }

    private Segment stackHeader() {
        for (var segment : segments) {
            if (segment.type == PT_GNU_STACK) {
                return segment;
            }
        }
        return null;
    }

    /**
     * Changes a copy of the file so that it can be loaded here.
     *
     * <ul>
     *   <li>It no longer demands an executable stack. Compiled code needs none: the mark comes from
     *       the object file that holds the weights, which does not deny it. Where there is no such
     *       header, one that the loader does not need (a note) is turned into one.
     *   <li>It no longer needs {@code libtorch.so}, which has nothing but its own needs: all parts
     *       of PyTorch, those for CUDA among them. Models of a PyTorch that was built for CUDA name
     *       it, also those for the CPU. The second mention of {@code libtorch_cpu.so} that takes
     *       its place asks for nothing new.
     *   <li>It has no unique symbols ({@code STB_GNU_UNIQUE}), but global ones. C++ compilers mark
     *       the static variables of inline functions so, in every model; the dynamic loader then
     *       has one of each for all libraries of the process, models of other packages among them,
     *       and never unloads a library that has one.
     * </ul>
     *
     * @param copy a copy of the file, open for writing; nobody may have it loaded
     * @throws IOException if writing fails
     * @throws PackageException if there is no header to turn into one
     */
    public void makeLoadable(FileChannel copy) throws IOException {
        for (Patch patch : patches()) {
            ByteBuffer bytes = ByteBuffer.wrap(patch.bytes);
            while (bytes.hasRemaining()) {
                copy.write(bytes, patch.offset + bytes.position());
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
        for (Patch patch : patches()) {
            for (int i = 0; i < patch.bytes.length; i++) {
                long at = patch.offset - offset + i;
                if (at >= 0 && at < part.length) {
                    part[(int) at] = patch.bytes[i];
                }
            }
        }
    }

    private List<Patch> patches() {
        var patches = new ArrayList<Patch>();
        if (demandsExecutableStack()) {
            Segment header = stackHeader();
            long offset = header == null ? spareHeader().offset : header.offset;
            int flags = header == null ? PF_READ_WRITE : header.flags & ~PF_EXECUTE;
            patches.add(Patch.of(offset, (long) flags << 32 | PT_GNU_STACK));
        }
        for (var umbrella : symbols.needed()) {
            if (umbrella.name().equals("libtorch.so")) {
                symbols.needed().stream()
                        .filter(need -> need.name().equals("libtorch_cpu.so"))
                        .findFirst()
                        .map(cpu -> Patch.of(umbrella.nameOffset(), cpu.nameIndex()))
                        .ifPresent(patches::add);
            }
        }
        for (var unique : symbols.unique()) {
            byte info = (byte) (GLOBAL | unique.type());
            patches.add(new Patch(unique.infoOffset(), new byte[] {info}));
        }
        return patches;
    }

    private Segment spareHeader() {
        for (var segment : segments) {
            if (segment.type == PT_NULL || segment.type == PT_NOTE) {
                return segment;
            }
        }
        throw image.damaged(
                "it does not say that it needs no executable stack; link it with -z noexecstack");
    }
}
