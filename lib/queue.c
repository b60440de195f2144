// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Many spawns at a time. On a ring of ours that is no descriptor, or, where that cannot spawn, one
 * after the other when they are submitted. Who wants to poll gets an eventfd, which is readable as
 * long as there are results.
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
#define RING_FLAGS	(IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | \
			 IORING_SETUP_DEFER_TASKRUN | SETUP_REGISTERED_FD_ONLY)

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
	pid_t		pid, tid;	/* whose it is */
	int		event;		/* or -1: nobody wants to know */
	bool		has_ring;
	struct ring	ring;
	void		*memory;
	size_t		size;
	unsigned int	depth;
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
	for (i = 0; i < depth; i++) {
		q->entries[i].res.pidfd = -1;
		append(&q->free, &q->entries[i]);
	}
}

/* ---- Whose it is, and who is told ----------------------------------------------------------- */

/* The ring is the thread's: another one would find its own, or none, under the same number. */
static bool is_ours(const struct spawn_bpf_queue *q)
{
	return gettid() == q->tid;
}

/* Before results are taken from the ring: what comes from now on is told again. */
static void tell_nothing(struct spawn_bpf_queue *q)
{
	eventfd_t count;

	if (q->event >= 0)
		eventfd_read(q->event, &count);
}

static void tell_results(struct spawn_bpf_queue *q)
{
	if (q->event >= 0 && q->done.first)
		eventfd_write(q->event, 1);
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
	return 0;
}

static int make(struct spawn_bpf_queue *q, unsigned int depth)
{
	int err = -EOPNOTSUPP;

	if (!(q->flags & SPAWN_BPF_NO_IO_URING))
		err = spawn_bpf__probe() ?: make_ring(q, depth);
	return q->flags & SPAWN_BPF_NO_FALLBACK ? err : 0;
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
	q->pid = getpid();
	q->tid = gettid();
	q->depth = depth;
	q->event = -1;
	init_lists(q, depth);
	err = make(q, depth);
	if (err) {
		free(q);
		errno = -err;
		return NULL;
	}
	return q;
}

/*
 * Another thread cannot wait for the ring, which ends with its own thread. Until then the kernel
 * may write pidfds to the entries.
 */
static void abandon(struct spawn_bpf_queue *q)
{
	unsigned int i;

	for (i = 0; i < q->depth; i++)
		if (q->entries[i].res.pidfd >= 0)
			close(q->entries[i].res.pidfd);
	if (q->has_ring)
		munmap(q->memory, q->size);
	if (!q->nr_submitted)
		free(q);
}

static void finish(struct spawn_bpf_queue *q)
{
	LIBSPAWN_BPF_RESULT(res);
	struct entry *e;
	int err;

	while ((e = take(&q->added)))
		append(&q->free, e);
	do {
		err = spawn_bpf_queue__wait(q, -1, &res, NULL);
		if (!err && res.pidfd >= 0)
			close(res.pidfd);
	} while (!err || err == -EINTR);
	if (q->has_ring) {
		ring_exit(&q->ring);
		munmap(q->memory, q->size);
	}
	if (!q->nr_submitted)	/* else the ring was denied: see above */
		free(q);
}

void spawn_bpf_queue__free(struct spawn_bpf_queue *q)
{
	int saved = errno;

	if (!q)
		return;
	if (getpid() != q->pid) {
		/* a copy: of the ring it has nothing, and its descriptors may be others by now */
		free(q);
		return;
	}
	if (q->event >= 0)
		close(q->event);
	q->event = -1;
	if (is_ours(q))
		finish(q);
	else
		abandon(q);
	errno = saved;
}

/* ---- Submitting --------------------------------------------------------------------------- */

int spawn_bpf_queue__add(struct spawn_bpf_queue *q, struct spawn_bpf_cmd *cmd, void *data)
{
	struct entry *e;

	if (!q || !cmd)
		return -EINVAL;
	if (!is_ours(q))
		return -ENXIO;
	if (cmd->error)
		return cmd->error;
	if (cmd->needs_ring)
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

	if (!q)
		return -EINVAL;
	if (!is_ours(q))
		return -ENXIO;
	ret = q->has_ring ? submit_ring(q) : submit_clone(q);
	tell_results(q);
	errno = saved;
	return ret;
}

/* ---- Results ------------------------------------------------------------------------------ */

static void take_cqe(struct spawn_bpf_queue *q, const struct io_uring_cqe *cqe)
{
	struct entry *e = (struct entry *)(uintptr_t)cqe->user_data;

	q->nr_submitted--;
	e->res.backend = SPAWN_BPF_BACKEND_IO_URING;
	cmd_result(e->cmd, &e->res, cqe->res, IORING_CQE_STEP(cqe));
	if (cmd_is_refused(&e->res) && !(q->flags & SPAWN_BPF_NO_FALLBACK))
		clone_entry(q, e);
	append(&q->done, e);
}

/* Waits for @nr at most, then takes all that are there. As io_uring_enter(2) if there are none. */
static int collect(struct spawn_bpf_queue *q, unsigned int nr, const struct __kernel_timespec *ts)
{
	int ret = ring_enter(&q->ring, 0, nr, ts);
	struct io_uring_cqe cqe;

	tell_nothing(q);
	while (ring_pop(&q->ring, &cqe))
		take_cqe(q, &cqe);
	return q->done.first ? 0 : ret;
}

/* 0: one is done. Results that are here already need no system call, unless somebody polls. */
static int wait_ring(struct spawn_bpf_queue *q, int timeout_ms)
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
	if (q->done.first)
		return 0;
	return ret < 0 && ret != -ETIME ? ret : -EAGAIN;
}

static void give(struct spawn_bpf_queue *q, struct entry *e, struct spawn_bpf_result *res,
		 void **data)
{
	size_t size = res->sz;

	*res = e->res;
	res->sz = size;
	e->res.pidfd = -1;
	if (data)
		*data = e->data;
	append(&q->free, e);
}

int spawn_bpf_queue__wait(struct spawn_bpf_queue *q, int timeout_ms, struct spawn_bpf_result *res,
			  void **data)
{
	int saved = errno, err;

	if (!q || !RESULT_VALID(res))
		return -EINVAL;
	err = spawn_bpf_queue__submit(q);
	if (err < 0)
		return err;
	if (q->nr_submitted)
		err = wait_ring(q, timeout_ms);
	else
		err = q->done.first ? 0 : -ECHILD;
	if (!q->nr_submitted)
		tell_nothing(q);
	if (!err)
		give(q, take(&q->done), res, data);
	tell_results(q);
	errno = saved;
	return err;
}

int spawn_bpf_queue__fd(struct spawn_bpf_queue *q)
{
	int saved = errno, err = 0;

	if (!q)
		return -EINVAL;
	if (!is_ours(q))
		return -ENXIO;
	if (q->event >= 0)
		return q->event;
	q->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->event < 0)
		err = -errno;
	else if (q->has_ring)
		err = ring_notify(&q->ring, q->event);
	if (err && q->event >= 0) {
		close(q->event);
		q->event = -1;
	}
	/* what came before is in the ring, and nobody has been told */
	if (!err && q->has_ring)
		collect(q, 0, NULL);
	tell_results(q);
	errno = saved;
	return err ?: q->event;
}
