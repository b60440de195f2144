// SPDX-License-Identifier: GPL-2.0 OR MIT
#define _GNU_SOURCE
#include <bpf/libbpf.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include "escape.h"
#include "util.h"

#define LINE_MAX_LEN	(PATH_MAX + 512)

static char about[128];			/* "FILE:NUMBER: " */
static void (*make_room)(void);		/* takes away what has no newline yet */

void say_about(const char *file, unsigned long number)
{
	about[0] = 0;
	if (file)
		snprintf(about, sizeof(about), "%.80s:%lu: ", file, number);
}

void say_instead_of(void (*clear)(void))
{
	make_room = clear;
}

/* In one piece: the program we started may be writing to the same terminal. */
static void say_line(char *line)
{
	without_controls(line);
	if (make_room)
		make_room();
	fprintf(stderr, "spawn-bpf: %s%s\n", about, line);
}

void say(const char *fmt, ...)
{
	char line[LINE_MAX_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	say_line(line);
}

static const char *errno_hint(int err)
{
	switch (abs(err)) {
	case EAGAIN:
		return "see RLIMIT_NPROC (ulimit -u) and pids.max of the cgroup";
	case EMFILE:
		return "raise RLIMIT_NOFILE (ulimit -n)";
	default:
		return NULL;
	}
}

void say_error(int err, const char *hint, const char *fmt, ...)
{
	char line[LINE_MAX_LEN], text[128];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	hint = errno_hint(err) ?: hint;
	libbpf_strerror(err, text, sizeof(text));	/* it knows libbpf's own errors too */
	if (len < (int)sizeof(line))
		snprintf(line + len, sizeof(line) - len, ": %s (%s)%s%s", text, errno_name(err),
			 hint ? "; " : "", hint ?: "");
	say_line(line);
}

const char *errno_name(int err)
{
	static char number[16];
	const char *name = strerrorname_np(abs(err));

	if (name)
		return name;
	snprintf(number, sizeof(number), "%d", abs(err));
	return number;
}

const char *shown(const char *name)
{
	static char cut[64 + sizeof("...")];

	if (!*name)
		return "''";
	if (strlen(name) < PATH_MAX)
		return name;
	snprintf(cut, sizeof(cut), "%.64s...", name);
	return cut;
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
		say_error(err, NULL, "cannot make an io_uring");
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
		say_error(err, NULL, "cannot ask kernel %s about io_uring spawn", uts.release);
		return EXIT_SELF;
	}
	return EXIT_NO_SPAWN;
}

int open_ring(struct io_uring *ring, struct io_uring_query_spawn *q, unsigned int sq_entries,
	      unsigned int cq_entries)
{
	struct io_uring_params p = { .flags = IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL };
	int err;

	p.cq_entries = cq_entries > RING_CQ_ENTRIES ? cq_entries : RING_CQ_ENTRIES;
	err = io_uring_queue_init_params(sq_entries > RING_SQ_ENTRIES ? sq_entries :
					 RING_SQ_ENTRIES, ring, &p);
	if (err)
		return no_ring(err);
	err = io_uring_spawn_query(ring->ring_fd, q);
	if (!err)
		return 0;
	io_uring_queue_exit(ring);
	return no_spawn(err, q);
}

int without_spawn(void)
{
	struct io_uring_query_spawn q;
	int err = io_uring_spawn_query(-1, &q);

	return err == -EOPNOTSUPP || err == -EPROTO ? no_spawn(err, &q) : 0;
}
