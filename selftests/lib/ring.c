// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Submitter rings and their completions. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "spawn_test.h"

#define SQ_ENTRIES	512
#define CQ_ENTRIES	4096
#define SMALL		64	/* for tests that make thousands of rings */

int ring_init_sized(struct io_uring *ring, unsigned int flags, unsigned int sq, unsigned int cq)
{
	struct io_uring_params p = { .flags = flags | IORING_SETUP_CQSIZE, .cq_entries = cq };
	int ret = io_uring_queue_init_params(sq, ring, &p);

	if (ret)
		fprintf(stderr, "# ring with flags %#x: %s\n", flags, strerror(-ret));
	return ret;
}

int ring_init(struct io_uring *ring, unsigned int flags)
{
	return ring_init_sized(ring, flags, SQ_ENTRIES, CQ_ENTRIES);
}

int ring_init_small(struct io_uring *ring, unsigned int flags)
{
	return ring_init_sized(ring, flags, SMALL / 4, SMALL);
}

/* Give the ring's descriptor this number, which must be free. */
int ring_move(struct io_uring *ring, int fd)
{
	if (fcntl(ring->ring_fd, F_DUPFD_CLOEXEC, fd) != fd)
		return -EBUSY;
	close(ring->ring_fd);
	ring->ring_fd = ring->enter_ring_fd = fd;
	return 0;
}

struct io_uring_sqe *get_sqe(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe) {
		fprintf(stderr, "# the submission queue is full\n");
		abort();
	}
	return sqe;
}

/* 0 when everything that was queued has been consumed. */
int submit_all(struct io_uring *ring)
{
	unsigned int queued = io_uring_sq_ready(ring);
	int ret = io_uring_submit(ring);

	if (ret < 0)
		return ret;
	return (unsigned int)ret == queued ? 0 : -EIO;
}

int next_cqe_ms(struct io_uring *ring, struct io_uring_cqe *cqe, unsigned int ms)
{
	struct __kernel_timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000LL };
	unsigned long end = now_ms() + ms;
	struct io_uring_cqe *seen;
	int ret;

	/*
	 * A TIMEOUT of the ring ends the wait when it is up, even if its CQE is not posted yet;
	 * liburing then says -ETIME.
	 */
	do {
		ret = io_uring_wait_cqe_timeout(ring, &seen, &ts);
	} while (ret == -EINTR || (ret == -ETIME && now_ms() < end));
	if (ret)
		return ret;
	*cqe = *seen;
	io_uring_cqe_seen(ring, seen);
	return 0;
}

int next_cqe(struct io_uring *ring, struct io_uring_cqe *cqe)
{
	return next_cqe_ms(ring, cqe, WAIT_MS);
}

bool no_more_cqes(struct io_uring *ring)
{
	struct io_uring_cqe cqe;
	int ret = next_cqe_ms(ring, &cqe, QUIET_MS);

	if (!ret)
		fprintf(stderr, "# one CQE too many: user_data %#llx res %d flags %#x\n",
			(unsigned long long)cqe.user_data, cqe.res, cqe.flags);
	return ret == -ETIME;
}
