// SPDX-License-Identifier: GPL-2.0 OR MIT
/* spawn-bpf run: a program under a policy. */
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include "commands.h"
#include "policy.h"
#include "region.h"
#include "signals.h"
#include "spawn.h"
#include "trace.h"
#include "util.h"

struct run_options {
	const char	*policy;
	int		retry;
	bool		no_shell;
	bool		trace;
	bool		verbose;
	char		**command;
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

	*o = (struct run_options){ .retry = POLICY_KEEP_RETRY };
	opterr = 0;
	while ((c = getopt_long(argc, argv, "+p:r:stv", longopts, NULL)) != -1) {
		switch (c) {
		case 'p':
			o->policy = optarg;
			break;
		case 'r':
			if (parse_retry(optarg, &o->retry))
				return -EINVAL;
			break;
		case 's':
			o->no_shell = true;
			break;
		case 't':
			o->trace = true;
			break;
		case 'v':
			o->verbose = true;
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

/* The task never got as far as the policy. */
static int no_task(int err)
{
	int sysctl = kernel_sysctl("io_uring_spawn");

	switch (err) {
	case -EINTR:
		say("the task was killed before it ran a program (SIGKILL)");
		return 128 + SIGKILL;
	case -EPERM:
		if (sysctl > 0)
			say("no task can be made: sysctl kernel.io_uring_spawn is %d (%s) (EPERM)",
			    sysctl, sysctl == 1 ? "needs CAP_SYS_ADMIN" : "off");
		else
			say("no task can be made under a seccomp filter (EPERM)");
		return EXIT_SELF;
	default:
		say("no task can be made: %s (%s)", strerror(-err), errno_name(err));
		return EXIT_SELF;
	}
}

static int no_program(const struct region *r, const char *name, int err)
{
	const struct spawn_prog_report *report = &r->arg->report;
	const char *path = region_path(r, report->path) ?: name;
	const char *text = strerror(-err), *err_name = errno_name(err);

	if (!report->attempts)
		say("%s: the policy reports no attempt to run it: %s (%s)", name, text, err_name);
	else if (report->sh)
		say("%s is no program, and " SHELL " could not be run for it: %s (%s)", path, text,
		    err_name);
	else if (err == -ETXTBSY)
		say("%s: still open for writing after %u pauses of %.0f ms in all: %s (%s); close "
		    "it, or raise --retry", path, report->busy, report->paused_ns / 1e6, text,
		    err_name);
	else if (not_here(err) && r->arg->nr_paths > 1)
		say("%s: not found in the %u directories of PATH, %s was the last: %s (%s)", name,
		    r->arg->nr_paths, path, text, err_name);
	else
		say("%s: %s (%s)", path, text, err_name);
	return not_here(err) && !report->sh ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

static int why_not(const struct region *r, const char *name, const struct outcome *out)
{
	if (!out->res) {
		say("%s: the policy ended without running it and without an error", name);
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
		trace_outcome(r, out.res);
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
	struct policy policy;
	struct io_uring ring;
	struct region region;
	int status;

	if (parse(argc, argv, &o))
		return EXIT_SELF;
	status = open_ring(&ring, &q);
	if (status)
		return status;
	status = EXIT_SELF;
	if (region_make(&region, o.command, !o.no_shell, o.trace))
		goto out_ring;
	if (policy_attach(&policy, o.policy, ring.ring_fd, o.retry, o.verbose))
		goto out_region;
	trace_start(o.trace, policy.name);
	status = run_program(&ring, &region, o.command[0]);
	policy_detach(&policy);
out_region:
	region_free(&region);
out_ring:
	io_uring_queue_exit(&ring);
	return status;
}
