// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include "spawn_bpf.h"
#include "watch_timeline.h"
#include "watch_words.h"

/* Viewers give up long before; 100 bytes each or so. */
#define MAX_KEPT	(1U << 20)

/* One more element, zero, at the end of the array that @array points to; NULL without memory. */
static void *grow(void *array, unsigned int *nr, unsigned int *room, size_t size)
{
	char *p;

	memcpy(&p, array, sizeof(p));
	if (*nr == *room) {
		unsigned int more = *room ? *room * 2 : 8;

		p = reallocarray(p, more, size);
		if (!p)
			return NULL;
		memcpy(array, &p, sizeof(p));
		*room = more;
	}
	p += *nr * size;
	memset(p, 0, size);
	++*nr;
	return p;
}

#define GROW(owner, array, nr, room) \
	((__typeof__((owner)->array))grow(&(owner)->array, &(owner)->nr, &(owner)->room, \
					  sizeof(*(owner)->array)))

/* ---- Tracks ------------------------------------------------------------------------------- */

static unsigned int *bucket(struct timeline *t, int pid)
{
	return &t->buckets[(unsigned int)pid % TIMELINE_BUCKETS];
}

static struct track *find_track(struct timeline *t, const struct watch_event *e)
{
	unsigned int i;

	for (i = *bucket(t, e->pid); i; i = t->tracks[i - 1].next) {
		struct track *track = &t->tracks[i - 1];

		if (track->pid == e->pid && (e->pid || track->submitter == e->submitter))
			return track;
	}
	return NULL;
}

static struct track *new_track(struct timeline *t, const struct watch_event *e)
{
	struct track *track = GROW(t, tracks, nr, room);

	if (!track)
		return NULL;
	track->pid = e->pid;
	track->submitter = e->submitter;
	memcpy(track->comm, e->comm, sizeof(track->comm));
	track->from = track->to = e->ns;
	track->next = *bucket(t, e->pid);
	*bucket(t, e->pid) = t->nr;
	return track;
}

static void forget_track(struct timeline *t, struct track *track)
{
	unsigned int number = track - t->tracks + 1, *at = bucket(t, track->pid);

	while (*at != number)
		at = &t->tracks[*at - 1].next;
	*at = track->next;
}

static void close_span(struct track *track, struct span *s, __u64 ns)
{
	s->to = ns;
	track->lanes[s->lane] = 0;
}

static void close_step(struct track *track, __u64 ns)
{
	if (track->waiting)
		track->steps[track->nr_steps - 1].to = ns;
	track->waiting = false;
}

static void close_track(struct timeline *t, struct track *track, __u64 ns)
{
	unsigned int i;

	for (i = 0; i < track->nr_lanes; i++)
		if (track->lanes[i])
			close_span(track, &track->spans[track->lanes[i] - 1], ns);
	close_step(track, ns);
	forget_track(t, track);
}

/* A task whose number belongs to a new one now has ended, though its end has been lost. */
static struct track *track_of(struct timeline *t, const struct watch_event *e)
{
	struct track *track = find_track(t, e);

	if (track && e->type == WATCH_CLONE && e->pid) {
		close_track(t, track, track->to);
		track = NULL;
	}
	return track ?: new_track(t, e);
}

/* ---- Spans -------------------------------------------------------------------------------- */

static unsigned int *free_lane(struct track *track)
{
	unsigned int i;

	for (i = 0; i < track->nr_lanes; i++)
		if (!track->lanes[i])
			return &track->lanes[i];
	return GROW(track, lanes, nr_lanes, room_lanes);
}

static struct span *add_span(struct track *track, const struct watch_event *e)
{
	unsigned int *lane = free_lane(track);
	struct span *s = lane ? GROW(track, spans, nr_spans, room_spans) : NULL;

	if (!s)
		return NULL;
	s->begin = *e;
	s->from = s->to = e->ns;
	s->lane = lane - track->lanes;
	*lane = track->nr_spans;
	return s;
}

/* The oldest one that it can be. */
static struct span *find_span(struct track *track, const struct watch_event *e, __u8 opcode)
{
	struct span *found = NULL;
	unsigned int i;

	for (i = 0; i < track->nr_lanes; i++) {
		struct span *s = track->lanes[i] ? &track->spans[track->lanes[i] - 1] : NULL;

		if (s && s->begin.opcode == opcode && s->begin.idx == e->idx &&
		    (e->type == WATCH_EXEC || s->begin.user_data == e->user_data) &&
		    (!found || s < found))
			found = s;
	}
	return found;
}

/* One that was queued before the trace began, or whose queueing was lost, has no length. */
static bool add_complete(struct track *track, const struct watch_event *e)
{
	struct span *s = find_span(track, e, e->opcode) ?: add_span(track, e);

	if (!s)
		return false;
	close_span(track, s, e->ns);
	s->has_res = true;
	s->res = e->res;
	if (e->opcode == IORING_OP_EXEC && !e->res)
		track->exec = s - track->spans + 1;
	if (e->opcode == IORING_OP_SPAWN_BPF)
		close_step(track, e->ns);
	return true;
}

static bool add_step(struct track *track, const struct watch_event *e)
{
	struct span *s;

	close_step(track, e->ns);
	s = GROW(track, steps, nr_steps, room_steps);
	if (!s)
		return false;
	s->begin = *e;
	s->from = s->to = e->ns;
	track->waiting = !e->res;	/* IOU_SPAWN_CONTINUE; else there is no next one */
	return true;
}

/*
 * An EXEC completes when it can no longer go back, before it is known whether the program runs, and
 * not at all if IOSQE_CQE_SKIP_SUCCESS says so. Nothing of the chain runs after it.
 */
static void add_exec(struct track *track, const struct watch_event *e)
{
	struct span *s = track->exec ? &track->spans[track->exec - 1] : NULL;

	if (!s && !e->res)
		s = find_span(track, e, IORING_OP_EXEC);
	if (s) {
		if (track->lanes[s->lane] == s - track->spans + 1)
			close_span(track, s, e->ns);
		s->to = e->ns;
		s->has_res = true;
		s->res = e->res;
		s->runs = !e->res;
	}
	if (e->res)
		return;
	memcpy(track->comm, e->comm, sizeof(track->comm));
	close_step(track, e->ns);
}

static bool add_mark(struct track *track, const struct watch_event *e)
{
	struct watch_event *mark = GROW(track, marks, nr_marks, room_marks);

	if (mark)
		*mark = *e;
	return mark;
}

static bool add_to_track(struct timeline *t, struct track *track, const struct watch_event *e)
{
	if (track->to < e->ns)
		track->to = e->ns;
	switch (e->type) {
	case WATCH_QUEUE:
		return add_span(track, e);
	case WATCH_COMPLETE:
		return add_complete(track, e);
	case WATCH_STEP:
		return add_step(track, e);
	case WATCH_EXEC:
		add_exec(track, e);
		return add_mark(track, e);
	case WATCH_END:
		close_track(t, track, e->ns);
		return add_mark(track, e);
	default:
		return add_mark(track, e);
	}
}

/* ---- The whole ---------------------------------------------------------------------------- */

void timeline_add(struct timeline *t, const struct watch_event *e)
{
	struct track *track = t->kept < MAX_KEPT ? track_of(t, e) : NULL;

	if (!track || !add_to_track(t, track, e)) {
		t->missing++;
		return;
	}
	if (!t->kept || e->ns < t->from)
		t->from = e->ns;
	if (e->ns > t->to)
		t->to = e->ns;
	t->kept++;
}

void timeline_finish(struct timeline *t)
{
	unsigned int i;

	for (i = 0; i < TIMELINE_BUCKETS; i++)
		while (t->buckets[i]) {
			struct track *track = &t->tracks[t->buckets[i] - 1];

			track->to = t->to;
			close_track(t, track, t->to);
		}
}

void timeline_free(struct timeline *t)
{
	unsigned int i;

	for (i = 0; i < t->nr; i++) {
		free(t->tracks[i].spans);
		free(t->tracks[i].steps);
		free(t->tracks[i].marks);
		free(t->tracks[i].lanes);
	}
	free(t->tracks);
}
