// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Spawning a command synchronously, by the backend that can. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <unistd.h>
#include "clone.h"
#include "cmd.h"
#include "opts.h"
#include "thread_ring.h"

#define SPAWN_FLAGS	(SPAWN_BPF_PIDFD | SPAWN_BPF_NO_FALLBACK | SPAWN_BPF_NO_IO_URING)

int spawn_bpf__probe(void)
{
	return thread_ring_get();
}

/* It is not for the spawn itself that this failed: another backend may do it. */
static bool is_refused(const struct spawn_bpf_result *res)
{
	return res->step == SPAWN_BPF_STEP_CLONE &&
		(res->error == -EPERM || res->error == -EOPNOTSUPP);
}

int cmd_spawn_io_uring(struct spawn_bpf_cmd *cmd, struct spawn_bpf_result *res, bool pidfd)
{
	struct io_uring_clone_args args;
	struct io_uring_sqe sqe;
	struct io_uring_cqe cqe;
	int err = thread_ring_get();

	if (err)
		return err;
	cmd_prep(cmd, &args, &sqe, pidfd ? &res->pidfd : NULL);
	err = thread_ring_run(&sqe, &cqe);
	if (err)
		return err;
	res->backend = SPAWN_BPF_BACKEND_IO_URING;
	cmd_result(cmd, res, cqe.res, IORING_CQE_STEP(&cqe));
	if (res->error && res->pidfd >= 0) {	/* of a process that is no more */
		close(res->pidfd);
		res->pidfd = -1;
	}
	return is_refused(res) ? res->error : 0;
}

static int spawn(struct spawn_bpf_cmd *cmd, struct spawn_bpf_result *res, __u32 flags)
{
	bool pidfd = flags & SPAWN_BPF_PIDFD;
	int err = -EOPNOTSUPP;

	if (!(flags & SPAWN_BPF_NO_IO_URING))
		err = cmd_spawn_io_uring(cmd, res, pidfd);
	if (err && !(flags & SPAWN_BPF_NO_FALLBACK))
		err = clone_spawn(cmd, res, pidfd);
	if (err) {
		res->error = err;
		res->step = SPAWN_BPF_STEP_CLONE;
	}
	return res->error;
}

static int spawn_uncancelled(struct spawn_bpf_cmd *cmd, struct spawn_bpf_result *res, __u32 flags)
{
	int state, err;

	res->error = res->step = res->pid = 0;
	res->pidfd = -1;
	res->backend = SPAWN_BPF_BACKEND_NONE;
	/* a thread that is cancelled in here would leave a child that nobody knows */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	err = spawn(cmd, res, flags);
	pthread_setcancelstate(state, NULL);
	return err;
}

int spawn_bpf_cmd__spawn(const struct spawn_bpf_cmd *cmd, struct spawn_bpf_result *res,
			 const struct spawn_bpf_spawn_opts *opts)
{
	__u32 flags = OPTS_GET(opts, flags, 0);

	if (!res || !OPTS_VALID(res) || !OPTS_VALID(opts) || flags & ~SPAWN_FLAGS)
		return -EINVAL;
	return spawn_uncancelled((struct spawn_bpf_cmd *)cmd, res, flags);
}
