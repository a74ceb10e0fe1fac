package io.github.aoti4j.bindings.elf;

/** Numbers of the System V ABI's ELF-64 object file format ({@code elf(5)}). */
public final class Elf {
    /** {@code e_machine} of x86-64. */
    public static final int X86_64 = 62;

    /** {@code e_machine} of 64-bit ARM. */
    public static final int AARCH64 = 183;

    public static final int PROGRAM_HEADERS = 32;
    public static final int PROGRAM_HEADER_SIZE = 54;
    public static final int PROGRAM_HEADER_COUNT = 56;

    public static final int PT_LOAD = 1;
    public static final int PT_DYNAMIC = 2;
    static final int PT_NULL = 0;
    static final int PT_NOTE = 4;
    static final int PT_GNU_STACK = 0x6474e551;
    public static final int PT_GNU_RELRO = 0x6474e552;

    public static final int DYNAMIC_ENTRY_SIZE = 16;
    static final int DT_NULL = 0;
    static final int DT_NEEDED = 1;
    static final int DT_HASH = 4;
    public static final int DT_STRTAB = 5;
    public static final int DT_SYMTAB = 6;
    public static final int DT_RELA = 7;
    public static final int DT_RELASZ = 8;
    static final int DT_STRSZ = 10;
    static final int DT_SYMENT = 11;
    static final int DT_SONAME = 14;
    static final int DT_RPATH = 15;
    static final int DT_RUNPATH = 29;
    static final int DT_GNU_HASH = 0x6ffffef5;
    static final int DT_RELACOUNT = 0x6ffffff9;

    public static final int SYMBOL_SIZE = 24;
    public static final int RELOCATION_SIZE = 24;

    private Elf() {}

    /** Returns a machine's name as {@code uname -m} gives it, or its number. */
    static String machineName(int machine) {
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
}
