/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Events put together for drawings: who did what from when to when. */
#ifndef WATCH_TIMELINE_H
#define WATCH_TIMELINE_H

#include <linux/types.h>
#include <stdbool.h>
#include "watch.h"

/* From the queueing of an SQE to its completion, or from the return of a step to what came next. */
struct span {
	struct watch_event	begin;
	__u64			from, to;
	unsigned int		lane;	/* spans of one lane do not overlap */
	bool			has_res, runs;	/* it has a result; an EXEC whose program runs */
	int			res;
};

/* One spawn, or what became of those of one submitter that had no task. */
struct track {
	int			pid;	/* 0: no task */
	int			submitter;
	char			comm[16];	/* of the program, or still the submitter's */
	__u64			from, to;

	struct span		*spans;		/* SQEs, in the order of their beginnings */
	unsigned int		nr_spans, room_spans;
	unsigned int		exec;		/* 1 + the EXEC that completed with success */
	struct span		*steps;		/* of the policy, each with the wait after it */
	unsigned int		nr_steps, room_steps;
	bool			waiting;	/* the last of them is not over */
	struct watch_event	*marks;		/* CLONE, EXEC, END */
	unsigned int		nr_marks, room_marks;
	unsigned int		*lanes;		/* 1 + the open span in each, 0: there is none */
	unsigned int		nr_lanes, room_lanes;
	unsigned int		next;		/* 1 + the next one of the bucket, while not over */
};

#define TIMELINE_BUCKETS	1024

struct timeline {
	struct track		*tracks;	/* in the order of their beginnings */
	unsigned int		nr, room;
	unsigned int		buckets[TIMELINE_BUCKETS];	/* by pid: those not over */
	__u64			from, to;
	__u64			kept, missing;	/* events: held, and not held for want of room */
	__u64			lost;		/* events that the kernel had no room for */
};

/* Adds an event; without memory, or with too many of them, it counts as missing. */
void timeline_add(struct timeline *t, const struct watch_event *e);
/* Nothing more comes: what is open lasts until now. */
void timeline_finish(struct timeline *t);
void timeline_free(struct timeline *t);

#endif
