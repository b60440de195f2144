// SPDX-License-Identifier: GPL-2.0 OR MIT
/* spawn-bpf run: a program under a policy. */
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include "commands.h"
#include "options.h"
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

static int parse_retry(const char *text, struct argp_state *state)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || end == text || *end || n < 0 || n > MAX_RETRY)
		argp_error(state, "--retry takes a number from 0 to %d, not '%s'", MAX_RETRY, text);
	return n;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct run_options *o = state->input;

	switch (key) {
	case 'p':
		o->policy.file = arg;
		return 0;
	case 'r':
		o->policy.retry = parse_retry(arg, state);
		return 0;
	case 's':
		o->no_shell = true;
		return 0;
	case 't':
		o->trace = true;
		return 0;
	case 'v':
		o->policy.verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		o->command = state->argv + state->next - 1;
		state->next = state->argc;	/* the rest is the command's */
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "what to run is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{
		.name = "policy", .key = 'p', .arg = "FILE",
		.doc = "The policy in this BPF object, in place of the built-in spawn_prog, which "
		       "searches as execvp(3) does, sits out ETXTBSY and gives to " SHELL " what "
		       "is no program; FILE gets the argument region of bpf/spawn_prog.h",
	}, {
		.name = "retry", .key = 'r', .arg = "N",
		.doc = "Sit out ETXTBSY at most N times, 0 to 100 (the policy's max_busy)",
	}, {
		.name = "no-shell", .key = 's',
		.doc = "What is no program is an error, not a script for " SHELL,
	}, {
		.name = "trace", .key = 't',
		.doc = "Show every attempt and the policy's report on standard error",
	}, {
		.name = "verbose", .key = 'v',
		.doc = "Show what libbpf and the verifier say",
	},
	{ 0 },
};

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.children = common_options,
	.args_doc = "COMMAND [ARG...]",
	.doc = "Starts COMMAND in a new task that a BPF policy leads to its exec, waits for it and "
	       "exits with its status. COMMAND is searched for in PATH if it has no slash. To load "
	       "a policy takes CAP_BPF and CAP_PERFMON.\v"
	       "Exit status: that of COMMAND, or 128 + N if signal N ended it; 127 COMMAND is not "
	       "found; 126 it is found and cannot be run, or a policy without a report ended with "
	       "any other error; 125 spawn-bpf itself failed; 2 the kernel has no io_uring spawn.",
};

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
	const char *incomplete = err == -ENOENT && !report->sh ? lacks_interpreter(r) : NULL;

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
	} else if (incomplete) {
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
	struct run_options o = { .policy.retry = POLICY_KEEP_RETRY };
	struct io_uring_query_spawn q;
	struct policy policy = {};
	struct region region = {};
	struct io_uring ring;
	int status;

	parse_options(&argp, "spawn-bpf run", argc, argv, &o);
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
