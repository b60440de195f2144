// SPDX-License-Identifier: GPL-2.0 OR MIT
/* spawn-bpf run: a program under a policy. */
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include "commands.h"
#include "policy.h"
#include "region.h"
#include "signals.h"
#include "spawn.h"
#include "trace.h"
#include "util.h"

struct run_options {
	struct policy_options	policy;
	bool			no_shell;
	bool			trace;
	char			**command;
};

#define MAX_RETRY	100	/* with it no search exceeds the steps a policy has by default */

static int parse_retry(const char *text, int *retry)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || end == text || *end || n < 0 || n > MAX_RETRY) {
		say("--retry takes a number from 0 to %d, not '%s'", MAX_RETRY, text);
		return -EINVAL;
	}
	*retry = n;
	return 0;
}

static int parse(int argc, char **argv, struct run_options *o)
{
	static const struct option longopts[] = {
		{ "policy",	required_argument,	NULL, 'p' },
		{ "retry",	required_argument,	NULL, 'r' },
		{ "no-shell",	no_argument,		NULL, 's' },
		{ "trace",	no_argument,		NULL, 't' },
		{ "verbose",	no_argument,		NULL, 'v' },
		{ 0 },
	};
	int c;

	*o = (struct run_options){ .policy.retry = POLICY_KEEP_RETRY };
	opterr = 0;
	while ((c = getopt_long(argc, argv, "+p:r:stv", longopts, NULL)) != -1) {
		switch (c) {
		case 'p':
			o->policy.file = optarg;
			break;
		case 'r':
			if (parse_retry(optarg, &o->policy.retry))
				return -EINVAL;
			break;
		case 's':
			o->no_shell = true;
			break;
		case 't':
			o->trace = true;
			break;
		case 'v':
			o->policy.verbose = true;
			break;
		default:
			if (optopt)
				say("run has no option -%c, or -%c lacks its value: try 'spawn-bpf "
				    "--help'", optopt, optopt);
			else
				say("run has no option %s: try 'spawn-bpf --help'",
				    argv[optind - 1]);
			return -EINVAL;
		}
	}
	o->command = argv + optind;
	if (*o->command)
		return 0;
	say("what to run is missing: spawn-bpf run [OPTION]... [--] COMMAND [ARG]...");
	return -EINVAL;
}

/* ---- Why no program runs ------------------------------------------------------------------ */

static bool not_here(int err)
{
	return err == -ENOENT || err == -ENOTDIR || err == -ESTALE || err == -ENODEV ||
	       err == -ETIMEDOUT;
}

/* The file whose ENOENT is not its own: it is there. */
static const char *lacks_interpreter(const struct region *r)
{
	__u32 i;

	for (i = 0; i < r->arg->nr_paths; i++)
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
	const char *incomplete;

	if (!report->attempts) {
		say_error(err, NULL, "%s: the policy reports no attempt to run it", shown(name));
	} else if (report->sh) {
		say_error(err, NULL, "%s is no program, and " SHELL " could not be run for it",
			  path);
		return EXIT_CANNOT_RUN;
	} else if (err == -ETXTBSY) {
		say_error(err, "close it, or raise --retry",
			  "%s: still open for writing after %u pauses of %.0f ms in all", path,
			  report->busy, report->paused_ns / 1e6);
	} else if (err == -ENOENT && (incomplete = lacks_interpreter(r))) {
		say_error(err, "the file is there, but not the interpreter that its #! line or ELF "
			  "header names", "%s", incomplete);
		return EXIT_CANNOT_RUN;
	} else if (not_here(err) && r->arg->nr_paths > 1) {
		say_error(err, NULL, "%s: not found in the %u directories of PATH, %s was the last",
			  name, r->arg->nr_paths, path);
	} else {
		say_error(err, NULL, "%s", path);
	}
	return not_here(err) ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

static int why_not(const struct region *r, const char *name, const struct outcome *out)
{
	if (!out->res) {
		say("%s: the policy ended without running it and without an error", shown(name));
		return EXIT_SELF;
	}
	if (out->step == IORING_SPAWN_STEP_NONE)
		return no_task(out->res);
	return no_program(r, name, out->res);
}

/* ---- The command -------------------------------------------------------------------------- */

static int run_program(struct io_uring *ring, const struct region *r, const char *name)
{
	struct outcome out;
	int status = EXIT_SELF;

	if (!spawn_run(ring, r, &out)) {
		trace_outcome(r, &out);
		if (out.res > 0)
			return spawn_wait(out.res);
		if (!signals_got() || out.res != -ECANCELED)
			status = why_not(r, name, &out);
	}
	signals_die();
	return status;
}

int cmd_run(int argc, char **argv)
{
	struct io_uring_query_spawn q;
	struct run_options o;
	struct policy policy = {};
	struct region region = {};
	struct io_uring ring;
	int status;

	if (parse(argc, argv, &o))
		return EXIT_SELF;
	status = open_ring(&ring, &q);
	if (status)
		return status;
	status = EXIT_SELF;
	o.policy.ring_fd = ring.ring_fd;
	/* a trace takes a CQE for every attempt */
	o.policy.max_posts = o.trace ? q.max_posts : 0;
	if (!region_make(&region, o.command, !o.no_shell, o.trace) &&
	    !policy_attach(&policy, &o.policy)) {
		trace_start(o.trace, policy.name);
		status = run_program(&ring, &region, o.command[0]);
	}
	/* the ring first: if it failed, its end is also that of the spawn, which uses the others */
	io_uring_queue_exit(&ring);
	policy_detach(&policy);
	region_free(&region);
	return status;
}
