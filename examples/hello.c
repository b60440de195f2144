// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Runs date(1): one request on the ring, one system call, one completion. */
#include <liburing.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include "spawn_bpf.h"

extern char **environ;

int main(void)
{
	char *argv[] = { "date", NULL };
	struct io_uring_sqe chain[1], *sqe;
	struct io_uring_clone_args args = {
		.sqes = (uintptr_t)chain, .nr_sqes = 1, .nr_submit = 1,
	};
	struct io_uring_query_spawn query;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int err, status;

	err = io_uring_queue_init(4, &ring, 0);
	if (!err)	/* the opcodes are only ours where this says so */
		err = io_uring_spawn_query(ring.ring_fd, &query);
	if (err) {
		fprintf(stderr, "no io_uring spawn here: %s\n", strerror(-err));
		return 1;
	}

	iou_prep_exec(&chain[0], AT_FDCWD, (uintptr_t)"/bin/date", (uintptr_t)argv,
		      (uintptr_t)environ, 0, 0);
	sqe = io_uring_get_sqe(&ring);
	if (!sqe)
		return 1;
	iou_prep_clone(sqe, (uintptr_t)&args, sizeof(args),
		       IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	err = io_uring_submit_and_wait(&ring, 1);
	if (err >= 0)
		err = io_uring_peek_cqe(&ring, &cqe);
	if (err < 0) {
		fprintf(stderr, "the ring failed: %s\n", strerror(-err));
		return 1;
	}
	if (cqe->res < 0) {
		fprintf(stderr, "%s: %s\n", IORING_CQE_STEP(cqe) == IORING_SPAWN_STEP_NONE ? "CLONE" :
			"EXEC", strerror(-cqe->res));
		return 1;
	}
	waitpid(cqe->res, &status, 0);
	return WEXITSTATUS(status);
}
