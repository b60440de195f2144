// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy first_works without a kernel. TAP. */
#include "../../bpf/stable/first_works.bpf.c"
#include "spawn.h"

struct spawn {
	struct fake		f;
	struct first_works_arg	arg;
};

static const char *const argvs[3][2] = { { "a", NULL }, { "b", NULL }, { "c", NULL } };

static void prepare(struct spawn *s, const struct fake_line *world)
{
	memset(&s->arg, 0, sizeof(s->arg));
	spawn_init(&s->f, &first_works_ops, world, &s->arg, sizeof(s->arg));
	spawn_exec(&s->f, "/a", argvs[0]);
	spawn_exec(&s->f, "/b", argvs[1]);
	spawn_exec(&s->f, "/c", argvs[2]);
}

static bool reports(const struct spawn *s, int error, unsigned int tried)
{
	return s->f.outcome == (error ?: 1) && s->f.nr_execs == tried &&
	       s->arg.report.error == error && s->arg.report.tried == tried;
}

static const struct {
	const char	*name;
	struct fake_line world[5];
	int		error;
	unsigned int	tried;
} worlds[] = {
	{ "first_runs", { { "/a", 0, 0 }, { "/b", 0, 0 } }, 0, 1 },
	{ "second_runs_with_its_own_argv", { { "/b", 0, 0 }, { "/c", 0, 0 } }, 0, 2 },
	{ "any_error_goes_on", { { "/a", -E2BIG, 0 }, { "/b", -ENOMEM, 0 }, { "/c", 0, 0 } },
	  0, 3 },
	{ "etxtbsy_goes_on", { { "/a", -ETXTBSY, 0 }, { "/b", 0, 0 } }, 0, 2 },
	{ "none_runs_last_error_counts", { { "/a", -EACCES, 0 }, { "/c", -ELOOP, 0 } },
	  -ELOOP, 3 },
	{ "none_is_there_enoent", { { 0 } }, -ENOENT, 3 },
};

static void test_worlds(void)
{
	struct spawn s;
	unsigned int i;

	for (i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++) {
		prepare(&s, worlds[i].world);
		fake_run(&s.f);
		spawn_ok(&s.f, reports(&s, worlds[i].error, worlds[i].tried) &&
			 (worlds[i].error || s.f.argv == argvs[worlds[i].tried - 1]),
			 worlds[i].name);
	}
}

static const struct fake_line second[] = { { "/b", 0, 0 }, { .opcode = IORING_OP_CLOSE }, { 0 } };

static const struct fake_line none[] = { { 0 } };

static void test_regions(void)
{
	struct spawn s;

	prepare(&s, second);
	iou_prep_policy(&s.f.sqes[0], 0, 0, 0, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, spawn_runs(&s.f, "/b") && s.f.nr_execs == 2, "works_without_a_region");

	prepare(&s, second);
	s.f.sqes[0].len--;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE && !s.f.nr_execs,
		 "region_without_room_for_the_report_erange");
}

static void test_chains(void)
{
	struct iou_spawn_cqe chain[FAKE_CQES - 1];
	struct spawn s;

	prepare(&s, second);
	s.f.nr_sqes = 1;
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ERANGE, 0), "no_template_erange");

	prepare(&s, second);
	s.f.sqes[1].opcode = IORING_OP_CLOSE;
	s.f.sqes[1].flags = IOSQE_CQE_SKIP_SUCCESS;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -EINVAL && !s.f.nr_execs && s.arg.report.error == -EINVAL,
		 "template_that_is_no_exec_einval");

	prepare(&s, second);
	spawn_chain_completes(&s.f, chain, FAKE_CQES - 1);
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, 0, 2), "completions_of_the_chain_are_passed_over");

	prepare(&s, second);
	s.f.nr_submit = 2;
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, 0, 1), "templates_begin_behind_the_chain");

	prepare(&s, none);
	s.f.nr_submit = 2;
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ENOENT, 2), "templates_end_with_the_last_one");

	prepare(&s, second);
	s.f.queue_error = -ENOSPC;
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ENOSPC, 0), "no_room_to_queue_enospc");
}

int main(void)
{
	test_worlds();
	test_regions();
	test_chains();
	return tap_end();
}
