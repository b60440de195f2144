// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The paths spawn-bpf lets a policy try, for a command and a PATH. TAP. */
#include "../../loader/run/region.c"
#include <stdarg.h>
#include <stdio.h>
#include "tap.h"

static char said[512];

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
}

static const struct {
	const char	*name;
	const char	*path;		/* PATH, NULL: not set */
	const char	*command;
	const char	*want[4];
} searches[] = {
	{ "one_directory", "/bin", "ls", { "/bin/ls" } },
	{ "order_is_kept", "/b:/a:/c", "ls", { "/b/ls", "/a/ls", "/c/ls" } },
	{ "slash_is_not_searched", "/bin", "./ls", { "./ls" } },
	{ "absolute_is_not_searched", "/bin", "/usr/ls", { "/usr/ls" } },
	{ "empty_path_is_here", "", "ls", { "./ls" } },
	{ "leading_colon_is_here", ":/bin", "ls", { "./ls", "/bin/ls" } },
	{ "inner_colons_are_here", "/a::/b", "ls", { "/a/ls", "./ls", "/b/ls" } },
	{ "trailing_colon_is_here", "/bin:", "ls", { "/bin/ls", "./ls" } },
	{ "unset_is_the_systems", NULL, "ls", { "/bin/ls", "/usr/bin/ls" } },
	{ "empty_command_is_one_empty_path", "/bin:/usr/bin", "", { "" } },
};

static bool has_paths(const struct region *r, const char *const *want)
{
	__u32 i;

	for (i = 0; i < 4 && want[i]; i++)
		if (!region_path(r, i) || strcmp(region_path(r, i), want[i]))
			return false;
	return r->arg->nr_paths == i && r->nr_paths == i && !region_path(r, i);
}

static void test_searches(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(searches); i++) {
		char *argv[] = { (char *)searches[i].command, NULL };
		struct region r;
		bool good;

		if (searches[i].path)
			setenv("PATH", searches[i].path, 1);
		else
			unsetenv("PATH");
		good = !region_make(&r, argv, true, false);
		tap_ok(good && has_paths(&r, searches[i].want), searches[i].name);
		if (good)
			region_free(&r);
	}
}

static void test_layout(void)
{
	char *argv[] = { "cmd", "one", "two", NULL }, **got;
	struct region r;

	setenv("PATH", "/a:/b", 1);
	if (region_make(&r, argv, true, true)) {
		tap_ok(false, "region_is_made");
		return;
	}
	got = (char **)(uintptr_t)region_argv(&r);
	tap_ok(!strcmp(got[-1], "sh") && got[0] == argv[0] && got[1] == argv[1] &&
	       got[2] == argv[2] && !got[3], "argv_follows_the_name_of_the_shell");
	tap_ok((char *)&got[1] == (char *)r.arg + r.len, "region_ends_behind_argv0");
	tap_ok(!strcmp((char *)(uintptr_t)r.arg->sh, "/bin/sh") &&
	       r.arg->flags == SPAWN_PROG_TRACE, "shell_and_trace_are_asked_for");
	region_free(&r);

	if (region_make(&r, argv, false, false)) {
		tap_ok(false, "region_is_made");
		return;
	}
	tap_ok(!r.arg->sh && !r.arg->flags, "no_shell_and_no_trace_are_not");
	region_free(&r);
}

static void test_limits(void)
{
	char *argv[] = { "cmd", NULL }, path[2 * 1000];
	struct region r;
	bool good;

	memset(path, ':', SPAWN_PROG_MAX_PATHS - 1);
	path[SPAWN_PROG_MAX_PATHS - 1] = 0;
	setenv("PATH", path, 1);
	good = !region_make(&r, argv, true, false);
	tap_ok(good && r.arg->nr_paths == SPAWN_PROG_MAX_PATHS && r.len <= 4096,
	       "as_many_directories_as_fit_ok");
	if (good)
		region_free(&r);

	strcat(path, ":");
	setenv("PATH", path, 1);
	tap_ok(region_make(&r, argv, true, false) == -E2BIG && strstr(said, "shorten it"),
	       "one_more_directory_e2big");
}

static void test_long_directory(void)
{
	char *argv[] = { "cmd", NULL }, path[PATH_MAX + 8];
	static const char *const want[] = { "/bin/cmd", NULL };
	struct region r;
	bool good;

	memset(path, 'x', sizeof(path));
	memcpy(path + PATH_MAX, ":/bin", sizeof(":/bin"));
	setenv("PATH", path, 1);
	good = !region_make(&r, argv, true, false);
	tap_ok(good && has_paths(&r, want), "too_long_a_directory_is_passed_over");
	if (good)
		region_free(&r);
}

/* What the policy writes into the region changes nothing of what we say. */
static void test_copies(void)
{
	char *const argv[] = { "/bin/true", NULL };
	struct region r;
	bool good;

	if (region_make(&r, argv, true, false)) {
		tap_ok(false, "region_is_made");
		return;
	}
	memset(r.arg, 0x41, r.len);
	good = !strcmp(region_path(&r, 0), "/bin/true") && !region_path(&r, 1) &&
	       !region_path(&r, 0x41414141) && !strcmp(region_program(&r), "/bin/true");
	tap_ok(good, "paths_are_ours");
	region_free(&r);
}

int main(void)
{
	test_searches();
	test_layout();
	test_limits();
	test_long_directory();
	test_copies();
	return tap_end();
}
