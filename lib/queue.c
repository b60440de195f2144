// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Many spawns at a time. On a ring of ours, or, where that cannot spawn, one after the other when
 * they are submitted; then an eventfd says how many results there are.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>
#include "clone.h"
#include "cmd.h"
#include "opts.h"
#include "ring.h"

#define MAX_DEPTH	32768	/* as io_uring has it */
#define QUEUE_FLAGS	(SPAWN_BPF_PIDFD | SPAWN_BPF_NO_FALLBACK | SPAWN_BPF_NO_IO_URING)
#define RING_FLAGS	(IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN)

struct entry {
	struct entry			*next;
	struct spawn_bpf_cmd		*cmd;
	void				*data;
	struct io_uring_clone_args	args;
	struct spawn_bpf_result		res;
};

/* In the order in which they came. */
struct list {
	struct entry	*first, **end;
};

struct spawn_bpf_queue {
	__u32		flags;
	int		fd;		/* the ring's, or an eventfd that counts done */
	bool		has_ring;
	struct ring	ring;
	void		*memory;
	size_t		size;
	unsigned int	nr_submitted;	/* on the ring, without a result */
	struct list	free, added, done;
	struct entry	entries[];
};

/* ---- Lists -------------------------------------------------------------------------------- */

static void append(struct list *list, struct entry *e)
{
	e->next = NULL;
	*list->end = e;
	list->end = &e->next;
}

static struct entry *take(struct list *list)
{
	struct entry *e = list->first;

	if (!e)
		return NULL;
	list->first = e->next;
	if (!list->first)
		list->end = &list->first;
	return e;
}

static void init_lists(struct spawn_bpf_queue *q, unsigned int depth)
{
	unsigned int i;

	q->free.end = &q->free.first;
	q->added.end = &q->added.first;
	q->done.end = &q->done.first;
	for (i = 0; i < depth; i++)
		append(&q->free, &q->entries[i]);
}

/* ---- New and free ------------------------------------------------------------------------- */

static int make_ring(struct spawn_bpf_queue *q, unsigned int depth)
{
	size_t rings = ring_rings_size(depth);
	int err;

	q->size = rings + ring_sqes_size(depth);
	q->memory = mmap(NULL, q->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (q->memory == MAP_FAILED)
		return -errno;
	/* a child that wrote to it would have the parent's ring see nothing of it */
	err = madvise(q->memory, q->size, MADV_DONTFORK) ? -errno :
		ring_init(&q->ring, depth, RING_FLAGS, q->memory, (char *)q->memory + rings);
	if (err) {
		munmap(q->memory, q->size);
		return err;
	}
	q->has_ring = true;
	q->fd = q->ring.fd;
	return 0;
}

static int make(struct spawn_bpf_queue *q, unsigned int depth)
{
	int err = -EOPNOTSUPP;

	if (!(q->flags & SPAWN_BPF_NO_IO_URING))
		err = spawn_bpf__probe() ?: make_ring(q, depth);
	if (!err || q->flags & SPAWN_BPF_NO_FALLBACK)
		return err;
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE | EFD_NONBLOCK);
	return q->fd < 0 ? -errno : 0;
}

struct spawn_bpf_queue *spawn_bpf_queue__new(unsigned int depth,
					     const struct spawn_bpf_queue_opts *opts)
{
	__u32 flags = OPTS_GET(opts, flags, 0);
	struct spawn_bpf_queue *q;
	int err;

	errno = EINVAL;
	if (!depth || depth > MAX_DEPTH || !OPTS_VALID(opts) || flags & ~QUEUE_FLAGS)
		return NULL;
	q = calloc(1, sizeof(*q) + depth * sizeof(q->entries[0]));
	if (!q)
		return NULL;
	q->flags = flags;
	init_lists(q, depth);
	err = make(q, depth);
	if (err) {
		free(q);
		errno = -err;
		return NULL;
	}
	return q;
}

void spawn_bpf_queue__free(struct spawn_bpf_queue *q)
{
	LIBSPAWN_BPF_RESULT(res);
	struct entry *e;
	int err;

	if (!q)
		return;
	while ((e = take(&q->added)))
		append(&q->free, e);
	do {
		err = spawn_bpf_queue__wait(q, -1, &res, NULL);
		if (!err && res.pidfd >= 0)
			close(res.pidfd);
	} while (!err || err == -EINTR);
	close(q->fd);
	if (q->has_ring)
		munmap(q->memory, q->size);
	free(q);
}

int spawn_bpf_queue__fd(const struct spawn_bpf_queue *q)
{
	return q->fd;
}

/* ---- Submitting --------------------------------------------------------------------------- */

int spawn_bpf_queue__add(struct spawn_bpf_queue *q, struct spawn_bpf_cmd *cmd, void *data)
{
	struct entry *e;

	if (cmd->error)
		return cmd->error;
	if (cmd->has_policy)
		return -EOPNOTSUPP;
	e = take(&q->free);
	if (!e)
		return -EAGAIN;
	e->cmd = cmd;
	e->data = data;
	e->res.sz = sizeof(e->res);
	result_init(&e->res);
	append(&q->added, e);
	return 0;
}

/* A thread that is cancelled in here would leave a child that nobody knows. */
static void clone_entry(struct spawn_bpf_queue *q, struct entry *e)
{
	int state, err;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	result_init(&e->res);
	err = clone_spawn(e->cmd, &e->res, q->flags & SPAWN_BPF_PIDFD);
	if (err) {
		e->res.error = err;
		e->res.step = SPAWN_BPF_STEP_CLONE;
	}
	pthread_setcancelstate(state, NULL);
}

static int submit_clone(struct spawn_bpf_queue *q)
{
	struct entry *e;
	int nr = 0;

	while ((e = take(&q->added))) {
		clone_entry(q, e);
		append(&q->done, e);
		eventfd_write(q->fd, 1);
		nr++;
	}
	return nr;
}

static int submit_ring(struct spawn_bpf_queue *q)
{
	struct io_uring_sqe sqe;
	struct entry *e;
	int ret;

	while ((e = take(&q->added))) {
		cmd_prep(e->cmd, &e->args, &sqe, q->flags & SPAWN_BPF_PIDFD ? &e->res.pidfd : NULL);
		sqe.user_data = U64(e);
		ring_push(&q->ring, &sqe);
	}
	if (!ring_unsubmitted(&q->ring))
		return 0;
	ret = ring_enter(&q->ring, ring_unsubmitted(&q->ring), 0, NULL);
	if (ret > 0)
		q->nr_submitted += ret;
	return ret;
}

int spawn_bpf_queue__submit(struct spawn_bpf_queue *q)
{
	int saved = errno, ret;

	ret = q->has_ring ? submit_ring(q) : submit_clone(q);
	errno = saved;
	return ret;
}

/* ---- Results ------------------------------------------------------------------------------ */

static bool take_cqe(struct spawn_bpf_queue *q)
{
	struct io_uring_cqe cqe;
	struct entry *e;

	if (!ring_pop(&q->ring, &cqe))
		return false;
	e = (struct entry *)(uintptr_t)cqe.user_data;
	q->nr_submitted--;
	e->res.backend = SPAWN_BPF_BACKEND_IO_URING;
	cmd_result(e->cmd, &e->res, cqe.res, IORING_CQE_STEP(&cqe));
	if (cmd_is_refused(&e->res) && !(q->flags & SPAWN_BPF_NO_FALLBACK))
		clone_entry(q, e);
	append(&q->done, e);
	return true;
}

/* 0: one is done. */
static int wait_ring(struct spawn_bpf_queue *q, int timeout_ms)
{
	struct __kernel_timespec ts = { timeout_ms / 1000, timeout_ms % 1000 * 1000000LL };
	int ret = 0;

	while (!take_cqe(q)) {
		if (ret < 0 || !q->nr_submitted)
			return ret == -EINTR ? -EINTR : ret && ret != -ETIME ? ret : -EAGAIN;
		ret = ring_enter(&q->ring, 0, timeout_ms ? 1 : 0, timeout_ms < 0 ? NULL : &ts);
		if (!timeout_ms && ret >= 0)
			ret = -ETIME;	/* look once more, and that was it */
	}
	return 0;
}

static void give(struct spawn_bpf_queue *q, struct entry *e, struct spawn_bpf_result *res,
		 void **data)
{
	size_t size = res->sz;

	*res = e->res;
	res->sz = size;
	if (data)
		*data = e->data;
	append(&q->free, e);
}

int spawn_bpf_queue__wait(struct spawn_bpf_queue *q, int timeout_ms, struct spawn_bpf_result *res,
			  void **data)
{
	int saved = errno, err = 0;
	eventfd_t one;

	if (!RESULT_VALID(res))
		return -EINVAL;
	err = spawn_bpf_queue__submit(q);
	if (err >= 0)
		err = 0;
	if (!err && q->has_ring)
		err = wait_ring(q, timeout_ms);
	else if (!err)
		err = q->done.first ? 0 : -EAGAIN;
	if (!err && !q->has_ring)
		eventfd_read(q->fd, &one);
	if (!err)
		give(q, take(&q->done), res, data);
	errno = saved;
	return err;
}
