// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy setup_steps without a kernel. TAP. */
#include "../../bpf/stable/setup_steps.bpf.c"
#include "spawn.h"

#define NR_STEPS	4

enum { EXIT_CHDIR = 200, EXIT_EXEC = 203, EXIT_GROUP = 216, EXIT_USER = 217 };

struct spawn {
	struct fake	f;
	union {
		struct setup_steps_arg	arg;
		unsigned char		bytes[SETUP_STEPS_ARG_LEN(NR_STEPS)];
	};
};

/* Steps are told apart by opcode: three of a set-up, then the program. */
static void prepare(struct spawn *s, const struct fake_line *world)
{
	memset(s->bytes, 0, sizeof(s->bytes));
	spawn_init(&s->f, &setup_steps_ops, world, &s->arg, sizeof(s->bytes));
	spawn_template(&s->f, IORING_OP_MKDIRAT)->user_data = EXIT_CHDIR;
	spawn_template(&s->f, IORING_OP_CLOSE)->user_data = EXIT_GROUP;
	spawn_template(&s->f, IORING_OP_TASK)->user_data = EXIT_USER;
	spawn_exec(&s->f, "/cmd", NULL)->user_data = EXIT_EXEC;
}

static bool reports(const struct spawn *s, int error, unsigned int step, unsigned int code,
		    unsigned int nr_soft)
{
	const struct setup_steps_report *r = &s->arg.report;

	return r->error == error && r->step == step && r->code == code && r->nr_soft == nr_soft &&
	       !s->f.nr_posts;
}

#define MKDIR(r)	{ .opcode = IORING_OP_MKDIRAT, .res = (r) }
#define CLOSE(r)	{ .opcode = IORING_OP_CLOSE, .res = (r) }
#define TASK(r)		{ .opcode = IORING_OP_TASK, .res = (r) }
#define CMD(r)		{ .path = "/cmd", .res = (r) }

static const struct {
	const char	*name;
	struct fake_line world[6];
	__u64		soft;
	int		outcome;
	struct setup_steps_report report;
	unsigned int	issued;
	int		res[NR_STEPS];
} worlds[] = {
	{ "all_steps_succeed_then_the_program_runs",
	  { MKDIR(0), CLOSE(0), TASK(3), CMD(0) }, 0,
	  1, { 0, 3, EXIT_EXEC, 0 }, 4, { 0, 0, 3, 0 } },
	{ "first_step_fails_under_its_code", { MKDIR(-ENOENT), CLOSE(0), TASK(0), CMD(0) }, 0,
	  -ENOENT, { -ENOENT, 0, EXIT_CHDIR, 0 }, 1, { -ENOENT } },
	{ "third_step_fails_under_its_code", { MKDIR(0), CLOSE(0), TASK(-EPERM), CMD(0) }, 0,
	  -EPERM, { -EPERM, 2, EXIT_USER, 0 }, 3, { 0, 0, -EPERM } },
	{ "exec_fails_under_its_code", { MKDIR(0), CLOSE(0), TASK(0), CMD(-EACCES) }, 0,
	  -EACCES, { -EACCES, 3, EXIT_EXEC, 0 }, 4, { 0, 0, 0, -EACCES } },
	{ "soft_step_is_noted_and_passed_over", { MKDIR(-EEXIST), CLOSE(0), TASK(0), CMD(0) }, 1,
	  1, { 0, 3, EXIT_EXEC, 1 }, 4, { -EEXIST } },
	{ "soft_steps_then_a_hard_one", { MKDIR(-EEXIST), CLOSE(-EBADF), TASK(-EPERM), CMD(0) }, 3,
	  -EPERM, { -EPERM, 2, EXIT_USER, 2 }, 3, { -EEXIST, -EBADF, -EPERM } },
	{ "soft_bit_of_another_step_does_not_count",
	  { MKDIR(-EEXIST), CLOSE(0), TASK(0), CMD(0) }, 2,
	  -EEXIST, { -EEXIST, 0, EXIT_CHDIR, 0 }, 1, { -EEXIST } },
	{ "soft_program_that_is_missing_is_no_failure", { MKDIR(0), CLOSE(0), TASK(0) }, 8,
	  0, { 0, 3, EXIT_EXEC, 1 }, 4, { 0, 0, 0, -ENOENT } },
};

static void test_worlds(void)
{
	struct spawn s;
	unsigned int i;

	for (i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++) {
		const struct setup_steps_report *r = &worlds[i].report;

		prepare(&s, worlds[i].world);
		s.f.sqes[0].addr3 = worlds[i].soft;
		fake_run(&s.f);
		spawn_ok(&s.f, s.f.outcome == worlds[i].outcome &&
			 s.f.nr_issued == worlds[i].issued &&
			 reports(&s, r->error, r->step, r->code, r->nr_soft) &&
			 !memcmp(s.arg.res, worlds[i].res, sizeof(worlds[i].res)), worlds[i].name);
	}
}

static const struct fake_line good[] = { MKDIR(0), CLOSE(0), TASK(0), CMD(0), { 0 } };
static const struct fake_line bad_close[] = { MKDIR(0), CLOSE(-EBADF), { 0 } };

static void test_regions(void)
{
	struct spawn s;

	prepare(&s, bad_close);
	iou_prep_policy(&s.f.sqes[0], 0, 0, 0, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -EBADF && s.f.nr_issued == 2, "works_without_a_region");

	prepare(&s, good);
	s.f.sqes[0].len = sizeof(s.arg) - 1;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE && !s.f.nr_issued,
		 "region_without_room_for_the_report_erange");

	prepare(&s, bad_close);
	s.f.sqes[0].len = SETUP_STEPS_ARG_LEN(1);
	s.arg.res[0] = s.arg.res[1] = 77;
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -EBADF, 1, EXIT_GROUP, 0) && s.arg.res[0] == 0 &&
		 s.arg.res[1] == 77, "results_that_do_not_fit_are_dropped");
}

static void test_ends(void)
{
	struct spawn s;

	prepare(&s, good);
	s.f.nr_sqes = 4;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == 0 && s.f.res == 0 && reports(&s, 0, 2, EXIT_USER, 0),
		 "set_up_alone_completes_with_0");

	prepare(&s, good);
	s.f.nr_sqes = 1;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == 0 && reports(&s, 0, 0, 0, 0), "no_step_at_all_is_no_failure");

	prepare(&s, good);
	s.f.nr_sqes = 1;
	s.f.sqes[0].len = 1;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE, "no_step_and_a_bad_region_erange");

	prepare(&s, good);
	s.f.sqes[1].flags = s.f.sqes[2].flags = IOSQE_CQE_SKIP_SUCCESS;
	fake_run(&s.f);
	spawn_ok(&s.f, spawn_runs(&s.f, "/cmd") && s.f.nr_issued == 4,
		 "steps_that_are_to_say_nothing_are_heard");

	prepare(&s, good);
	s.f.queue_error = -ENOSPC;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ENOSPC && reports(&s, -ENOSPC, 0, EXIT_CHDIR, 0),
		 "no_room_to_queue_enospc");
}

static void test_chains(void)
{
	struct iou_spawn_cqe chain[FAKE_CQES - 1];
	struct spawn s;

	prepare(&s, good);
	spawn_chain_completes(&s.f, chain, FAKE_CQES - 1);
	fake_run(&s.f);
	spawn_ok(&s.f, spawn_runs(&s.f, "/cmd") && s.f.nr_issued == 4,
		 "completions_of_the_chain_are_passed_over");

	prepare(&s, good);
	s.f.nr_submit = 3;
	fake_run(&s.f);
	spawn_ok(&s.f, spawn_runs(&s.f, "/cmd") && s.f.nr_issued == 2,
		 "steps_begin_behind_the_chain");
}

int main(void)
{
	test_worlds();
	test_regions();
	test_ends();
	test_chains();
	return tap_end();
}
