/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef UTIL_H
#define UTIL_H

#include <liburing.h>
#include <stdint.h>
#include "spawn_bpf.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define KERNEL_BTF	"/sys/kernel/btf/vmlinux"
#define NEEDS_BPF	"it takes CAP_BPF and CAP_PERFMON of the initial user namespace"
#define U64(p)		((__u64)(uintptr_t)(p))

/* Exit statuses of our own; others are the program's. 125 to 127 are as env(1) has them. */
enum {
	EXIT_NO_SPAWN	= 2,	/* the kernel has no io_uring spawn */
	EXIT_ANY_FAILED	= 123,	/* of many commands; as xargs(1) has it */
	EXIT_SELF	= 125,	/* spawn-bpf itself failed */
	EXIT_CANNOT_RUN	= 126,	/* the program is there and cannot be run */
	EXIT_NOT_FOUND	= 127,
};

/* "spawn-bpf: ...\n" on standard error. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What is said is about a line of a file, until this is called with NULL. */
void say_about(const char *file, unsigned long number);
/* @clear is called before anything is said. */
void say_instead_of(void (*clear)(void));

/*
 * "spawn-bpf: ...: No such file or directory (ENOENT); @hint\n". An error whose cause is always the
 * same has a hint of its own. @hint may be NULL.
 */
void say_error(int err, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "ENOENT" for 2 and for -2; a number that has no name is itself. */
const char *errno_name(int err);

/* A name as a sentence can have it: an empty one is '', one that no file can have is cut. */
const char *shown(const char *name);

/*
 * A ring that has room for a CQE of every attempt that is traced: each path once, and those that
 * found it busy.
 */
enum {
	RING_SQ_ENTRIES	= 4,
	RING_CQ_ENTRIES	= 1024,
};

/*
 * A ring of at least these sizes, and what the kernel answers about spawns on it. 0, or the exit status
 * after a sentence that says why not.
 */
int open_ring(struct io_uring *ring, struct io_uring_query_spawn *q, unsigned int sq_entries,
	      unsigned int cq_entries);

/* EXIT_NO_SPAWN after a sentence, if this kernel is known to have no io_uring spawn; else 0. */
int without_spawn(void);

/* The value of sysctl kernel.@name, or -errno. */
int kernel_sysctl(const char *name);

#endif
