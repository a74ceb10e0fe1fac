/*
 * What is needed of the C library, as it is on Linux x86-64 with glibc.
 *
 * No system header is included, so that the generated bindings hold these declarations and nothing
 * else, wherever they are generated. POSIX or Linux manuals say what each function does.
 *
 * There is no errno here: the JVM may overwrite it between two calls. A caller that needs it takes
 * the generated descriptor and address, and links them with Linker.Option.captureCallState("errno").
 */
#ifndef AOTI4J_LIBC_H
#define AOTI4J_LIBC_H

#include <stddef.h>
#include <stdint.h>

/* ---- Dynamic libraries ---- */

#define RTLD_NOLOAD 0x4   /* answer only if it is loaded already */
#define RTLD_NOW 0x2      /* a missing symbol fails dlopen, and not the first call */
#define RTLD_LOCAL 0x0    /* its symbols serve dlsym only */
#define RTLD_GLOBAL 0x100 /* its symbols serve libraries loaded later */

void *dlopen(const char *path, int flags);
void *dlsym(void *library, const char *name);
int dlclose(void *library);

/* Borrowed until the thread's next call of these functions; null if nothing failed since. */
char *dlerror(void);

/* ---- Environment: not safe while other threads read or write it ---- */

char *getenv(const char *name);
int setenv(const char *name, const char *value, int overwrite);

/* ---- Files and memory ---- */

#define O_RDONLY 00
#define O_CLOEXEC 02000000

int open(const char *path, int flags, ...);
int64_t write(int file, const void *data, size_t length);
int close(int file);

#define MFD_CLOEXEC 0x1U
#define MFD_ALLOW_SEALING 0x2U
#define MFD_EXEC 0x10U /* code may be loaded from it; Linux 6.3, before which there was no such question */

/* A file without a name, in memory. */
int memfd_create(const char *name, unsigned int flags);

#define F_ADD_SEALS 1033 /* fcntl: what must never be done to a file in memory again */
#define F_SEAL_SEAL 0x1
#define F_SEAL_SHRINK 0x2
#define F_SEAL_GROW 0x4
#define F_SEAL_WRITE 0x8

int fcntl(int file, int command, ...);

#define PROT_NONE 0x0
#define PROT_READ 0x1
#define PROT_WRITE 0x2
#define PROT_EXEC 0x4
#define MAP_PRIVATE 0x2
#define MAP_NORESERVE 0x4000 /* counts against the memory only what is written */

/* All bits set means failure (MAP_FAILED). */
void *mmap(void *hint, size_t length, int protection, int flags, int file, int64_t offset);
int munmap(void *address, size_t length);

#define MADV_WILLNEED 3
#define MADV_POPULATE_READ 22 /* Linux 5.14 */

int madvise(void *address, size_t length, int advice);

#define MLOCK_ONFAULT 0x1U

/* Linux 4.4, glibc 2.27. Plain mlock would copy every page of a private writable mapping. */
int mlock2(const void *address, size_t length, unsigned int flags);
int munlock(const void *address, size_t length);
int getpagesize(void);

/* ---- Errors ---- */

/* glibc's variant: answers the message, which lies in the buffer only if it had to be put together. */
char *strerror_r(int error, char *buffer, size_t length);

#endif /* AOTI4J_LIBC_H */
