// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy busy_retry without a kernel. TAP. */
#include "../../bpf/stable/busy_retry.bpf.c"
#include "spawn.h"

struct spawn {
	struct fake		f;
	struct busy_retry_arg	arg;
};

static void prepare(struct spawn *s, const struct fake_line *world)
{
	memset(&s->arg, 0, sizeof(s->arg));
	spawn_init(&s->f, &busy_retry_ops, world, &s->arg, sizeof(s->arg));
	spawn_exec(&s->f, "/cmd", NULL);
}

static bool reports(const struct spawn *s, int error, unsigned int attempts, __u64 paused_ns)
{
	const struct busy_retry_report *r = &s->arg.report;

	return s->f.outcome == (error ?: 1) && s->f.nr_execs == attempts &&
	       s->f.slept_ns == paused_ns && r->error == error && r->attempts == attempts &&
	       r->paused_ns == paused_ns;
}

static const struct {
	const char	*name;
	struct fake_line world[4];
	int		error;
	unsigned int	attempts;
	__u64		paused_ns;
} worlds[] = {
	{ "runs_at_once", { { "/cmd", 0, 0 } }, 0, 1, 0 },
	{ "busy_three_times_then_runs", { { "/cmd", -ETXTBSY, 3 }, { "/cmd", 0, 0 } },
	  0, 4, 7 * MS },
	{ "busy_for_ever_etxtbsy", { { "/cmd", -ETXTBSY, 0 } }, -ETXTBSY, 11, 319 * MS },
	{ "missing_enoent_at_once", { { 0 } }, -ENOENT, 1, 0 },
	{ "other_error_after_a_pause_ends_it", { { "/cmd", -ETXTBSY, 1 }, { "/cmd", -EACCES, 0 } },
	  -EACCES, 2, 1 * MS },
};

static void test_worlds(void)
{
	struct spawn s;
	unsigned int i;

	for (i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++) {
		prepare(&s, worlds[i].world);
		fake_run(&s.f);
		spawn_ok(&s.f, reports(&s, worlds[i].error, worlds[i].attempts,
				       worlds[i].paused_ns), worlds[i].name);
	}
}

static const struct fake_line busy[] = { { "/cmd", -ETXTBSY, 0 }, { 0 } };
static const struct fake_line busy_once[] = { { "/cmd", -ETXTBSY, 1 }, { "/cmd", 0, 0 }, { 0 } };

static void test_params(void)
{
	struct spawn s;

	max_busy = 0;
	prepare(&s, busy);
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ETXTBSY, 1, 0), "no_pause_allowed_fails_at_once");

	max_busy = 100;
	prepare(&s, busy);
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ETXTBSY, 101, (63 + 94 * 64) * MS),
		 "pauses_grow_to_the_longest");

	first_pause_ns = 0;
	prepare(&s, busy);
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ETXTBSY, 101, 0), "pauses_of_no_length_retry_at_once");

	first_pause_ns = 80 * MS;
	max_busy = 2;
	prepare(&s, busy);
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ETXTBSY, 3, 128 * MS), "first_pause_beyond_the_longest_is_cut");

	first_pause_ns = 1 * MS;
	max_busy = 10;
}

static void test_regions(void)
{
	struct spawn s;

	prepare(&s, busy_once);
	iou_prep_policy(&s.f.sqes[0], 0, 0, 0, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, spawn_runs(&s.f, "/cmd") && s.f.nr_execs == 2 && s.f.slept_ns == 1 * MS,
		 "works_without_a_region");

	prepare(&s, busy_once);
	s.f.sqes[0].len--;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE && !s.f.nr_execs,
		 "region_without_room_for_the_report_erange");
}

static void test_chains(void)
{
	static const struct fake_line no_exec[] = { { .opcode = IORING_OP_CLOSE }, { 0 } };
	struct iou_spawn_cqe chain[FAKE_CQES - 1];
	struct spawn s;

	prepare(&s, busy_once);
	s.f.nr_sqes = 1;
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ERANGE, 0, 0), "no_template_erange");

	prepare(&s, no_exec);
	s.f.sqes[1].opcode = IORING_OP_CLOSE;
	s.f.sqes[1].flags = IOSQE_CQE_SKIP_SUCCESS;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -EINVAL && s.arg.report.error == -EINVAL,
		 "template_that_is_no_exec_einval");

	prepare(&s, busy_once);
	spawn_chain_completes(&s.f, chain, FAKE_CQES - 1);
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, 0, 2, 1 * MS), "completions_of_the_chain_are_passed_over");

	prepare(&s, busy_once);
	s.f.queue_error = -ENOSPC;
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ENOSPC, 0, 0), "no_room_to_queue_enospc");
}

int main(void)
{
	test_worlds();
	test_params();
	test_regions();
	test_chains();
	return tap_end();
}
