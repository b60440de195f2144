// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * least_loaded JOBS PROGRAM PROGRAM PROGRAM - starts JOBS programs at once, each time the one of which
 * the fewest run, and waits for them. The policy chooses; nothing here knows how.
 */
#include <liburing.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include "least_loaded.skel.h"
#include "spawn_bpf.h"

#define OP_WAITID	50		/* newer than the liburing of Debian 12 */
#define MAX_JOBS	256
#define U64(p)		((__u64)(uintptr_t)(p))

enum { OF_SPAWN, OF_POLICY, OF_CHILD, KINDS };	/* user_data: KINDS * job + kind */

static struct job {
	int		program, pid;
	siginfo_t	end;
} jobs[MAX_JOBS];

static struct io_uring_sqe *get_sqe(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (sqe)
		return sqe;
	io_uring_submit(ring);		/* makes room */
	return io_uring_get_sqe(ring) ?: (abort(), NULL);
}

/* The chain is copied when it is submitted: it may be the same for all. */
static void spawn(struct io_uring *ring, unsigned int job, char **programs)
{
	static struct io_uring_sqe chain[4];
	static struct io_uring_clone_args args = { .nr_sqes = 4, .nr_submit = 1 };
	static char *argv[3][2];
	struct io_uring_sqe *sqe;
	int i;

	for (i = 0; i < 3; i++) {
		argv[i][0] = programs[i];
		iou_prep_exec(&chain[1 + i], AT_FDCWD, U64(programs[i]), U64(argv[i]), U64(environ),
			      0, 0);
	}
	iou_prep_policy(&chain[0], 0, 0, 0, 0);
	chain[0].user_data = KINDS * job + OF_POLICY;
	args.sqes = U64(chain);
	sqe = get_sqe(ring);
	iou_prep_clone(sqe, U64(&args), sizeof(args), IORING_CLONE_DEFER);
	sqe->user_data = KINDS * job + OF_SPAWN;
	io_uring_submit(ring);
}

static void wait_for_child(struct io_uring *ring, unsigned int job)
{
	struct io_uring_sqe *sqe = get_sqe(ring);

	iou_prep(sqe, OP_WAITID, jobs[job].pid, 0, P_PID, U64(&jobs[job].end));
	sqe->file_index = WEXITED;
	sqe->user_data = KINDS * job + OF_CHILD;
	io_uring_submit(ring);
}

/* True: the job is over. */
static bool take(struct io_uring *ring, const struct io_uring_cqe *cqe, char **programs,
		 __u32 *running)
{
	unsigned int n = cqe->user_data / KINDS;
	struct job *job = &jobs[n];

	switch (cqe->user_data % KINDS) {
	case OF_POLICY:			/* comes before the outcome */
		job->program = cqe->res;
		return false;
	case OF_SPAWN:
		if (cqe->res <= 0) {
			printf("job %u: SQE %u: %s\n", n, IORING_CQE_STEP(cqe), strerror(-cqe->res));
			return true;
		}
		job->pid = cqe->res;
		printf("job %u: pid %d runs %s\n", n, job->pid, programs[job->program]);
		wait_for_child(ring, n);
		return false;
	default:
		__atomic_fetch_sub(&running[job->program], 1, __ATOMIC_RELAXED);
		return true;
	}
}

static int run(struct io_uring *ring, unsigned int nr, char **programs, __u32 *running)
{
	struct io_uring_cqe *cqe;
	unsigned int i;
	int err;

	for (i = 0; i < nr; i++)
		spawn(ring, i, programs);
	while (nr) {
		err = io_uring_wait_cqe(ring, &cqe);
		if (err == -EINTR)
			continue;
		if (err) {
			fprintf(stderr, "the ring failed: %s\n", strerror(-err));
			return 1;
		}
		nr -= take(ring, cqe, programs, running);
		io_uring_cqe_seen(ring, cqe);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct io_uring_query_spawn query;
	struct least_loaded_bpf *skel;
	struct io_uring ring;
	int err, nr = argc == 5 ? atoi(argv[1]) : 0;

	if (nr < 1 || nr > MAX_JOBS) {
		fprintf(stderr, "usage: least_loaded JOBS PROGRAM PROGRAM PROGRAM\n");
		return 2;
	}
	err = io_uring_queue_init(MAX_JOBS, &ring, 0) ?: io_uring_spawn_query(ring.ring_fd, &query);
	if (err) {
		fprintf(stderr, "no io_uring spawn here: %s\n", strerror(-err));
		return 1;
	}
	libbpf_set_print(NULL);		/* what failed is said below */
	skel = least_loaded_bpf__open();
	if (!skel)
		return 1;
	skel->struct_ops.least_loaded_ops->ring_fd = ring.ring_fd;
	err = least_loaded_bpf__load(skel);
	if (!err)	/* the skeleton keeps the link */
		err = least_loaded_bpf__attach(skel);
	if (err)
		fprintf(stderr, "the policy cannot be attached: %s%s\n", strerror(-err),
			err == -EPERM ? "; it takes CAP_BPF and CAP_PERFMON" : "");
	else
		err = run(&ring, nr, argv + 2, skel->bss->running);
	least_loaded_bpf__destroy(skel);
	io_uring_queue_exit(&ring);
	return err != 0;
}
