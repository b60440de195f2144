// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include "failure.h"
#include "util.h"

static bool not_here(int err)
{
	return err == -ENOENT || err == -ENOTDIR || err == -ESTALE || err == -ENODEV ||
	       err == -ETIMEDOUT;
}

/* The file whose ENOENT is not its own: it is there. */
static const char *lacks_interpreter(const struct region *r)
{
	__u32 i;

	for (i = 0; i < r->nr_paths; i++)
		if (!access(region_path(r, i), F_OK))
			return region_path(r, i);
	return NULL;
}

/* The task never got as far as the policy. */
static int no_task(int err)
{
	int sysctl = kernel_sysctl("io_uring_spawn");

	if (err == -EINTR) {
		say("the task was killed before it ran a program (SIGKILL)");
		return 128 + SIGKILL;
	}
	if (err == -EPERM && prctl(PR_GET_SECCOMP) > 0)
		say("no task can be made under a seccomp filter (EPERM)");
	else if (err == -EPERM && sysctl > 0)
		say("no task can be made: sysctl kernel.io_uring_spawn is %d (%s) (EPERM)",
		    sysctl, sysctl == 1 ? "needs CAP_SYS_ADMIN" : "off");
	else
		say_error(err, NULL, "no task can be made");
	return EXIT_SELF;
}

static int no_program(const struct region *r, const char *name, int err)
{
	const struct spawn_prog_report *report = &r->arg->report;
	const char *path = shown(region_path(r, report->path) ?: name);
	const char *incomplete = err == -ENOENT && !report->sh ? lacks_interpreter(r) : NULL;

	if (!report->attempts) {
		say_error(err, err == -ELOOP ? "it took more steps than its max_steps" :
			  "spawn-bpf trace shows what it did", "%s: the policy reports no attempt to "
			  "run it", shown(name));
	} else if (report->sh) {
		say_error(err, NULL, "%s is no program, and " SHELL " could not be run for it",
			  path);
		return EXIT_CANNOT_RUN;
	} else if (err == -ETXTBSY) {
		say_error(err, "close it, or raise --retry",
			  "%s: still open for writing after %u pauses of %.0f ms in all", path,
			  report->busy, report->paused_ns / 1e6);
	} else if (incomplete) {
		say_error(err, "the file is there, but not the interpreter that its #! line or ELF "
			  "header names", "%s", incomplete);
		return EXIT_CANNOT_RUN;
	} else if (not_here(err) && r->nr_paths > 1) {
		say_error(err, NULL, "%s: not found in the %u directories of PATH, %s was the last",
			  name, r->nr_paths, path);
	} else {
		say_error(err, NULL, "%s", path);
	}
	return not_here(err) ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

int why_not(const struct spawn *s, const char *name)
{
	if (!s->out.res) {
		say("%s: the policy ended without running it and without an error", shown(name));
		return EXIT_SELF;
	}
	if (s->out.step == IORING_SPAWN_STEP_NONE)
		return no_task(s->out.res);
	return no_program(&s->region, name, s->out.res);
}
