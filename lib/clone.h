/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The backend without io_uring: a child that walks through the chain by system calls, while its
 * parent stands still.
 */
#ifndef CLONE_H
#define CLONE_H

#include <sys/syscall.h>
#include <unistd.h>
#include "cmd.h"

/* What parent and child share, whether they share their memory or not. */
struct walk {
	const struct spawn_bpf_cmd	*cmd;
	__u64				mask;	/* of signals, for the program */
	int				error;
	unsigned int			step;
};

/*
 * clone.c: spawns a command that has no policy. 0: *res has the outcome. Else why nothing could be
 * started.
 */
int clone_spawn(const struct spawn_bpf_cmd *cmd, struct spawn_bpf_result *res, bool pidfd);

/* clone_child.c: the child. Returns only if it failed, with *@walk saying how. */
int clone_child(void *walk);

/*
 * For the child, which must not use the C library's: as cancellation points they change the state of
 * the thread whose memory it shares, and a child that is killed in one never changes it back.
 */
static inline int child_openat(int dir, const char *path, int flags, unsigned int mode)
{
	return syscall(SYS_openat, dir, path, flags, mode);
}

static inline int child_close(int fd)
{
	return syscall(SYS_close, fd);
}

/* clone_task.c: what an IORING_OP_TASK says, by its system call. 0 or more, or -errno. */
int clone_task(struct walk *w, const struct io_uring_sqe *sqe);

/* clone_fds.c: what CLONE itself gives a process: descriptors and a cgroup. 0 or -errno. */
int clone_birth(const struct spawn_bpf_cmd *cmd);
/* close_range(2) without flags, also where that is missing or denied. */
int close_fds(unsigned int first, unsigned int last);

#endif
