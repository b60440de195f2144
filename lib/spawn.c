// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Spawning a command synchronously, by the backend that can. */
#define _GNU_SOURCE
#include <errno.h>
#include "clone.h"
#include "cmd.h"
#include "guard.h"
#include "opts.h"
#include "thread_ring.h"

#define SPAWN_FLAGS	(SPAWN_BPF_PIDFD | SPAWN_BPF_NO_FALLBACK | SPAWN_BPF_NO_IO_URING)

int cmd_spawn_io_uring(const struct spawn_bpf_cmd *cmd, struct spawn_bpf_result *res, bool pidfd)
{
	struct io_uring_clone_args args;
	struct io_uring_sqe sqe;
	struct io_uring_cqe cqe;
	int err;

	cmd_prep(cmd, &args, &sqe, pidfd ? &res->pidfd : NULL);
	err = thread_ring_run(&sqe, &cqe);
	if (err)
		return err;
	res->backend = SPAWN_BPF_BACKEND_IO_URING;
	cmd_result(cmd, res, cqe.res, IORING_CQE_STEP(&cqe));
	return cmd_is_refused(res) ? res->error : 0;
}

static int spawn(const struct spawn_bpf_cmd *cmd, struct spawn_bpf_result *res, __u32 flags)
{
	bool pidfd = flags & SPAWN_BPF_PIDFD;
	int err = -EOPNOTSUPP;

	if (cmd->error) {
		res->step = cmd->refused;
		return res->error = cmd->error;
	}
	/* to the ring of a thread no policy is attached and no file registered */
	if (!cmd->needs_ring && !(flags & SPAWN_BPF_NO_IO_URING))
		err = thread_ring_get() ?: cmd_spawn_io_uring(cmd, res, pidfd);
	if (err && !cmd->needs_ring && !(flags & SPAWN_BPF_NO_FALLBACK))
		err = clone_spawn(cmd, res, pidfd);
	if (err) {
		res->error = err;
		res->step = SPAWN_BPF_STEP_CLONE;
	}
	return res->error;
}

int spawn_bpf_cmd__spawn(const struct spawn_bpf_cmd *cmd, struct spawn_bpf_result *res,
			 const struct spawn_bpf_spawn_opts *opts)
{
	__u32 flags = OPTS_GET(opts, flags, 0);
	struct guard guard;
	int err;

	if (!cmd || !RESULT_VALID(res) || !OPTS_VALID(opts) || flags & ~SPAWN_FLAGS)
		return -EINVAL;
	result_init(res);
	guard = guard_enter();
	err = spawn(cmd, res, flags);
	guard_leave(&guard);
	return err;
}

/* A trial, since nothing else says what filters and switches allow: a program that is not there. */
int spawn_bpf__probe(void)
{
	char *argv[] = { "", NULL };
	LIBSPAWN_BPF_RESULT(res);
	struct spawn_bpf_cmd cmd;
	struct guard guard;
	int err;

	err = cmd_init(&cmd, "", argv, argv + 1, NULL);
	if (err)
		return err;
	guard = guard_enter();
	err = thread_ring_get() ?: cmd_spawn_io_uring(&cmd, &res, false);
	guard_leave(&guard);
	cmd_fini(&cmd);
	return err;
}
