// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Uses all that include/spawn_bpf.h offers an application; selftests/host/headers.t compiles it. */
#include BEFORE
#include "spawn_bpf.h"

int use_headers(struct io_uring_sqe *sqe, char *const argv[], char *const envp[])
{
	struct io_uring_query_spawn q;

	io_uring_prep_clone(sqe);
	io_uring_prep_exec(sqe, "/bin/true", argv, envp);
	io_uring_prep_execveat(sqe, 3, "true", argv, envp, AT_SYMLINK_NOFOLLOW);
	iou_prep_clone(sqe, 0, 0, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	iou_prep_exec(sqe, AT_FDCWD, 0, 0, 0, 0, IORING_EXEC_SEARCH);
	iou_prep_policy(sqe, 0, 0, 0, 0);
	iou_prep_task(sqe, IORING_TASK_UMASK, 0, 0, 022, 0, 0);
	iou_prep_task_uid(sqe, 1000, 1000, 1000);
	return io_uring_spawn_query(3, &q);
}
