/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Task attributes held against the system calls they stand for. A case is a list of attributes; a
 * forked process makes the system calls, a chain sets the attributes, in submitters set up alike,
 * and both become targets/state. Results and states must be equal.
 */
#ifndef SPAWN_TEST_ATTR_H
#define SPAWN_TEST_ATTR_H

#include "spawn_test.h"
#include "targets/state.h"

/* The columns of enum io_uring_task_attr. */
struct attr {
	bool		set;
	__u32		attr;
	__s32		fd;
	__u64		addr;
	__u32		len, flags;
	__u64		addr3;
};

#define ATTR(name, ...)		{ .set = true, .attr = IORING_TASK_##name, __VA_ARGS__ }

#define DUP(old, new, ...)	ATTR(DUP, .fd = (old), .len = (new), ##__VA_ARGS__)
#define OPEN(dir, path, oflags, mode, to)						\
	ATTR(OPEN, .fd = (dir), .addr = U64(path), .len = (mode), .flags = (oflags), .addr3 = (to))
#define CLOSE_RANGE(first, last, how)							\
	ATTR(CLOSE_RANGE, .fd = (first), .len = (last), .flags = (how))
#define CHDIR(dir, path)	ATTR(CHDIR, .fd = (dir), .addr = U64(path))
#define CHROOT(dir, path)	ATTR(CHROOT, .fd = (dir), .addr = U64(path))
#define UMASK(mask)		ATTR(UMASK, .len = (mask))
#define SIGMASK(set, how)	ATTR(SIGMASK, .addr = (set), .len = (how))
#define SIGDEFAULT(set)		ATTR(SIGDEFAULT, .addr = (set))
#define SETSID()		ATTR(SETSID)
#define SETPGID(pgid)		ATTR(SETPGID, .len = (pgid))
#define CTTY(tty)		ATTR(CTTY, .fd = (tty))
#define TCSETPGRP(tty, pgrp)	ATTR(TCSETPGRP, .fd = (tty), .len = (pgrp))
#define SCHED(attrs, how)							\
	ATTR(SCHED, .addr = U64(attrs), .len = sizeof(struct scheduling), .flags = (how))
#define NICE(step)		ATTR(NICE, .len = (step))
#define AFFINITY(mask, bytes)	ATTR(AFFINITY, .addr = U64(mask), .len = (bytes))
#define IOPRIO(value)		ATTR(IOPRIO, .len = (value))
#define RLIMIT(which, soft, hard)						\
	ATTR(RLIMIT, .addr = (soft), .len = (which), .addr3 = (hard))
#define GROUPS(gids, count)	ATTR(GROUPS, .addr = U64(gids), .len = (count))
#define TWO(r, e)		((__u32)(r) | (__u64)(__u32)(e) << 32)
#define GID(r, e, s)		ATTR(GID, .addr = TWO(r, e), .addr3 = (__u32)(s))
#define UID(r, e, s)		ATTR(UID, .addr = TWO(r, e), .addr3 = (__u32)(s))
#define RESETIDS()		ATTR(RESETIDS)
#define PRCTL(option, arg2, ...) ATTR(PRCTL, .addr = (arg2), .len = (option), ##__VA_ARGS__)

#define ATTR_STEPS	5
#define OWN_PID		0x70000000	/* instead of a result that is the pid of the process */

/*
 * What is open in the submitter, which stands in a directory of its own. Nothing between
 * FREE_FD and RING_FD.
 */
enum {
	FILE_FD = 10,		/* "file", O_RDWR */
	CLOEXEC_FD,		/* the same, O_RDONLY, close-on-exec */
	DIR_FD,			/* "dir" */
	PATH_FD,		/* the same, O_PATH */
	CLOSED_FD,		/* "closed", a directory for root only, O_PATH */
	TTY_FD, PTMX_FD,	/* a terminal, and the close-on-exec end that keeps it up */
	PIPE_FD,		/* read end */
	FREE_FD,
	RING_FD = 28,		/* close-on-exec, as the next one */
	PROGRAM_FD,
	REPORT_FD,		/* inherited */
};

/* A case names what it has. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
struct attr_case {
	const char	*what;
	int		expect;		/* of the last step; OWN_PID, or -errno */
	void		(*before)(struct attr_case *c);	/* in the submitter */
	struct attr	step[ATTR_STEPS];
	mode_t		mode;		/* of the program, a copy if it is not 0 */
	int		exec;		/* what becomes of it: 0 or -errno */
};

struct attr_result {
	int		res[ATTR_STEPS];
	int		exec;		/* 0 or -errno */
	int		status;		/* of the program, as wait_exit() says it */
	bool		reported;
	struct state	state;
	int		made[4];	/* the file "new": exists, mode, uid, gid */
	int		dumpable[2];	/* the submitter's, before and after */
	bool		done;
};

/* attr.c */
long attr_syscall(const struct attr *a, __u64 *sigmask);
void attr_sqe(struct io_uring_sqe *sqe, const struct attr *a);

/* attr_run.c */
pid_t attr_helper(void (*become)(struct attr_case *c));
unsigned int attr_unequal(const struct attr_case *cases, unsigned int nr);

/* Privileges to give as before(); the ones of root are what it starts with. */
#define NOBODY	65534
void as_nobody(struct attr_case *c);
void as_root_without_caps(struct attr_case *c);

/* For a test that includes fixture.h. */
#define EXPECT_ALL_EQUAL(cases)	EXPECT_EQ(0, attr_unequal(cases, ARRAY_SIZE(cases)))

#endif
