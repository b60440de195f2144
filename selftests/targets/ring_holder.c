// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * ring_holder: a process with a ring, led through standard input. Each command is answered by one
 * line; the first line is "ring PID FD".
 *	spawn SLOT PATH		start a spawn of PATH under the policy in SLOT: "started"
 *	wait			wait for its outcome, and for the program: "outcome RES"
 *	share			fork a process that does nothing: "shared PID"
 *	sh COMMAND		run COMMAND, with the ring as a descriptor: "status N"
 */
#include <fcntl.h>
#include <liburing.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "spawn_bpf.h"
#include "spawn_prog.h"

#define U64(p)	((__u64)(uintptr_t)(p))

static char path[256], *argv[] = { path, NULL };
static union {
	struct spawn_prog_arg	arg;
	char			room[SPAWN_PROG_ARG_LEN(1)];
} region;

static void spawn(struct io_uring *ring, unsigned int slot)
{
	struct io_uring_sqe chain[2], *sqe = io_uring_get_sqe(ring);
	struct io_uring_clone_args args = { .sqes = U64(chain), .nr_sqes = 2, .nr_submit = 1 };

	memset(&region, 0, sizeof(region));
	region.arg.nr_paths = 1;
	region.arg.vec[0] = U64(path);
	region.arg.vec[2] = U64(path);
	iou_prep_policy(&chain[0], slot, U64(&region), sizeof(region), 0);
	iou_prep_exec(&chain[1], AT_FDCWD, 0, U64(argv), U64(environ), 0, 0);
	if (!sqe)
		abort();
	iou_prep_clone(sqe, U64(&args), sizeof(args), IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	sqe->user_data = 4711;
	printf(io_uring_submit(ring) == 1 ? "started\n" : "not started\n");
}

static void wait_for_it(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;

	if (io_uring_wait_cqe(ring, &cqe)) {
		printf("no outcome\n");
		return;
	}
	if (cqe->res > 0)
		waitpid(cqe->res, NULL, 0);
	printf("outcome %d\n", cqe->res > 0 ? 1 : cqe->res);
	io_uring_cqe_seen(ring, cqe);
}

static void share(void)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	printf("shared %d\n", pid);
}

static void obey(struct io_uring *ring, const char *line)
{
	unsigned int slot;

	if (sscanf(line, "spawn %u %255s", &slot, path) == 2)
		spawn(ring, slot);
	else if (!strcmp(line, "wait"))
		wait_for_it(ring);
	else if (!strcmp(line, "share"))
		share();
	else if (!strncmp(line, "sh ", 3))
		printf("status %d\n", WEXITSTATUS(system(line + 3)));
	else
		printf("what is '%s'?\n", line);
	fflush(stdout);
}

int main(void)
{
	struct io_uring ring;
	char line[1024];

	if (io_uring_queue_init(8, &ring, 0) || fcntl(ring.ring_fd, F_SETFD, 0))
		return 1;
	printf("ring %d %d\n", getpid(), ring.ring_fd);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		obey(&ring, line);
	}
	return 0;
}
