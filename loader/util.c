// SPDX-License-Identifier: GPL-2.0 OR MIT
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include "util.h"

/* Room for a CQE of every attempt that is traced, and some more. */
#define CQ_ENTRIES	256

void say(const char *fmt, ...)
{
	char line[4096 + 256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	/* in one piece: the program we started may be writing to the same terminal */
	fprintf(stderr, "spawn-bpf: %s\n", line);
}

const char *errno_name(int err)
{
	return strerrorname_np(abs(err)) ?: "an unknown errno";
}

int kernel_sysctl(const char *name)
{
	char path[64];
	int value, got;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	got = fscanf(f, "%d", &value);
	fclose(f);
	return got == 1 ? value : -EIO;
}

static int no_ring(int err)
{
	switch (err) {
	case -ENOSYS:
		say("this kernel has no io_uring: boot one with CONFIG_IO_URING_SPAWN=y");
		return EXIT_NO_SPAWN;
	case -EPERM:
		say("io_uring is refused here (EPERM): see sysctl kernel.io_uring_disabled and the "
		    "seccomp filter of the container");
		return EXIT_NO_SPAWN;
	default:
		say("cannot make an io_uring: %s (%s)", strerror(-err), errno_name(err));
		return EXIT_SELF;
	}
}

static int no_spawn(int err, const struct io_uring_query_spawn *q)
{
	struct utsname uts;

	uname(&uts);
	switch (err) {
	case -EOPNOTSUPP:
		say("kernel %s has no io_uring spawn: boot one with the patches of kernel-patch/ "
		    "and CONFIG_IO_URING_SPAWN=y", uts.release);
		break;
	case -EPROTO:
		say("kernel %s has io_uring spawn in version %u, spawn-bpf was built for version "
		    "%u: rebuild it with that kernel's headers", uts.release, q->abi,
		    IORING_SPAWN_ABI);
		break;
	default:
		say("cannot ask kernel %s about io_uring spawn: %s (%s)", uts.release,
		    strerror(-err), errno_name(err));
		return EXIT_SELF;
	}
	return EXIT_NO_SPAWN;
}

int open_ring(struct io_uring *ring, struct io_uring_query_spawn *q)
{
	struct io_uring_params p = { .flags = IORING_SETUP_CQSIZE, .cq_entries = CQ_ENTRIES };
	int err;

	err = io_uring_queue_init_params(4, ring, &p);
	if (err)
		return no_ring(err);
	err = io_uring_spawn_query(ring->ring_fd, q);
	if (!err)
		return 0;
	io_uring_queue_exit(ring);
	return no_spawn(err, q);
}
