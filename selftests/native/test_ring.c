// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What spawn-bpf reads in a ring's fdinfo. TAP. */
#include "../../loader/common/escape.c"
#include "../../loader/policies/ring.c"
#include "tap.h"

#define UNUSED	__attribute__((unused))

/* Sentences are not what is tested here. */
void say(UNUSED const char *fmt, ...)
{
}

void say_error(UNUSED int err, UNUSED const char *hint, UNUSED const char *fmt, ...)
{
}

const char *errno_name(UNUSED int err)
{
	return "?";
}

static const char ordinary[] =
	"pos:\t0\nSqTail:\t0\nSQEs:\t0\nUserFiles:\t1\n    0: map_id:9\n"
	"SpawnSlots:\n    0: spawn_prog, map_id:4\n   15: , map_id:4294967295\n   16: x, map_id:1\n"
	"Spawns:\n"
	"  user_data:18446744073709551615, state:running cancelled, pid:52, flags:6, sqes:2, "
	"submit:1, exec:queued, policy:0, cqes:3\n"
	"  user_data:0, state:new, pid:0, flags:0, sqes:1, submit:1, exec:-, policy:-, cqes:0\n"
	"  half of a line\n"
	"SpawnsIssued:\t7\nSpawnsExeced:\t1\nSpawnsEnded:\t2\nSpawnsFailed:\t3\n"
	"SpawnsCancelled:\t4\n"
	"SpawnRingsCached:\t5\nCqOverflowList:\n  user_data=1, res=0, flags=0\n";

static int parse_text(const char *text, struct ring_view *view)
{
	FILE *f = fmemopen((char *)text, strlen(text), "r");
	int err;

	memset(view, 0, sizeof(*view));
	if (!f)
		return -errno;
	err = parse_fdinfo(f, view);
	fclose(f);
	return err;
}

static void test_ordinary(void)
{
	struct ring_view v;

	tap_ok(!parse_text(ordinary, &v) && v.answered, "ordinary_text_is_read");
	tap_ok(v.slots[0].map == 4 && !strcmp(v.slots[0].name, "spawn_prog"),
	       "slot_has_name_and_map");
	tap_ok(v.slots[15].map == 4294967295 && !*v.slots[15].name, "name_may_be_empty");
	tap_ok(!v.slots[1].map && !v.slots[9].map, "other_slots_are_empty");
	tap_ok(v.nr_spawns == 2, "what_is_no_spawn_is_left_out");
	tap_ok(v.spawns[0].user_data == ~0ULL && !strcmp(v.spawns[0].state, "running cancelled") &&
	       v.spawns[0].pid == 52 && v.spawns[0].flags == 6 && v.spawns[0].sqes == 2 &&
	       v.spawns[0].submit == 1 && !strcmp(v.spawns[0].exec, "queued") &&
	       !strcmp(v.spawns[0].policy, "0") && v.spawns[0].cqes == 3, "spawn_has_all_fields");
	tap_ok(!strcmp(v.spawns[1].exec, "-") && !v.spawns[1].pid, "spawn_that_has_no_task");
	tap_ok(v.counters[RING_ISSUED] == 7 && v.counters[RING_EXECED] == 1 &&
	       v.counters[RING_ENDED] == 2 && v.counters[RING_FAILED] == 3 &&
	       v.counters[RING_CANCELLED] == 4, "counters");
	ring_view_free(&v);
}

static void test_busy(void)
{
	struct ring_view v;

	tap_ok(!parse_text("SqTail:\t0\nUserFiles:\t0\nPollList:\n", &v) && !v.answered,
	       "busy_ring_does_not_answer");
	ring_view_free(&v);
}

int main(void)
{
	test_ordinary();
	test_busy();
	return tap_end();
}
