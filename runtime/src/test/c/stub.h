/*
 * What the two stub libraries share, and what the tests read and write in them.
 *
 * stub_torch.c is built as libtorch_cpu.so: the part of libtorch's C shim that a host uses, over
 * tensors that notice when they are used or deleted after their end. stub_model.c is built as a
 * compiled model. Settings and counters lie in the former, which is never unloaded.
 *
 * Nothing is ever freed: what has ended is marked as such, so that a mistake is counted instead of
 * corrupting memory.
 */
#ifndef AOTI4J_STUB_H
#define AOTI4J_STUB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Settings ---- */

/* The function that is to fail, which of its calls is the first to do so, and how many do. */
extern char stub_failing[64];
extern atomic_int_fast64_t stub_failing_skip;
extern atomic_int_fast64_t stub_failing_times;

/* What a model's functions give as their message when they fail; none at all: a null pointer. */
extern char stub_message[64];
extern atomic_int_fast64_t stub_message_absent;

/* Read when a container is made. */
extern atomic_int_fast64_t stub_inputs;
extern char stub_outputs[64]; /* one letter for each output: see stub_model.c */
extern atomic_int_fast64_t stub_constant_missing;

/* How many inputs a failing run takes, and how many outputs it has written by then. */
extern atomic_int_fast64_t stub_taken;
extern atomic_int_fast64_t stub_written;

/* Of a thousand runs, so many fail at a random point. */
extern atomic_int_fast64_t stub_failures;

/* Runs wait in native code, their inputs taken, while this is not 0. */
extern atomic_int_fast64_t stub_gate;

/* ---- Counters ---- */

extern atomic_int_fast64_t stub_tensors_created;
extern atomic_int_fast64_t stub_tensors_deleted;
extern atomic_int_fast64_t stub_containers_created;
extern atomic_int_fast64_t stub_containers_deleted;
extern atomic_int_fast64_t stub_libraries_loaded;
extern atomic_int_fast64_t stub_libraries_unloaded;
extern atomic_int_fast64_t stub_runs;
extern atomic_int_fast64_t stub_runs_single_threaded; /* of stub_runs */
extern atomic_int_fast64_t stub_runs_failed;          /* of stub_runs */
extern atomic_int_fast64_t stub_runs_waiting;         /* at the gate, now */
extern atomic_int_fast64_t stub_most_in_flight;

/* Whether AOTI_RUNTIME_CHECK_INPUTS was set when the last model was opened. */
extern atomic_int_fast64_t stub_checks_asked_for;

/* Breaches of the ABI's rules by the host, and which was the first. */
extern atomic_int_fast64_t stub_misuses;
extern char stub_misuse[128];

/* ---- For the model ---- */

/* Whether this call of a function is to fail; never while the model itself is calling. */
bool stub_fails(const char *function);

/* Between these two, this thread is in the model. */
void stub_enter(void);
void stub_leave(void);

void stub_misused(const char *how);

/*
 * Set by the stub of libtorch_cuda: memory of a device, or, for -1, page-locked memory. Null
 * without it.
 */
extern void *(*stub_allocate)(size_t num_bytes, int device);
extern void (*stub_release)(void *memory);

#endif /* AOTI4J_STUB_H */
