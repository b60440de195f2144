/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Where the events come from: watch.bpf.c, on the tracepoints of the running kernel. */
#ifndef WATCH_SOURCE_H
#define WATCH_SOURCE_H

#include <linux/types.h>
#include <stddef.h>
#include <sys/types.h>
#include "watch.h"

struct watch_source {
	struct watch_bpf	*skel;
	struct ring_buffer	*buffer;
	__u64			lost;	/* events of which the receiver was told */
};

struct watch_receiver {
	void	(*event)(void *arg, const struct watch_event *e);
	void	(*lost)(void *arg, __u64 more);
	void	*arg;
};

struct watch_filter {
	pid_t		root;		/* 0: everybody's chains */
	unsigned int	generations;	/* 1: its own, 2: its children's too, and so on */
};

/*
 * Starts. 0, or the exit status after a sentence. To be closed in either case. @receiver must stay
 * as long.
 */
int watch_open(struct watch_source *w, const struct watch_filter *filter, size_t buffer,
	       const struct watch_receiver *receiver);
void watch_close(struct watch_source *w);

/* What becomes readable when there are events. */
int watch_fd(const struct watch_source *w);
/* Hands over some of what is there. */
void watch_take(struct watch_source *w, const struct watch_receiver *receiver);
/* No more events; what was on its way is handed over. */
void watch_stop(struct watch_source *w, const struct watch_receiver *receiver);

#endif
