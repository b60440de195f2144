// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <bpf/btf.h>
#include <stdio.h>
#include <string.h>
#include "names.h"
#include "util.h"
#include "watch_words.h"

#define OPCODE_PREFIX	"IORING_OP_"
#define MAX_ERRNO	4095

static char opcodes[256][24];

int watch_learn_opcodes(const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, "io_uring_op", BTF_KIND_ENUM);
	const struct btf_enum *value;
	const struct btf_type *t;
	unsigned int i;

	if (id < 0)
		return id;
	t = btf__type_by_id(btf, id);
	value = btf_enum(t);
	for (i = 0; i < btf_vlen(t); i++) {
		const char *name = btf__name_by_offset(btf, value[i].name_off);

		if (value[i].val < 0 || value[i].val >= (int)ARRAY_SIZE(opcodes) ||
		    strncmp(name, OPCODE_PREFIX, strlen(OPCODE_PREFIX)))
			continue;
		snprintf(opcodes[value[i].val], sizeof(opcodes[0]), "%s",
			 name + strlen(OPCODE_PREFIX));
	}
	return 0;
}

const char *watch_opcode(__u8 opcode)
{
	if (!opcodes[opcode][0])
		snprintf(opcodes[opcode], sizeof(opcodes[0]), "%u", opcode);
	return opcodes[opcode];
}

const char *watch_event_name(const struct watch_event *e)
{
	static const char *const names[] = {
		[WATCH_CLONE] = "clone", [WATCH_QUEUE] = "queue", [WATCH_COMPLETE] = "complete",
		[WATCH_STEP] = "step",	 [WATCH_EXEC] = "exec",	  [WATCH_END] = "end",
	};

	return e->type < ARRAY_SIZE(names) ? names[e->type] : "unknown";
}

bool watch_is_error(int res)
{
	return res < 0 && res >= -MAX_ERRNO;
}

static const char *number(int n)
{
	static char buf[16];

	snprintf(buf, sizeof(buf), "%d", n);
	return buf;
}

const char *watch_result(int res)
{
	return watch_is_error(res) ? errno_name(res) : number(res);
}

const char *watch_why(__u32 event)
{
	static const char *const names[] = { "START", "CQES", "IDLE", "TIMEOUT" };

	return event < ARRAY_SIZE(names) ? names[event] : number(event);
}

const char *watch_returned(int ret)
{
	static const char *const names[] = { "CONTINUE", "DONE", "EXIT" };

	return ret >= 0 && ret < (int)ARRAY_SIZE(names) ? names[ret] : watch_result(ret);
}

/* ---- A line's text ------------------------------------------------------------------------ */

static const char *place(const struct watch_event *e)
{
	static char buf[16];

	if (e->idx == WATCH_NO_PLACE)
		return "policy";
	snprintf(buf, sizeof(buf), "SQE %u", e->idx);
	return buf;
}

static void describe_clone(const struct watch_event *e, char *buf, size_t size)
{
	char bit[16];
	__u32 flags;
	int len;

	len = snprintf(buf, size, "%u SQE%s of pid %d", e->nr, e->nr == 1 ? "" : "s", e->submitter);
	for (flags = e->arg; flags && len < (int)size; flags &= flags - 1)
		len += snprintf(buf + len, size - len, ", %s",
				bit_name(flags & -flags, spawn_flags, NR_SPAWN_FLAGS, bit,
					 sizeof(bit)));
	if (e->res && len < (int)size)
		snprintf(buf + len, size - len, ": %s", watch_result(e->res));
}

/* In two pieces: both words may be in the same memory. */
static void describe_step(const struct watch_event *e, char *buf, size_t size)
{
	int len = snprintf(buf, size, "%u, %s", e->nr, watch_why(e->arg));

	if (len < (int)size)
		snprintf(buf + len, size - len, ": %s", watch_returned(e->res));
}

static void describe_end(const struct watch_event *e, char *buf, size_t size)
{
	if (e->res > 0)
		snprintf(buf, size, "the program runs");
	else if (!e->res)
		snprintf(buf, size, "no program");
	else if (e->idx == WATCH_NO_PLACE)
		snprintf(buf, size, "%s", watch_result(e->res));
	else
		snprintf(buf, size, "%s of SQE %u", watch_result(e->res), e->idx);
}

void watch_describe(const struct watch_event *e, char *buf, size_t size)
{
	switch (e->type) {
	case WATCH_CLONE:
		describe_clone(e, buf, size);
		return;
	case WATCH_QUEUE:
		snprintf(buf, size, "%s, %s", watch_opcode(e->opcode), place(e));
		return;
	case WATCH_COMPLETE:
		snprintf(buf, size, "%s, %s: %s", watch_opcode(e->opcode), place(e),
			 watch_result(e->res));
		return;
	case WATCH_STEP:
		describe_step(e, buf, size);
		return;
	case WATCH_EXEC:
		snprintf(buf, size, "%s: %s", place(e), e->res ? watch_result(e->res) : "runs");
		return;
	case WATCH_END:
		describe_end(e, buf, size);
		return;
	default:
		snprintf(buf, size, "type %u", e->type);
	}
}
