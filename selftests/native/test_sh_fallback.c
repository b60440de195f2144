// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy sh_fallback without a kernel. TAP. */
#include "../../bpf/stable/sh_fallback.bpf.c"
#include "spawn.h"

struct spawn {
	struct fake		f;
	struct sh_fallback_arg	arg;
};

static const char *const argv[] = { "sh", "/script", "arg", NULL };

static void prepare(struct spawn *s, const struct fake_line *world)
{
	memset(&s->arg, 0, sizeof(s->arg));
	spawn_init(&s->f, &sh_fallback_ops, world, &s->arg, sizeof(s->arg));
	spawn_exec(&s->f, "/script", &argv[1]);
	spawn_exec(&s->f, "/bin/sh", argv);
}

static bool reports(const struct spawn *s, int error, unsigned int sh)
{
	return s->f.outcome == (error ?: 1) && s->arg.report.error == error &&
	       s->arg.report.sh == sh;
}

static const struct {
	const char	*name;
	struct fake_line world[4];
	const char	*runs;
	const char	*const *argv;
	int		error;
	unsigned int	sh;
} worlds[] = {
	{ "program_runs", { { "/script", 0, 0 }, { "/bin/sh", 0, 0 } },
	  "/script", &argv[1], 0, 0 },
	{ "enoexec_goes_to_the_shell", { { "/script", -ENOEXEC, 0 }, { "/bin/sh", 0, 0 } },
	  "/bin/sh", argv, 0, 1 },
	{ "missing_program_is_not_for_the_shell", { { "/bin/sh", 0, 0 } },
	  NULL, NULL, -ENOENT, 0 },
	{ "eacces_is_not_for_the_shell", { { "/script", -EACCES, 0 }, { "/bin/sh", 0, 0 } },
	  NULL, NULL, -EACCES, 0 },
	{ "shell_missing_enoent", { { "/script", -ENOEXEC, 0 } }, NULL, NULL, -ENOENT, 1 },
	{ "shell_gives_enoexec_fails", { { "/script", -ENOEXEC, 0 }, { "/bin/sh", -ENOEXEC, 0 } },
	  NULL, NULL, -ENOEXEC, 1 },
};

static void test_worlds(void)
{
	struct spawn s;
	unsigned int i;

	for (i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++) {
		prepare(&s, worlds[i].world);
		fake_run(&s.f);
		spawn_ok(&s.f, reports(&s, worlds[i].error, worlds[i].sh) &&
			 s.f.nr_execs == 1 + worlds[i].sh &&
			 (!worlds[i].runs || (spawn_runs(&s.f, worlds[i].runs) &&
					      s.f.argv == worlds[i].argv)), worlds[i].name);
	}
}

static const struct fake_line script[] = { { "/script", -ENOEXEC, 0 }, { "/bin/sh", 0, 0 }, { 0 } };

static void test_regions(void)
{
	struct spawn s;

	prepare(&s, script);
	iou_prep_policy(&s.f.sqes[0], 0, 0, 0, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, spawn_runs(&s.f, "/bin/sh") && s.f.nr_execs == 2, "works_without_a_region");

	prepare(&s, script);
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

	prepare(&s, script);
	s.f.nr_sqes = 1;
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ERANGE, 0), "no_template_erange");

	prepare(&s, script);
	s.f.nr_sqes = 2;
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ERANGE, 1), "no_template_for_the_shell_erange");

	prepare(&s, no_exec);
	s.f.sqes[1].opcode = IORING_OP_CLOSE;
	s.f.sqes[1].flags = IOSQE_CQE_SKIP_SUCCESS;
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -EINVAL, 0), "template_that_is_no_exec_einval");

	prepare(&s, script);
	spawn_chain_completes(&s.f, chain, FAKE_CQES - 1);
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, 0, 1), "completions_of_the_chain_are_passed_over");

	prepare(&s, script);
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
