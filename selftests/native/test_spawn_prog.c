// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The default policy without a kernel: no root, no BPF, milliseconds, under ASan and UBSan. TAP. */
#include "../../bpf/spawn_prog.bpf.c"
#include "spawn.h"

#define MAX_ARG		4096

/* One spawn: the region as an application fills it, and the world it meets. */
struct spawn {
	struct fake	f;
	union {
		struct spawn_prog_arg	arg;
		__u64			words[MAX_ARG / 8 + 8];	/* argv goes on behind the region */
	};
};

static const char *const three[] = { "/a/cmd", "/b/cmd", "/c/cmd" };

static void prepare(struct spawn *s, const struct fake_line *world, const char *const *paths,
		    unsigned int nr_paths)
{
	unsigned int i;

	memset(s, 0, sizeof(*s));
	s->arg.nr_paths = nr_paths;
	s->arg.sh = U64("/bin/sh");
	for (i = 0; i < nr_paths; i++)
		s->arg.vec[i] = U64(paths[i]);
	s->arg.vec[i++] = U64("sh");
	s->arg.vec[i++] = U64("cmd");
	s->arg.vec[i++] = U64("arg");
	spawn_init(&s->f, &spawn_prog_ops, world, &s->arg, SPAWN_PROG_ARG_LEN(nr_paths));
	spawn_exec(&s->f, NULL, &s->arg.vec[nr_paths + 1]);
}

static void report_line(const struct spawn *s)
{
	const struct spawn_prog_report *r = &s->arg.report;

	printf("# outcome %d path %s slept %llu execs %u posts %u%s%s\n", s->f.outcome,
	       s->f.path ?: "-", (unsigned long long)s->f.slept_ns, s->f.nr_execs, s->f.nr_posts,
	       s->f.broken ? " broken: " : "", s->f.broken ?: "");
	printf("# report: error %d attempts %u path %u sh %u busy %u lost %u paused %llu\n",
	       r->error, r->attempts, r->path, r->sh, r->busy, r->lost,
	       (unsigned long long)r->paused_ns);
}

static void ok(const struct spawn *s, bool good, const char *name)
{
	if (!tap_ok(good && !s->f.broken, name))
		report_line(s);
}

/* ---- Worlds and what becomes of them ------------------------------------------------------ */

static const struct {
	const char	*name;
	struct fake_line world[6];
	int		outcome;
	const char	*path;		/* what runs */
	const char	*argv[3];
	__u64		slept_ns;
	struct spawn_prog_report report;
} worlds[] = {
	{ "first_path_runs", { { "/a/cmd", 0, 0 } },
	  1, "/a/cmd", { "cmd", "arg" }, 0, { .attempts = 1 } },
	{ "second_path_runs", { { "/b/cmd", 0, 0 } },
	  1, "/b/cmd", { "cmd", "arg" }, 0, { .attempts = 2, .path = 1 } },
	{ "nowhere_enoent", { { 0 } },
	  -ENOENT, NULL, { 0 }, 0, { .error = -ENOENT, .attempts = 3, .path = 2 } },
	{ "last_error_counts", { { "/c/cmd", -ENOTDIR, 0 } },
	  -ENOTDIR, NULL, { 0 }, 0, { .error = -ENOTDIR, .attempts = 3, .path = 2 } },
	{ "enotdir_goes_on", { { "/a/cmd", -ENOTDIR, 0 }, { "/b/cmd", 0, 0 } },
	  1, "/b/cmd", { "cmd", "arg" }, 0, { .attempts = 2, .path = 1 } },
	{ "estale_goes_on", { { "/a/cmd", -ESTALE, 0 }, { "/b/cmd", 0, 0 } },
	  1, "/b/cmd", { "cmd", "arg" }, 0, { .attempts = 2, .path = 1 } },
	{ "enodev_goes_on", { { "/a/cmd", -ENODEV, 0 }, { "/b/cmd", 0, 0 } },
	  1, "/b/cmd", { "cmd", "arg" }, 0, { .attempts = 2, .path = 1 } },
	{ "etimedout_goes_on", { { "/a/cmd", -ETIMEDOUT, 0 }, { "/b/cmd", 0, 0 } },
	  1, "/b/cmd", { "cmd", "arg" }, 0, { .attempts = 2, .path = 1 } },
	{ "eacces_goes_on", { { "/a/cmd", -EACCES, 0 }, { "/c/cmd", 0, 0 } },
	  1, "/c/cmd", { "cmd", "arg" }, 0, { .attempts = 3, .path = 2 } },
	{ "eacces_is_remembered", { { "/a/cmd", -EACCES, 0 } },
	  -EACCES, NULL, { 0 }, 0, { .error = -EACCES, .attempts = 3, .path = 0 } },
	{ "eacces_of_the_last_such_path_is_reported",
	  { { "/a/cmd", -EACCES, 0 }, { "/b/cmd", -EACCES, 0 } },
	  -EACCES, NULL, { 0 }, 0, { .error = -EACCES, .attempts = 3, .path = 1 } },
	{ "e2big_ends_the_search", { { "/a/cmd", -E2BIG, 0 }, { "/b/cmd", 0, 0 } },
	  -E2BIG, NULL, { 0 }, 0, { .error = -E2BIG, .attempts = 1 } },
	{ "eloop_ends_the_search_in_spite_of_eacces",
	  { { "/a/cmd", -EACCES, 0 }, { "/b/cmd", -ELOOP, 0 }, { "/c/cmd", 0, 0 } },
	  -ELOOP, NULL, { 0 }, 0, { .error = -ELOOP, .attempts = 2, .path = 1 } },
	{ "etxtbsy_three_times_then_runs", { { "/a/cmd", -ETXTBSY, 3 }, { "/a/cmd", 0, 0 } },
	  1, "/a/cmd", { "cmd", "arg" }, 7 * MS,
	  { .attempts = 4, .busy = 3, .paused_ns = 7 * MS } },
	{ "etxtbsy_for_ever_fails", { { "/a/cmd", -ETXTBSY, 0 }, { "/b/cmd", 0, 0 } },
	  -ETXTBSY, NULL, { 0 }, 319 * MS,
	  { .error = -ETXTBSY, .attempts = 11, .busy = 10, .paused_ns = 319 * MS } },
	{ "etxtbsy_then_gone_goes_on",
	  { { "/a/cmd", -ETXTBSY, 1 }, { "/a/cmd", -ENOENT, 0 }, { "/b/cmd", 0, 0 } },
	  1, "/b/cmd", { "cmd", "arg" }, 1 * MS,
	  { .attempts = 3, .path = 1, .busy = 1, .paused_ns = 1 * MS } },
	{ "pauses_are_counted_over_all_paths",
	  { { "/a/cmd", -ETXTBSY, 9 }, { "/b/cmd", -ETXTBSY, 0 } },
	  -ETXTBSY, NULL, { 0 }, 319 * MS,
	  { .error = -ETXTBSY, .attempts = 12, .path = 1, .busy = 10, .paused_ns = 319 * MS } },
	{ "enoexec_goes_to_the_shell", { { "/b/cmd", -ENOEXEC, 0 }, { "/bin/sh", 0, 0 } },
	  1, "/bin/sh", { "sh", "/b/cmd", "arg" }, 0, { .attempts = 3, .path = 1, .sh = 1 } },
	{ "shell_missing_ends_the_search",
	  { { "/a/cmd", -ENOEXEC, 0 }, { "/b/cmd", 0, 0 } },
	  -ENOENT, NULL, { 0 }, 0, { .error = -ENOENT, .attempts = 2, .sh = 1 } },
	{ "shell_gives_enoexec_fails", { { "/a/cmd", -ENOEXEC, 0 }, { "/bin/sh", -ENOEXEC, 0 } },
	  -ENOEXEC, NULL, { 0 }, 0, { .error = -ENOEXEC, .attempts = 2, .sh = 1 } },
	{ "shell_busy_is_sat_out",
	  { { "/a/cmd", -ENOEXEC, 0 }, { "/bin/sh", -ETXTBSY, 2 }, { "/bin/sh", 0, 0 } },
	  1, "/bin/sh", { "sh", "/a/cmd", "arg" }, 3 * MS,
	  { .attempts = 4, .sh = 1, .busy = 2, .paused_ns = 3 * MS } },
};

static bool same_argv(const char *const *argv, const char *const *want)
{
	int i;

	for (i = 0; i < 3 && want[i]; i++)
		if (!argv[i] || strcmp(argv[i], want[i]))
			return false;
	return i == 3 || !argv[i];
}

static void test_worlds(void)
{
	struct spawn s;
	unsigned int i;

	for (i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++) {
		bool good;

		prepare(&s, worlds[i].world, three, 3);
		fake_run(&s.f);
		good = s.f.outcome == worlds[i].outcome && s.f.slept_ns == worlds[i].slept_ns &&
		       s.f.nr_execs == worlds[i].report.attempts && !s.f.nr_posts &&
		       !memcmp(&s.arg.report, &worlds[i].report, sizeof(s.arg.report));
		if (worlds[i].path)
			good = good && s.f.path && !strcmp(s.f.path, worlds[i].path) &&
			       same_argv(s.f.argv, worlds[i].argv);
		ok(&s, good, worlds[i].name);
	}
}

/* ---- Parameters --------------------------------------------------------------------------- */

static void test_params(void)
{
	static const struct fake_line busy[] = { { "/a/cmd", -ETXTBSY, 0 }, { 0 } };
	struct spawn s;

	max_busy = 0;
	prepare(&s, busy, three, 3);
	fake_run(&s.f);
	ok(&s, s.f.outcome == -ETXTBSY && s.f.nr_execs == 1 && !s.f.slept_ns,
	   "no_pause_allowed_fails_at_once");

	max_busy = 100;
	prepare(&s, busy, three, 3);
	fake_run(&s.f);
	ok(&s, s.f.outcome == -ETXTBSY && s.f.nr_execs == 101 &&
	   s.f.slept_ns == (63 + 94 * 64) * MS, "pauses_grow_to_the_longest");

	first_pause_ns = 0;
	prepare(&s, busy, three, 3);
	fake_run(&s.f);
	ok(&s, s.f.outcome == -ETXTBSY && s.f.nr_execs == 101 && !s.f.slept_ns,
	   "pauses_of_no_length_retry_at_once");

	first_pause_ns = 80 * MS;
	max_busy = 2;
	prepare(&s, busy, three, 3);
	fake_run(&s.f);
	ok(&s, s.f.outcome == -ETXTBSY && s.f.slept_ns == 128 * MS,
	   "first_pause_beyond_the_longest_is_cut");

	first_pause_ns = 1 * MS;
	max_busy = 10;
}

/* ---- Trace -------------------------------------------------------------------------------- */

static bool posted(const struct spawn *s, unsigned int i, int res, __u32 path)
{
	const struct fake_post *post = &s->f.posts[i];

	return post->user_data == USER_DATA && post->res == res &&
	       post->flags == (IORING_CQE_F_MORE | path << 16);
}

static void test_trace(void)
{
	static const struct fake_line search[] = {
		{ "/b/cmd", -ETXTBSY, 1 }, { "/b/cmd", -EACCES, 0 }, { "/c/cmd", -ENOEXEC, 0 },
		{ "/bin/sh", -E2BIG, 0 }, { 0 },
	};
	static const struct fake_line busy[] = { { "/a/cmd", -ETXTBSY, 0 }, { 0 } };
	struct spawn s;

	prepare(&s, search, three, 3);
	s.arg.flags = SPAWN_PROG_TRACE;
	fake_run(&s.f);
	ok(&s, s.f.outcome == -E2BIG && s.f.nr_posts == 5 && posted(&s, 0, -ENOENT, 0) &&
	   posted(&s, 1, -ETXTBSY, 1) && posted(&s, 2, -EACCES, 1) && posted(&s, 3, -ENOEXEC, 2) &&
	   posted(&s, 4, -E2BIG, 2 | SPAWN_PROG_TRACE_SH), "trace_posts_every_failed_attempt");

	max_busy = 100;
	prepare(&s, busy, three, 3);
	s.arg.flags = SPAWN_PROG_TRACE;
	fake_run(&s.f);
	ok(&s, s.f.outcome == -ETXTBSY && s.f.nr_execs == 101 && s.f.nr_posts == FAKE_POSTS &&
	   s.arg.report.lost == 101 - FAKE_POSTS, "trace_without_room_is_counted_and_goes_on");
	max_busy = 10;
}

/* ---- Limits and odd regions --------------------------------------------------------------- */

static void test_many_paths(void)
{
	static const struct fake_line last[] = { { "/last", 0, 0 }, { 0 } };
	static const char *paths[SPAWN_PROG_MAX_PATHS];
	unsigned int i;
	struct spawn s;

	for (i = 0; i < SPAWN_PROG_MAX_PATHS; i++)
		paths[i] = "/none";
	paths[SPAWN_PROG_MAX_PATHS - 1] = "/last";
	prepare(&s, last, paths, SPAWN_PROG_MAX_PATHS);
	fake_run(&s.f);
	ok(&s, s.f.sqes[0].len <= MAX_ARG && s.f.outcome == 1 &&
	   s.arg.report.path == SPAWN_PROG_MAX_PATHS - 1, "as_many_paths_as_fit_are_tried");
}

static void test_regions(void)
{
	static const struct fake_line script[] = { { "/a/cmd", -ENOEXEC, 0 }, { 0 } };
	struct spawn s;

	prepare(&s, script, three, 3);
	s.arg.sh = 0;
	fake_run(&s.f);
	ok(&s, s.f.outcome == -ENOEXEC && s.f.nr_execs == 1 && !s.arg.report.sh,
	   "enoexec_and_no_shell_named_fails");

	prepare(&s, script, three, 0);
	fake_run(&s.f);
	ok(&s, s.f.outcome == -ENOENT && s.arg.report.error == -ENOENT && !s.f.nr_execs,
	   "no_path_at_all_enoent");

	prepare(&s, script, three, 3);
	s.f.sqes[0].len = 8;
	fake_run(&s.f);
	ok(&s, s.f.outcome == -ERANGE && !s.f.nr_execs, "region_without_a_head_erange");

	prepare(&s, script, three, 3);
	s.f.sqes[0].len = SPAWN_PROG_VEC(0) - 8;
	fake_run(&s.f);
	ok(&s, s.f.outcome == -ERANGE && !s.f.nr_execs, "region_without_room_for_a_report_erange");

	prepare(&s, script, three, 3);
	s.arg.nr_paths = 100;
	fake_run(&s.f);
	ok(&s, s.f.outcome == -ERANGE && s.arg.report.error == -ERANGE,
	   "more_paths_promised_than_there_are_erange");

	prepare(&s, script, three, 3);
	s.f.sqes[0].len = SPAWN_PROG_VEC(4);
	fake_run(&s.f);
	ok(&s, s.f.outcome == -ERANGE && s.f.nr_execs == 1, "region_without_argv0_for_sh_erange");
}

static void test_chains(void)
{
	static const struct fake_line second[] = { { "/b/cmd", 0, 0 }, { 0 } };
	struct iou_spawn_cqe chain[FAKE_CQES - 1];
	struct spawn s;

	prepare(&s, second, three, 3);
	s.f.nr_sqes = 1;
	fake_run(&s.f);
	ok(&s, s.f.outcome == -ERANGE && s.arg.report.error == -ERANGE && !s.arg.report.attempts,
	   "no_template_erange");

	prepare(&s, second, three, 3);
	spawn_chain_completes(&s.f, chain, FAKE_CQES - 1);
	fake_run(&s.f);
	ok(&s, s.f.outcome == 1 && s.f.nr_execs == 2, "completions_of_the_chain_are_passed_over");

	prepare(&s, second, three, 3);
	s.f.queue_error = -ENOSPC;
	fake_run(&s.f);
	ok(&s, s.f.outcome == -ENOSPC && s.arg.report.error == -ENOSPC, "no_room_to_queue_enospc");
}

int main(void)
{
	test_worlds();
	test_params();
	test_trace();
	test_many_paths();
	test_regions();
	test_chains();
	return tap_end();
}
