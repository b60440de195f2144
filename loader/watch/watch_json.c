// SPDX-License-Identifier: GPL-2.0 OR MIT
/* One JSON object a line for each event. */
#include <linux/types.h>
#include "json.h"
#include "names.h"
#include "watch_lines.h"
#include "watch_words.h"

/* Strings, as not every reader of JSON has integers of 64 bits. */
static void put_user_data(FILE *f, const struct watch_event *e)
{
	fprintf(f, ", \"user_data\": \"0x%llx\"", e->user_data);
}

static void put_place(FILE *f, const struct watch_event *e)
{
	if (e->idx == WATCH_NO_PLACE)
		fprintf(f, ", \"place\": \"policy\"");
	else
		fprintf(f, ", \"place\": %u", e->idx);
}

static void put_result(FILE *f, const struct watch_event *e)
{
	fprintf(f, ", \"res\": %d", e->res);
	if (watch_is_error(e->res))
		fprintf(f, ", \"error\": \"%s\"", watch_result(e->res));
}

static void put_clone(FILE *f, const struct watch_event *e)
{
	const char *comma = "";
	char buf[16];
	__u32 flags;

	fprintf(f, ", \"sqes\": %u, \"flags\": [", e->nr);
	for (flags = e->arg; flags; flags &= flags - 1) {
		fprintf(f, "%s\"%s\"", comma, bit_name(flags & -flags, spawn_flags, NR_SPAWN_FLAGS,
						       buf, sizeof(buf)));
		comma = ", ";
	}
	fputc(']', f);
	put_user_data(f, e);
	put_result(f, e);
}

static void put_sqe(FILE *f, const struct watch_event *e)
{
	fprintf(f, ", \"opcode\": \"%s\"", watch_opcode(e->opcode));
	put_place(f, e);
	put_user_data(f, e);
}

static void put_members(FILE *f, const struct watch_event *e)
{
	switch (e->type) {
	case WATCH_CLONE:
		put_clone(f, e);
		return;
	case WATCH_QUEUE:
		put_sqe(f, e);
		return;
	case WATCH_COMPLETE:
		put_sqe(f, e);
		put_result(f, e);
		return;
	case WATCH_STEP:
		put_place(f, e);
		fprintf(f, ", \"nr\": %u, \"why\": \"%s\"", e->nr, watch_why(e->arg));
		fprintf(f, ", \"ret\": \"%s\"", watch_returned(e->res));
		return;
	case WATCH_EXEC:
		put_place(f, e);
		put_result(f, e);
		return;
	case WATCH_END:
		if (e->idx == WATCH_NO_PLACE || e->res >= 0)
			fprintf(f, ", \"place\": null");
		else
			put_place(f, e);
		put_result(f, e);
		return;
	}
}

void watch_put_json(FILE *f, const struct watch_event *e)
{
	fprintf(f, "{\"ns\": %llu, \"event\": \"%s\", \"pid\": %d, \"submitter\": %d, \"comm\": ",
		e->ns, watch_event_name(e), e->pid, e->submitter);
	json_put_string(f, e->comm);
	put_members(f, e);
	fprintf(f, "}\n");
}

void watch_put_json_lost(FILE *f, __u64 lost)
{
	fprintf(f, "{\"event\": \"lost\", \"count\": %llu}\n", lost);
}
