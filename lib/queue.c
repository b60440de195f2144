// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Many spawns at a time. On a ring of ours that is no descriptor, or, where that cannot spawn, one
 * after the other when they are submitted. Who wants to poll gets an eventfd, which is readable as
 * long as there are results.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "clone.h"
#include "guard.h"
#include "opts.h"
#include "queue.h"
#include "thread_ring.h"

#define MAX_DEPTH	32768	/* as io_uring has it */
#define QUEUE_FLAGS	(SPAWN_BPF_PIDFD | SPAWN_BPF_NO_FALLBACK | SPAWN_BPF_NO_IO_URING)

/* ---- Whose it is, and who is told ----------------------------------------------------------- */

bool queue_is_ours(const struct spawn_bpf_queue *q)
{
	return thread_id() == q->thread && getpid() == q->pid;
}

/* What every function but free asks first. */
static int check(const struct spawn_bpf_queue *q)
{
	if (!q)
		return -EINVAL;
	return queue_is_ours(q) ? 0 : -ENXIO;
}

bool queue_tell_nothing(struct spawn_bpf_queue *q)
{
	eventfd_t count;

	return q->event >= 0 && !eventfd_read(q->event, &count);
}

static void tell_results(struct spawn_bpf_queue *q)
{
	if (q->event >= 0 && q->done.first)
		eventfd_write(q->event, 1);
}

/*
 * The program may have closed it, and opened a file of its own under this number. What has no
 * inode of its own, an epoll for instance, is not told from it.
 */
static void close_event(struct spawn_bpf_queue *q)
{
	struct stat st;

	if (q->event >= 0 && !fstat(q->event, &st) && st.st_ino == q->event_ino &&
	    st.st_dev == q->event_dev)
		close(q->event);
	q->event = -1;
}

/* ---- New and free ------------------------------------------------------------------------- */

static void init_lists(struct spawn_bpf_queue *q)
{
	unsigned int i;

	q->free.end = &q->free.first;
	q->added.end = &q->added.first;
	q->done.end = &q->done.first;
	for (i = 0; i < q->depth; i++) {
		q->entries[i].res.pidfd = -1;
		append(&q->free, &q->entries[i]);
	}
}

static int make(struct spawn_bpf_queue *q)
{
	int err = -EOPNOTSUPP;

	if (!(q->flags & SPAWN_BPF_NO_IO_URING))
		err = spawn_bpf__probe() ?: queue_ring_make(q);
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
	q->thread = thread_id();
	q->depth = depth;
	q->event = -1;
	init_lists(q);
	err = make(q);
	if (err) {
		free(q);
		errno = -err;
		return NULL;
	}
	return q;
}

/*
 * Another thread cannot wait for the ring, which ends with its own thread. To the entries nothing
 * is written after a submit. A child of fork(2) has copies, but its descriptors may be others by
 * now.
 */
static void abandon(struct spawn_bpf_queue *q, bool is_child)
{
	unsigned int i;

	for (i = 0; i < q->depth && !is_child; i++)
		if (q->entries[i].res.pidfd >= 0)
			close(q->entries[i].res.pidfd);
	if (q->has_ring)
		munmap(q->memory, q->size);
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
	if (q->has_ring && queue_is_ours(q))
		queue_ring_exit(q);
	abandon(q, !queue_is_ours(q));
}

void spawn_bpf_queue__free(struct spawn_bpf_queue *q)
{
	struct guard guard;

	if (!q)
		return;
	guard = guard_enter();
	close_event(q);
	if (queue_is_ours(q))
		finish(q);
	else
		abandon(q, getpid() != q->pid);
	guard_leave(&guard);
}

/* ---- Submitting --------------------------------------------------------------------------- */

int spawn_bpf_queue__add(struct spawn_bpf_queue *q, struct spawn_bpf_cmd *cmd, void *data)
{
	struct entry *e;

	if (!q || !cmd)
		return -EINVAL;
	if (!queue_is_ours(q))
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

void queue_clone_entry(struct spawn_bpf_queue *q, struct entry *e)
{
	int err;

	result_init(&e->res);
	err = q->flags & SPAWN_BPF_NO_FALLBACK ? -EPERM :
		clone_spawn(e->cmd, &e->res, q->flags & SPAWN_BPF_PIDFD);
	if (err) {
		e->res.error = err;
		e->res.step = SPAWN_BPF_STEP_CLONE;
	}
}

void queue_end_entry(struct spawn_bpf_queue *q, struct entry *e, int error)
{
	cmd_result(e->cmd, &e->res, error, IORING_SPAWN_STEP_NONE);
	append(&q->done, e);
}

static int submit_clone(struct spawn_bpf_queue *q)
{
	struct entry *e;
	int nr = 0;

	while ((e = take(&q->added))) {
		queue_clone_entry(q, e);
		append(&q->done, e);
		nr++;
	}
	return nr;
}

static int submit(struct spawn_bpf_queue *q)
{
	int ret;

	if (q->has_ring)
		ret = queue_ring_submit(q);
	if (!q->has_ring)
		ret = submit_clone(q);
	return ret;
}

int spawn_bpf_queue__submit(struct spawn_bpf_queue *q)
{
	struct guard guard;
	int err = check(q), ret;

	if (err)
		return err;
	guard = guard_enter();
	ret = submit(q);
	tell_results(q);
	guard_leave(&guard);
	return ret;
}

/* ---- Results ------------------------------------------------------------------------------ */

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

static int next_result(struct spawn_bpf_queue *q, int timeout_ms)
{
	int err = submit(q);

	if (err < 0 && !q->done.first && !q->nr_under_way)
		return err;
	if (q->nr_under_way)
		err = queue_ring_wait(q, timeout_ms);
	else
		err = q->done.first ? 0 : -ECHILD;
	if (err != -ENXIO && !q->nr_under_way)
		queue_tell_nothing(q);
	return err;
}

int spawn_bpf_queue__wait(struct spawn_bpf_queue *q, int timeout_ms, struct spawn_bpf_result *res,
			  void **data)
{
	struct guard guard;
	int err;

	if (!q || !RESULT_VALID(res))
		return -EINVAL;
	if (!queue_is_ours(q))
		return -ENXIO;
	guard = guard_enter();
	err = next_result(q, timeout_ms);
	if (!err)
		give(q, take(&q->done), res, data);
	if (err != -ENXIO)
		tell_results(q);
	guard_leave(&guard);
	return err;
}

static int make_event(struct spawn_bpf_queue *q)
{
	struct stat st = {};
	int err = 0;

	q->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->event < 0)
		return -errno;
	fstat(q->event, &st);
	q->event_ino = st.st_ino;
	q->event_dev = st.st_dev;
	if (q->has_ring)
		err = queue_ring_notify(q);
	if (err)
		close_event(q);
	return err;
}

int spawn_bpf_queue__fd(struct spawn_bpf_queue *q)
{
	struct guard guard;
	int err = check(q);

	if (err)
		return err;
	guard = guard_enter();
	if (q->event < 0) {
		err = make_event(q);
		tell_results(q);
	}
	guard_leave(&guard);
	return err ?: q->event;
}

/* ---- Cancelling --------------------------------------------------------------------------- */

int spawn_bpf_queue__cancel(struct spawn_bpf_queue *q)
{
	struct guard guard;
	struct entry *e;
	int ret = check(q);

	if (ret)
		return ret;
	guard = guard_enter();
	while ((e = take(&q->added)))
		queue_end_entry(q, e, -ECANCELED);
	if (q->nr_under_way)
		ret = queue_ring_cancel(q);
	tell_results(q);
	guard_leave(&guard);
	return ret;
}
