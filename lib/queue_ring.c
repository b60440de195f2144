// SPDX-License-Identifier: GPL-2.0 OR MIT
/* A queue's ring: registered with its thread only, so it is no descriptor. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include "queue.h"

#define RING_FLAGS	(IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | \
			 IORING_SETUP_DEFER_TASKRUN | SETUP_REGISTERED_FD_ONLY)

int queue_ring_make(struct spawn_bpf_queue *q)
{
	size_t rings = ring_rings_size(q->depth);
	int err;

	q->size = rings + ring_sqes_size(q->depth);
	q->memory = ring_map(q->size);
	if (!q->memory)
		return -errno;
	err = ring_init(&q->ring, q->depth, RING_FLAGS, q->memory, (char *)q->memory + rings);
	if (err) {
		munmap(q->memory, q->size);
		return err;
	}
	q->has_ring = true;
	return 0;
}

void queue_ring_exit(struct spawn_bpf_queue *q)
{
	ring_exit(&q->ring);
	munmap(q->memory, q->size);
	q->has_ring = false;
}

static void take_cqe(struct spawn_bpf_queue *q, const struct io_uring_cqe *cqe)
{
	struct entry *e = (struct entry *)(uintptr_t)cqe->user_data;

	e->under_way = false;
	q->nr_under_way--;
	e->res.backend = SPAWN_BPF_BACKEND_IO_URING;
	cmd_result(e->cmd, &e->res, cqe->res, IORING_CQE_STEP(cqe));
	if (cmd_is_refused(&e->res) && !e->cancelled && !(q->flags & SPAWN_BPF_NO_FALLBACK))
		queue_clone_entry(q, e);
	append(&q->done, e);
}

static void take_cqes(struct spawn_bpf_queue *q)
{
	struct io_uring_cqe cqe;

	while (ring_pop(&q->ring, &cqe))
		take_cqe(q, &cqe);
}

/*
 * A filter that came just now denies us the ring. What becomes of spawns that are under way nobody
 * knows.
 */
static void lose_ring(struct spawn_bpf_queue *q)
{
	struct entry *e;
	unsigned int i;

	take_cqes(q);
	q->has_ring = false;
	munmap(q->memory, q->size);
	for (i = 0; i < q->depth; i++) {
		e = &q->entries[i];
		if (!e->under_way)
			continue;
		e->under_way = false;
		e->res.backend = SPAWN_BPF_BACKEND_IO_URING;
		queue_end_entry(q, e, -EIO);
	}
	q->nr_under_way = 0;
}

/* ---- Submitting --------------------------------------------------------------------------- */

/* What the kernel has not taken, for want of memory, is what was added again. */
int queue_ring_submit(struct spawn_bpf_queue *q)
{
	struct io_uring_sqe sqe;
	struct entry *e;
	int nr = 0, ret, i;

	for (e = q->added.first; e; e = e->next, nr++) {
		cmd_prep(e->cmd, &e->args, &sqe, q->flags & SPAWN_BPF_PIDFD ? &e->res.pidfd : NULL);
		sqe.user_data = U64(e);
		ring_push(&q->ring, &sqe);
	}
	if (!nr)
		return 0;
	ret = ring_enter(&q->ring, nr, 0, NULL);
	for (i = 0; i < ret; i++) {
		e = take(&q->added);
		e->under_way = true;
		e->cancelled = false;
		q->nr_under_way++;
	}
	for (; i < nr; i++)
		ring_take_back(&q->ring);
	if (ret == -EPERM)
		lose_ring(q);
	return ret;
}

int queue_ring_cancel(struct spawn_bpf_queue *q)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_ASYNC_CANCEL, .flags = IOSQE_CQE_SKIP_SUCCESS, .fd = -1,
		.cancel_flags = IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL,
	};
	unsigned int i;
	int ret;

	for (i = 0; i < q->depth; i++)
		q->entries[i].cancelled = q->entries[i].under_way;
	ring_push(&q->ring, &sqe);
	ret = ring_enter(&q->ring, 1, 0, NULL);
	if (ret < 1)
		ring_take_back(&q->ring);
	if (ret == -EPERM)
		lose_ring(q);
	return ret == 1 || ret == -EPERM ? 0 : ret ?: -EAGAIN;
}

/* ---- Results ------------------------------------------------------------------------------ */

/*
 * Waits for @nr at most, then takes all that are there. As io_uring_enter(2) if there are none. A
 * completion that comes behind the system call is not in the ring yet, and who polls has been
 * told of it: that is not to be taken back before it is there.
 */
static int collect(struct spawn_bpf_queue *q, unsigned int nr, const struct __kernel_timespec *ts)
{
	int ret = ring_enter(&q->ring, 0, nr, ts), again = ret;

	for (;;) {
		if (!queue_is_ours(q))
			return -ENXIO;
		take_cqes(q);
		if (again == -EPERM || !queue_tell_nothing(q))
			break;
		again = ring_enter(&q->ring, 0, 0, NULL);
	}
	if (again == -EPERM)
		lose_ring(q);
	return q->done.first ? 0 : ret;
}

/* Results that are here already need no system call, unless somebody polls. */
int queue_ring_wait(struct spawn_bpf_queue *q, int timeout_ms)
{
	struct __kernel_timespec ts = { timeout_ms / 1000, timeout_ms % 1000 * 1000000LL };
	bool block;
	int ret;

	if (q->done.first && q->event < 0)
		return 0;
	do {
		block = timeout_ms && !q->done.first;
		ret = collect(q, block, timeout_ms < 0 ? NULL : &ts);
	} while (block && ret >= 0 && !q->done.first);
	if (q->done.first && ret != -ENXIO)
		return 0;
	return ret < 0 && ret != -ETIME ? ret : -EAGAIN;
}

/* What came before is in the ring, and nobody has been told. */
int queue_ring_notify(struct spawn_bpf_queue *q)
{
	int err = ring_notify(&q->ring, q->event);

	if (!err || err == -EPERM)
		collect(q, 0, NULL);
	return err == -EPERM ? 0 : err;
}
