// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Trace Event Format. A task is a "process", so that viewers keep together what belongs to it. Its
 * first "thread" has the marks and the steps, each with the wait that follows it, the others its
 * SQEs: slices of one thread must not overlap.
 */
#include "json.h"
#include "watch_draw.h"
#include "watch_words.h"

#define TID_POLICY	1
#define TID_SQES	2

struct writer {
	FILE	*f;
	__u64	since;
	bool	second;		/* a comma goes in front of the next one */
};

/* Opens an event; json_put_string() and the like go on, a "}" ends it. */
static void begin(struct writer *w, const char *phase, const struct track *track,
		  unsigned int tid)
{
	fprintf(w->f, "%s\n{\"ph\": \"%s\", \"pid\": %d, \"tid\": %u", w->second ? "," : "",
		phase, track->pid ?: track->submitter, tid);
	w->second = true;
}

/* Microseconds, to the nanosecond. */
static void put_time(struct writer *w, __u64 ns)
{
	ns -= w->since;
	fprintf(w->f, ", \"ts\": %llu.%03llu", ns / 1000, ns % 1000);
}

static void put_name(struct writer *w, const char *name)
{
	fputs(", \"name\": ", w->f);
	json_put_string(w->f, name);
}

/* ---- What a viewer calls the rows --------------------------------------------------------- */

static void put_label(struct writer *w, const struct track *track, unsigned int tid,
		      const char *what, const char *name)
{
	begin(w, "M", track, tid);
	put_name(w, what);
	fputs(", \"args\": {\"name\": ", w->f);
	json_put_string(w->f, name);
	fputs("}}", w->f);
}

static void put_labels(struct writer *w, const struct track *track)
{
	char name[64];
	unsigned int i;

	snprintf(name, sizeof(name), "%s, %s %d", track->comm,
		 track->pid ? "spawned by" : "no task for", track->submitter);
	put_label(w, track, TID_POLICY, "process_name", name);
	put_label(w, track, TID_POLICY, "thread_name", "policy");
	for (i = 0; i < track->nr_lanes; i++) {
		snprintf(name, sizeof(name), "SQEs %u", i + 1);
		put_label(w, track, TID_SQES + i, "thread_name", name);
	}
}

/* ---- Events ------------------------------------------------------------------------------- */

static void put_sqe(struct writer *w, const struct track *track, const struct span *s)
{
	begin(w, "B", track, TID_SQES + s->lane);
	put_time(w, s->from);
	put_name(w, watch_opcode(s->begin.opcode));
	if (s->begin.idx == WATCH_NO_PLACE)
		fprintf(w->f, ", \"args\": {\"place\": \"policy\"");
	else
		fprintf(w->f, ", \"args\": {\"place\": %u", s->begin.idx);
	fprintf(w->f, ", \"user_data\": \"0x%llx\"}}", s->begin.user_data);
	begin(w, "E", track, TID_SQES + s->lane);
	put_time(w, s->to);
	fputs(", \"args\": {\"result\": ", w->f);
	json_put_string(w->f, s->has_res ? watch_result(s->res) : "none seen");
	fputs("}}", w->f);
}

static void put_step(struct writer *w, const struct track *track, const struct span *s)
{
	char text[WATCH_TEXT], name[WATCH_TEXT + 16];

	watch_describe(&s->begin, text, sizeof(text));
	snprintf(name, sizeof(name), "step %s", text);
	begin(w, "B", track, TID_POLICY);
	put_time(w, s->from);
	put_name(w, name);
	fputs("}", w->f);
	begin(w, "E", track, TID_POLICY);
	put_time(w, s->to);
	fputs("}", w->f);
}

static void put_mark(struct writer *w, const struct track *track, const struct watch_event *e)
{
	char text[WATCH_TEXT], name[WATCH_TEXT + 16];

	watch_describe(e, text, sizeof(text));
	snprintf(name, sizeof(name), "%s: %s", watch_event_name(e), text);
	begin(w, "i", track, TID_POLICY);
	put_time(w, e->ns);
	put_name(w, name);
	fputs(", \"s\": \"t\"}", w->f);
}

static void put_track(struct writer *w, const struct track *track)
{
	unsigned int i;

	put_labels(w, track);
	for (i = 0; i < track->nr_marks; i++)
		put_mark(w, track, &track->marks[i]);
	for (i = 0; i < track->nr_steps; i++)
		put_step(w, track, &track->steps[i]);
	for (i = 0; i < track->nr_spans; i++)
		put_sqe(w, track, &track->spans[i]);
}

void watch_draw_chrome(FILE *f, const struct timeline *t)
{
	struct writer w = { .f = f, .since = t->from };
	unsigned int i;

	fprintf(f, "{\"displayTimeUnit\": \"ns\",\n"
		"\"otherData\": {\"lost\": %llu, \"missing\": %llu},\n"
		"\"traceEvents\": [", t->lost, t->missing);
	for (i = 0; i < t->nr; i++)
		put_track(&w, &t->tracks[i]);
	fprintf(f, "\n]}\n");
}
