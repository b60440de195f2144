/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What a queue is made of: queue.c has what both backends share, queue_ring.c the ring. */
#ifndef QUEUE_H
#define QUEUE_H

#include "cmd.h"
#include "ring.h"

struct entry {
	struct entry			*next;
	bool				under_way;	/* on the ring, without a result */
	bool				cancelled;
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
	pid_t		pid;		/* whose it is */
	unsigned long	thread;
	int		event;		/* or -1: nobody wants to know */
	dev_t		event_dev;
	ino_t		event_ino;
	bool		has_ring;
	struct ring	ring;
	void		*memory;
	size_t		size;
	unsigned int	depth;
	unsigned int	nr_under_way;
	struct list	free, added, done;
	struct entry	entries[];
};

static inline void append(struct list *list, struct entry *e)
{
	e->next = NULL;
	*list->end = e;
	list->end = &e->next;
}

static inline struct entry *take(struct list *list)
{
	struct entry *e = list->first;

	if (!e)
		return NULL;
	list->first = e->next;
	if (!list->first)
		list->end = &list->first;
	return e;
}

/*
 * queue.c: the ring is the thread's: another one would find its own, or none, under the same
 * number. The child of a vfork(2) has our id. A handler may fork at any time, and the child goes
 * on where we are.
 */
bool queue_is_ours(const struct spawn_bpf_queue *q);
/* Spawns an entry by clone(2), unless the queue is for io_uring only. It is not yet done. */
void queue_clone_entry(struct spawn_bpf_queue *q, struct entry *e);
/* It is done, without a process. */
void queue_end_entry(struct spawn_bpf_queue *q, struct entry *e, int error);
/* Who polls is told again of what comes from now on. False: nobody had been told of anything. */
bool queue_tell_nothing(struct spawn_bpf_queue *q);

/*
 * queue_ring.c, all called by the thread that made the ring. 0 or more, or -errno. A filter may
 * come at any time: then the queue has no ring any more, and no result is missing.
 */
int queue_ring_make(struct spawn_bpf_queue *q);
void queue_ring_exit(struct spawn_bpf_queue *q);
/* Submits what was added. How many. */
int queue_ring_submit(struct spawn_bpf_queue *q);
/* 0: one is done. -EAGAIN: none in time. -ENXIO: this is a child now. */
int queue_ring_wait(struct spawn_bpf_queue *q, int timeout_ms);
int queue_ring_cancel(struct spawn_bpf_queue *q);
/* The eventfd is written to from now on. */
int queue_ring_notify(struct spawn_bpf_queue *q);

#endif
