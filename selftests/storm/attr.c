// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Attributes of a task, drawn: such that the program can still tell that it ran. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include "storm.h"

#define NOBODY	1000
#define FREE_FD	200	/* and above: nobody's */

static __u64 signals = 1ULL << (SIGUSR1 - 1) | 1ULL << (SIGCHLD - 1);
static __u64 processors = ~0ULL;
static __u64 scheduling[6] = { 48 };	/* struct sched_attr: its size, SCHED_OTHER */
static __u32 groups[] = { 0, NOBODY };

static void draw_files(struct dice *d, struct io_uring_sqe *sqe, unsigned int attr)
{
	switch (attr) {
	case IORING_TASK_DUP:
		iou_prep_task(sqe, attr, pick(d, 120), FREE_FD + pick(d, 3), 0,
			      one_in(d, 2) ? O_CLOEXEC : 0, 0);
		break;
	case IORING_TASK_OPEN:
		iou_prep_task(sqe, attr, AT_FDCWD,
			      U64(one_in(d, 2) ? SCENE_DIR "/text" : SCENE_DIR "/a"), 0600,
			      one_in(d, 2) ? O_RDWR | O_CREAT : O_RDONLY, FREE_FD + pick(d, 3));
		break;
	case IORING_TASK_CLOSE_RANGE:
		iou_prep_task(sqe, attr, 0, FREE_FD, one_in(d, 2) ? ~0U : FREE_FD, 0, 0);
		break;
	case IORING_TASK_CHDIR:
	case IORING_TASK_CHROOT:
		iou_prep_task(sqe, attr, AT_FDCWD, U64(one_in(d, 2) ? "/" : "/nowhere"), 0, 0, 0);
		break;
	default:
		iou_prep_task(sqe, attr, 0, 0, 022, 0, 0);
		break;
	}
}

static void draw_process(struct dice *d, struct io_uring_sqe *sqe, unsigned int attr)
{
	switch (attr) {
	case IORING_TASK_SIGMASK:
		iou_prep_task(sqe, attr, 0, signals, pick(d, 4), 0, 0);
		break;
	case IORING_TASK_SIGDEFAULT:
		iou_prep_task(sqe, attr, 0, signals, 0, 0, 0);
		break;
	case IORING_TASK_CTTY:
	case IORING_TASK_TCSETPGRP:
		iou_prep_task(sqe, attr, pick(d, 120), 0, 0, 0, 0);
		break;
	default:
		iou_prep_task(sqe, attr, 0, 0, 0, 0, 0);
		break;
	}
}

static void draw_scheduling(struct dice *d, struct io_uring_sqe *sqe, unsigned int attr)
{
	switch (attr) {
	case IORING_TASK_NICE:
		iou_prep_task(sqe, attr, 0, 0, pick(d, 5), 0, 0);
		break;
	case IORING_TASK_AFFINITY:
		iou_prep_task(sqe, attr, 0, U64(&processors), sizeof(processors), 0, 0);
		break;
	case IORING_TASK_IOPRIO:
		iou_prep_task(sqe, attr, 0, 0, 2 << 13 | pick(d, 8), 0, 0);
		break;
	case IORING_TASK_RLIMIT:
		iou_prep_task(sqe, attr, 0, 500, one_in(d, 2) ? RLIMIT_NOFILE : RLIMIT_NPROC, 0,
			      500);
		break;
	default:
		iou_prep_task(sqe, attr, 0, U64(scheduling), 48, 0, 0);
		break;
	}
}

static __u64 an_id(struct dice *d)
{
	return one_in(d, 2) ? ~0U : NOBODY;
}

static void draw_credentials(struct dice *d, struct io_uring_sqe *sqe, unsigned int attr)
{
	switch (attr) {
	case IORING_TASK_GROUPS:
		iou_prep_task(sqe, attr, 0, U64(groups), 2, 0, 0);
		break;
	case IORING_TASK_GID:
	case IORING_TASK_UID:
		iou_prep_task(sqe, attr, 0, an_id(d) | an_id(d) << 32, 0, 0, an_id(d));
		break;
	case IORING_TASK_PRCTL:
		iou_prep_task(sqe, attr, 0, 1, one_in(d, 2) ? PR_SET_NO_NEW_PRIVS : PR_SET_KEEPCAPS,
			      0, 0);
		break;
	default:
		iou_prep_task(sqe, attr, 0, 0, 0, 0, 0);
		break;
	}
}

/* One the kernel knows, or, where it knows none, one that is refused. */
void draw_attr(struct dice *d, struct io_uring_sqe *sqe)
{
	unsigned int attr = pick(d, IORING_TASK_LAST + 1);

	if (attr <= IORING_TASK_UMASK)
		draw_files(d, sqe, attr);
	else if (attr <= IORING_TASK_TCSETPGRP)
		draw_process(d, sqe, attr);
	else if (attr <= IORING_TASK_RLIMIT)
		draw_scheduling(d, sqe, attr);
	else
		draw_credentials(d, sqe, attr);
}
