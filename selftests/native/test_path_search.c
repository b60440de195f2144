// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy path_search without a kernel. TAP. */
#include "../../bpf/stable/path_search.bpf.c"
#include "spawn.h"

struct spawn {
	struct fake	f;
	union {
		struct path_search_arg	arg;
		unsigned char		bytes[4096];
	};
};

static const char *const three[] = { "/a/cmd", "/b/cmd", "/c/cmd" };
static const char *const argv[] = { "cmd", NULL };

static void prepare(struct spawn *s, const struct fake_line *world, const char *const *paths,
		    unsigned int nr_paths)
{
	unsigned int i;

	memset(&s->bytes, 0, sizeof(s->bytes));
	s->arg.nr_paths = nr_paths;
	for (i = 0; i < nr_paths; i++)
		s->arg.paths[i] = U64(paths[i]);
	spawn_init(&s->f, &path_search_ops, world, &s->arg, PATH_SEARCH_ARG_LEN(nr_paths));
	spawn_exec(&s->f, NULL, argv);
}

static bool reports(const struct spawn *s, int error, unsigned int path, unsigned int tried)
{
	const struct path_search_report *r = &s->arg.report;

	return s->f.outcome == (error ?: 1) && s->f.nr_execs == tried && r->error == error &&
	       r->path == path && r->tried == tried;
}

static const struct {
	const char	*name;
	struct fake_line world[5];
	const char	*runs;
	int		error;
	unsigned int	path, tried;
} worlds[] = {
	{ "first_path_runs", { { "/a/cmd", 0, 0 } }, "/a/cmd", 0, 0, 1 },
	{ "second_path_runs", { { "/b/cmd", 0, 0 } }, "/b/cmd", 0, 1, 2 },
	{ "nowhere_enoent", { { 0 } }, NULL, -ENOENT, 2, 3 },
	{ "last_error_counts", { { "/c/cmd", -ENOTDIR, 0 } }, NULL, -ENOTDIR, 2, 3 },
	{ "enotdir_goes_on", { { "/a/cmd", -ENOTDIR, 0 }, { "/b/cmd", 0, 0 } }, "/b/cmd", 0, 1, 2 },
	{ "estale_goes_on", { { "/a/cmd", -ESTALE, 0 }, { "/b/cmd", 0, 0 } }, "/b/cmd", 0, 1, 2 },
	{ "enodev_goes_on", { { "/a/cmd", -ENODEV, 0 }, { "/b/cmd", 0, 0 } }, "/b/cmd", 0, 1, 2 },
	{ "etimedout_goes_on", { { "/a/cmd", -ETIMEDOUT, 0 }, { "/b/cmd", 0, 0 } },
	  "/b/cmd", 0, 1, 2 },
	{ "eacces_goes_on", { { "/a/cmd", -EACCES, 0 }, { "/c/cmd", 0, 0 } }, "/c/cmd", 0, 2, 3 },
	{ "eacces_is_remembered", { { "/a/cmd", -EACCES, 0 } }, NULL, -EACCES, 0, 3 },
	{ "eacces_of_the_last_such_path_is_reported",
	  { { "/a/cmd", -EACCES, 0 }, { "/b/cmd", -EACCES, 0 } }, NULL, -EACCES, 1, 3 },
	{ "eloop_ends_the_search_in_spite_of_eacces",
	  { { "/a/cmd", -EACCES, 0 }, { "/b/cmd", -ELOOP, 0 }, { "/c/cmd", 0, 0 } },
	  NULL, -ELOOP, 1, 2 },
	{ "etxtbsy_ends_the_search", { { "/a/cmd", -ETXTBSY, 0 }, { "/b/cmd", 0, 0 } },
	  NULL, -ETXTBSY, 0, 1 },
	{ "enoexec_ends_the_search", { { "/b/cmd", -ENOEXEC, 0 }, { "/c/cmd", 0, 0 } },
	  NULL, -ENOEXEC, 1, 2 },
};

static void test_worlds(void)
{
	struct spawn s;
	unsigned int i;

	for (i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++) {
		prepare(&s, worlds[i].world, three, 3);
		fake_run(&s.f);
		spawn_ok(&s.f, reports(&s, worlds[i].error, worlds[i].path, worlds[i].tried) &&
			 (!worlds[i].runs || (spawn_runs(&s.f, worlds[i].runs) &&
					      (const void *)s.f.argv == argv)), worlds[i].name);
	}
}

static void test_regions(void)
{
	static const struct fake_line none[] = { { 0 } };
	struct spawn s;

	prepare(&s, none, three, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ENOENT, 0, 0), "no_path_at_all_enoent");

	prepare(&s, none, three, 3);
	s.f.sqes[0].len = 0;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE && !s.f.nr_execs, "no_region_erange");

	prepare(&s, none, three, 3);
	s.f.sqes[0].len = sizeof(s.arg) - 1;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE && !s.f.nr_execs, "region_without_a_head_erange");

	prepare(&s, none, three, 3);
	s.arg.nr_paths = 4;
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ERANGE, 2, 3), "more_paths_promised_than_there_are_erange");

	prepare(&s, none, three, 3);
	s.f.sqes[0].len--;
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ERANGE, 1, 2), "half_a_path_erange");
}

static void test_many_paths(void)
{
	static const struct fake_line last[] = { { "/last", 0, 0 }, { 0 } };
	static const char *paths[PATH_SEARCH_MAX_PATHS];
	unsigned int i;
	struct spawn s;

	for (i = 0; i < PATH_SEARCH_MAX_PATHS - 1; i++)
		paths[i] = "/none";
	paths[i] = "/last";
	prepare(&s, last, paths, PATH_SEARCH_MAX_PATHS);
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.sqes[0].len <= 4096 && s.f.sqes[0].len + 8 > 4096 &&
		 reports(&s, 0, PATH_SEARCH_MAX_PATHS - 1, PATH_SEARCH_MAX_PATHS),
		 "as_many_paths_as_fit_are_tried");
}

static void test_chains(void)
{
	static const struct fake_line second[] = {
		{ "/b/cmd", 0, 0 }, { .opcode = IORING_OP_CLOSE }, { 0 },
	};
	struct iou_spawn_cqe chain[FAKE_CQES - 1];
	struct spawn s;

	prepare(&s, second, three, 3);
	s.f.nr_sqes = 1;
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ERANGE, 0, 0), "no_template_erange");

	prepare(&s, second, three, 3);
	s.f.sqes[1].opcode = IORING_OP_CLOSE;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -EINVAL && s.arg.report.error == -EINVAL,
		 "template_that_is_no_exec_einval");

	prepare(&s, second, three, 3);
	s.f.sqes[1].opcode = IORING_OP_CLOSE;
	s.f.sqes[1].flags = IOSQE_CQE_SKIP_SUCCESS;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -EINVAL, "template_that_says_nothing_einval");

	prepare(&s, second, three, 3);
	spawn_chain_completes(&s.f, chain, FAKE_CQES - 1);
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, 0, 1, 2), "completions_of_the_chain_are_passed_over");

	prepare(&s, second, three, 3);
	s.f.queue_error = -ENOSPC;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ENOSPC && s.arg.report.error == -ENOSPC,
		 "no_room_to_queue_enospc");
}

int main(void)
{
	test_worlds();
	test_regions();
	test_many_paths();
	test_chains();
	return tap_end();
}
