/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef CLONE_TASK_H
#define CLONE_TASK_H

#include "cmd.h"

/* What parent and child share; the parent stands still. */
struct walk {
	const struct spawn_bpf_cmd	*cmd;
	__u64				mask;	/* of signals, for the program */
	int				error;
	unsigned int			step;
};

/* Does what an IORING_OP_TASK says by the system call it stands for. 0 or more, or -errno. */
int clone_task(struct walk *w, const struct io_uring_sqe *sqe);

void close_fds(unsigned int first, unsigned int last);

#endif
