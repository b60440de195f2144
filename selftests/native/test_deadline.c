// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy deadline without a kernel. TAP. */
#include "../../bpf/stable/deadline.bpf.c"
#include "spawn.h"

#define START	(5000 * MS)	/* of the clock */
#define LIMIT	(100 * MS)

struct spawn {
	struct fake		f;
	struct deadline_arg	arg;
};

/* POLL, then FUTEX_WAIT, then the program. */
static void prepare(struct spawn *s, const struct fake_line *world)
{
	fake_now = START;
	s->arg = (struct deadline_arg){ .limit_ns = LIMIT };
	spawn_init(&s->f, &deadline_ops, world, &s->arg, sizeof(s->arg));
	spawn_template(&s->f, IORING_OP_POLL_ADD);
	spawn_template(&s->f, IORING_OP_FUTEX_WAIT);
	spawn_exec(&s->f, "/cmd", NULL);
}

static bool reports(const struct spawn *s, int error, unsigned int step, __u64 left_ns)
{
	const struct deadline_report *r = &s->arg.report;

	return r->error == error && r->step == step && r->left_ns == left_ns;
}

#define POLL(ns)	{ .opcode = IORING_OP_POLL_ADD, .after_ns = (ns), .res = 1 }
#define FUTEX(ns)	{ .opcode = IORING_OP_FUTEX_WAIT, .after_ns = (ns) }
#define CMD(r)		{ .path = "/cmd", .res = (r) }

static const struct {
	const char	*name;
	struct fake_line world[5];
	int		outcome;
	unsigned int	step;
	__u64		left_ns;
	__u64		took_ns;
} worlds[] = {
	{ "in_time_the_program_runs", { POLL(10 * MS), FUTEX(20 * MS), CMD(0) },
	  1, 2, 70 * MS, 30 * MS },
	{ "at_once_the_program_runs", { POLL(0), FUTEX(0), CMD(0) }, 1, 2, LIMIT, 0 },
	{ "first_one_never_ends_etimedout", { POLL(FAKE_NEVER), FUTEX(0), CMD(0) },
	  -ETIMEDOUT, 0, LIMIT, LIMIT },
	{ "second_one_never_ends_etimedout", { POLL(30 * MS), FUTEX(FAKE_NEVER), CMD(0) },
	  -ETIMEDOUT, 1, 70 * MS, LIMIT },
	{ "each_in_time_but_not_all_etimedout", { POLL(60 * MS), FUTEX(60 * MS), CMD(0) },
	  -ETIMEDOUT, 1, 40 * MS, LIMIT },
	{ "last_moment_is_too_late", { POLL(LIMIT), FUTEX(0), CMD(0) },
	  -ETIMEDOUT, 0, LIMIT, LIMIT },
	{ "just_in_time", { POLL(LIMIT - 1), FUTEX(0), CMD(0) }, 1, 2, 1, LIMIT - 1 },
	{ "error_ends_it_before_the_time", { POLL(5 * MS), CMD(0) },
	  -EINVAL, 1, 95 * MS, 5 * MS },
	{ "exec_fails_enoent", { POLL(1 * MS), FUTEX(0) }, -ENOENT, 2, 99 * MS, 1 * MS },
};

static void test_worlds(void)
{
	struct spawn s;
	unsigned int i;

	for (i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++) {
		int outcome = worlds[i].outcome;

		prepare(&s, worlds[i].world);
		fake_run(&s.f);
		spawn_ok(&s.f, s.f.outcome == outcome && fake_now - START == worlds[i].took_ns &&
			 reports(&s, outcome < 0 ? outcome : 0, worlds[i].step, worlds[i].left_ns),
			 worlds[i].name);
	}
}

static const struct fake_line never[] = { POLL(FAKE_NEVER), { 0 } };
static const struct fake_line soon[] = { POLL(1), FUTEX(1), CMD(0), { 0 } };

static bool ends_after(const struct spawn *s, __u64 ns)
{
	return s->f.outcome == -ETIMEDOUT && fake_now - START == ns;
}

static void test_limits(void)
{
	struct spawn s;

	prepare(&s, never);
	s.arg.limit_ns = 0;
	fake_run(&s.f);
	spawn_ok(&s.f, ends_after(&s, 1000 * MS), "region_says_0_so_the_parameter_counts");

	default_ns = 7 * MS;
	prepare(&s, never);
	iou_prep_policy(&s.f.sqes[0], 0, 0, 0, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, ends_after(&s, 7 * MS), "no_region_so_the_parameter_counts");

	default_ns = 0;
	prepare(&s, soon);
	s.arg.limit_ns = 0;
	fake_run(&s.f);
	spawn_ok(&s.f, ends_after(&s, 0) && !s.f.nr_issued, "no_time_at_all_etimedout");
	default_ns = 1000 * MS;

	prepare(&s, soon);
	s.arg.limit_ns = ~0ULL;
	fake_run(&s.f);
	spawn_ok(&s.f, spawn_runs(&s.f, "/cmd"), "time_without_end_does_not_wrap");
}

static void test_regions(void)
{
	struct spawn s;

	prepare(&s, soon);
	s.f.sqes[0].len = 4;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE && !s.f.nr_issued, "half_a_limit_erange");

	prepare(&s, soon);
	s.f.sqes[0].len--;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE && !s.f.nr_issued,
		 "region_without_room_for_the_report_erange");

	prepare(&s, soon);
	s.f.sqes[0].len--;
	s.f.nr_sqes = 1;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE, "no_template_and_a_bad_region_erange");
}

static void test_chains(void)
{
	struct iou_spawn_cqe chain[FAKE_CQES - 1];
	struct spawn s;

	prepare(&s, soon);
	s.f.nr_sqes = 3;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == 0 && s.f.res == 0 && reports(&s, 0, 1, LIMIT - 1),
		 "without_a_program_it_completes_with_0");

	prepare(&s, soon);
	s.f.sqes[1].flags = IOSQE_CQE_SKIP_SUCCESS;
	fake_run(&s.f);
	spawn_ok(&s.f, spawn_runs(&s.f, "/cmd") && fake_now - START == 2,
		 "one_that_is_to_say_nothing_is_heard");

	prepare(&s, soon);
	spawn_chain_completes(&s.f, chain, FAKE_CQES - 1);
	fake_run(&s.f);
	spawn_ok(&s.f, spawn_runs(&s.f, "/cmd") && s.f.nr_issued == 3,
		 "completions_of_the_chain_are_passed_over");

	prepare(&s, never);
	spawn_chain_completes(&s.f, chain, 3);
	fake_run(&s.f);
	spawn_ok(&s.f, ends_after(&s, LIMIT), "completions_of_the_chain_gain_no_time");

	prepare(&s, soon);
	s.f.queue_error = -ENOSPC;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ENOSPC && reports(&s, -ENOSPC, 0, LIMIT),
		 "no_room_to_queue_enospc");
}

int main(void)
{
	test_worlds();
	test_limits();
	test_regions();
	test_chains();
	return tap_end();
}
