// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * server SOCKET PROGRAM [ARG...] - serves a UNIX socket as inetd does: each connection is the standard
 * input and output of a PROGRAM of its own. One thread, one ring: accepting, spawning and waiting for
 * what was spawned are all completions, and nothing ever blocks the loop. A worker has no other
 * descriptors, and a second of processor time. SIGTERM ends it.
 */
#include <liburing.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "spawn_bpf.h"

#define OP_WAITID	50		/* newer than the liburing of Debian 12 */
#define U64(p)		((__u64)(uintptr_t)(p))

enum kind { OF_ACCEPT, OF_SPAWN, OF_CHILD };

struct worker {				/* user_data, but for ACCEPT */
	enum kind	next;		/* the completion it waits for */
	int		connection;
	siginfo_t	end;
};

static struct worker accepting = { .next = OF_ACCEPT };
static volatile sig_atomic_t stopped;
static int listener;
static unsigned int served, failed;

/* Completes the ACCEPT, whenever the signal comes. */
static void stop(int sig)
{
	stopped = sig;
	shutdown(listener, SHUT_RDWR);
}

static struct io_uring_sqe *get_sqe(struct io_uring *ring, struct worker *w)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe) {
		io_uring_submit(ring);		/* makes room */
		sqe = io_uring_get_sqe(ring);
	}
	if (!sqe)
		abort();
	memset(sqe, 0, sizeof(*sqe));
	sqe->user_data = U64(w);
	return sqe;
}

static void accept_next(struct io_uring *ring)
{
	io_uring_prep_accept(get_sqe(ring, &accepting), listener, NULL, NULL, SOCK_CLOEXEC);
}

static void spawn(struct io_uring *ring, int connection, char **argv)
{
	struct io_uring_clone_fd fds[] = {
		{ .fd = connection, .target = 0 }, { .fd = connection, .target = 1 },
		{ .fd = 2, .target = 2 },
	};
	struct io_uring_sqe chain[2], *sqe;
	struct io_uring_clone_args args = {
		.sqes = U64(chain), .nr_sqes = 2, .nr_submit = 2, .fds = U64(fds), .nr_fds = 3,
	};
	struct worker *w = malloc(sizeof(*w));

	if (!w) {
		close(connection);
		return;
	}
	*w = (struct worker){ .next = OF_SPAWN, .connection = connection };
	iou_prep_task_rlimit(&chain[0], RLIMIT_CPU, 1, 1);
	chain[0].flags = IOSQE_IO_LINK;
	iou_prep_exec(&chain[1], AT_FDCWD, U64(argv[0]), U64(argv), U64(environ), 0, 0);
	sqe = get_sqe(ring, w);
	iou_prep_clone(sqe, U64(&args), sizeof(args),
		       IORING_CLONE_DEFER | IORING_CLONE_QUIET | IORING_CLONE_NO_FILES);
	sqe->user_data = U64(w);
	io_uring_submit(ring);		/* args and what they name are copied now */
}

static void wait_for_worker(struct io_uring *ring, struct worker *w, int pid)
{
	struct io_uring_sqe *sqe = get_sqe(ring, w);

	w->next = OF_CHILD;
	iou_prep(sqe, OP_WAITID, pid, 0, P_PID, U64(&w->end));
	sqe->file_index = WEXITED;
	sqe->user_data = U64(w);
}

static void take(struct io_uring *ring, struct worker *w, int res, char **argv)
{
	switch (w->next) {
	case OF_ACCEPT:
		if (stopped)
			return;
		if (res >= 0)
			spawn(ring, res, argv);
		else
			fprintf(stderr, "accept: %s\n", strerror(-res));
		accept_next(ring);
		return;
	case OF_SPAWN:
		close(w->connection);	/* the worker has its own */
		if (res > 0) {
			wait_for_worker(ring, w, res);
			return;
		}
		fprintf(stderr, "%s: %s\n", argv[0], strerror(-res));
		failed++;
		break;
	case OF_CHILD:
		served++;
		break;
	}
	free(w);
}

static int serve(struct io_uring *ring, char **argv)
{
	struct io_uring_cqe *cqe;
	int err;

	accept_next(ring);
	while (!stopped) {
		err = io_uring_submit_and_wait(ring, 1);
		if (err < 0 && err != -EINTR)
			return err;
		while (!io_uring_peek_cqe(ring, &cqe)) {
			struct worker *w = (struct worker *)(uintptr_t)cqe->user_data;
			int res = cqe->res;

			io_uring_cqe_seen(ring, cqe);
			take(ring, w, res, argv);
		}
	}
	return 0;
}

static int listen_on(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(addr.sun_path)) {
		fprintf(stderr, "%s: %s\n", path, strerror(ENAMETOOLONG));
		exit(1);
	}
	strcpy(addr.sun_path, path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 128)) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	struct io_uring_query_spawn query;
	struct io_uring ring;
	int err;

	if (argc < 3) {
		fprintf(stderr, "usage: server SOCKET PROGRAM [ARG...]\n");
		return 2;
	}
	err = io_uring_queue_init(256, &ring, 0) ?: io_uring_spawn_query(ring.ring_fd, &query);
	if (err) {
		fprintf(stderr, "no io_uring spawn here: %s\n", strerror(-err));
		return 1;
	}
	listener = listen_on(argv[1]);
	sigaction(SIGTERM, &(struct sigaction){ .sa_handler = stop }, NULL);
	err = serve(&ring, argv + 2);
	if (err)
		fprintf(stderr, "the ring failed: %s\n", strerror(-err));
	unlink(argv[1]);
	printf("%u workers served, %u could not be started\n", served, failed);
	io_uring_queue_exit(&ring);
	return err != 0;
}
