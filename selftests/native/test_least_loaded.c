// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy of examples/least_loaded without a kernel. TAP. */
#include <string.h>
#include "../../examples/least_loaded.bpf.c"
#include "fake.h"
#include "tap.h"

#define U64(p)		((__u64)(uintptr_t)(p))

static const struct fake_line all_run[] = { { FAKE_ANY, 0, 0, IORING_OP_EXEC }, { 0 } };
static const struct fake_line none_runs[] = { { FAKE_ANY, -EACCES, 0, IORING_OP_EXEC }, { 0 } };

static void run(struct fake *f, const struct fake_line *world)
{
	static const char *const programs[] = { "/a", "/b", "/c" };
	unsigned int i;

	memset(f, 0, sizeof(*f));
	f->ops = &least_loaded_ops;
	f->world = world;
	f->nr_sqes = 4;
	f->nr_submit = 1;
	iou_prep_policy(&f->sqes[0], 0, 0, 0, 0);
	for (i = 0; i < 3; i++)
		iou_prep_exec(&f->sqes[1 + i], AT_FDCWD, U64(programs[i]), 0, 0, 0, 0);
	fake_run(f);
}

static void set(__u32 a, __u32 b, __u32 c)
{
	running[0] = a;
	running[1] = b;
	running[2] = c;
}

static bool are(__u32 a, __u32 b, __u32 c)
{
	return running[0] == a && running[1] == b && running[2] == c;
}

int main(void)
{
	struct fake f;
	int i;

	set(0, 0, 0);
	run(&f, all_run);
	tap_ok(f.outcome == 1 && f.res == 0 && !strcmp(f.path, "/a") && are(1, 0, 0),
	       "first_of_equals_runs");

	set(4, 2, 3);
	run(&f, all_run);
	tap_ok(f.outcome == 1 && f.res == 1 && !strcmp(f.path, "/b") && are(4, 3, 3),
	       "least_loaded_runs_and_is_counted");

	set(0, 0, 0);
	for (i = 0; i < 9; i++)
		run(&f, all_run);
	tap_ok(are(3, 3, 3), "nine_spawns_are_spread_evenly");

	set(1, 1, 0);
	run(&f, none_runs);
	tap_ok(f.outcome == -EACCES && are(1, 1, 0), "one_that_cannot_run_is_not_counted");

	set(1, 1, 0);
	memset(&f, 0, sizeof(f));
	f.ops = &least_loaded_ops;
	f.world = all_run;
	f.nr_sqes = f.nr_submit = 1;
	iou_prep_policy(&f.sqes[0], 0, 0, 0, 0);
	fake_run(&f);
	tap_ok(f.outcome == -ERANGE && are(1, 1, 0), "no_template_erange");
	return tap_end();
}
