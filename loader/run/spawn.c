// SPDX-License-Identifier: GPL-2.0 OR MIT
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "spawn.h"
#include "trace.h"
#include "util.h"

#define OP_WAITID	50	/* newer than the headers of Debian 12 */

/* One CLONE: SPAWN_BPF runs, the EXEC is the policy's template. */
int spawn_queue(struct io_uring *ring, struct spawn *s, __u64 n, int fd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	const struct region *r = &s->region;

	if (!sqe)
		return -EBUSY;
	iou_prep_policy(&s->chain[0], 0, U64(r->arg), r->len, 0);
	s->chain[0].user_data = SPAWN_DATA(n, OF_POLICY);
	iou_prep_exec(&s->chain[1], AT_FDCWD, s->names_program ? U64(region_program(r)) : 0,
		      region_argv(r), U64(environ), 0, 0);
	s->args = (struct io_uring_clone_args){
		.sqes = U64(s->chain), .nr_sqes = 2, .nr_submit = 1,
	};
	if (fd >= 0) {
		s->input = (struct io_uring_clone_fd){ .fd = fd, .target = STDIN_FILENO };
		s->args.fds = U64(&s->input);
		s->args.nr_fds = 1;
	}
	iou_prep_clone(sqe, U64(&s->args), sizeof(s->args),
		       IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	sqe->user_data = SPAWN_DATA(n, OF_SPAWN);
	return 0;
}

int spawn_queue_cancel(struct io_uring *ring, __u64 n)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		return -EBUSY;
	io_uring_prep_cancel64(sqe, SPAWN_DATA(n, OF_SPAWN), 0);
	sqe->user_data = SPAWN_DATA(n, OF_CANCEL);
	return 0;
}

int spawn_queue_exit(struct io_uring *ring, const struct spawn *s, __u64 n)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		return -EBUSY;
	iou_prep(sqe, OP_WAITID, s->out.res, 0, P_PID, 0);
	sqe->file_index = WEXITED | WNOWAIT;
	sqe->user_data = SPAWN_DATA(n, OF_EXIT);
	return 0;
}

bool spawn_take(struct spawn *s, __u64 n, const struct io_uring_cqe *cqe)
{
	if (cqe->user_data == SPAWN_DATA(n, OF_POLICY))
		trace_attempt(s, cqe->res, cqe->flags >> 16);
	if (cqe->user_data != SPAWN_DATA(n, OF_SPAWN))
		return false;
	if (cqe->flags & IORING_CQE_F_MORE) {
		s->pid = cqe->res;
		trace_born(s);
		return false;
	}
	s->out.res = cqe->res;
	s->out.step = IORING_CQE_STEP(cqe);
	return true;
}
