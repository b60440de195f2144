// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <stdlib.h>
#include "options.h"
#include "region.h"
#include "run_options.h"
#include "util.h"

#define MAX_RETRY	100	/* with it no search exceeds the steps a policy has by default */

#define MAX_JOBS	4096	/* of the ring's SQEs each takes two, and an SQ may have 32768 */

/* Options that have no letter. */
enum { FAIL_FAST = 256, JSON };

static error_t parse_batch(int key, char *arg, struct argp_state *state)
{
	struct run_options *o = state->input;

	switch (key) {
	case 'f':
		o->file = arg;
		return 0;
	case '0':
		o->nul = true;
		return 0;
	case 'j':
		o->jobs = parse_number("--jobs", arg, 1, MAX_JOBS, state);
		return 0;
	case FAIL_FAST:
		o->fail_fast = true;
		return 0;
	case JSON:
		o->json = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void check(const struct run_options *o, struct argp_state *state)
{
	if (!o->file && (o->nul || o->jobs || o->fail_fast || o->json))
		argp_error(state, "--null, --jobs, --fail-fast and --json go with --file");
	if (!o->file && !*o->command)
		argp_error(state, "what to run is missing");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct run_options *o = state->input;

	switch (key) {
	case 'p':
		o->policy.file = arg;
		return 0;
	case 'r':
		o->policy.retry = parse_number("--retry", arg, 0, MAX_RETRY, state);
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
	case ARGP_KEY_END:
		check(o, state);
		return 0;
	default:
		return parse_batch(key, arg, state);
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
	}, {
		.doc = "Many commands:", .group = 1,
	}, {
		.name = "file", .key = 'f', .arg = "FILE",
		.doc = "Run the commands of FILE, one a line, or of standard input if it is -",
	}, {
		.name = "jobs", .key = 'j', .arg = "N",
		.doc = "Run N of them at a time, 1 to 4096 (default: the number of processors)",
	}, {
		.name = "null", .key = '0',
		.doc = "The commands of FILE end with NULs and not with newlines",
	}, {
		.name = "fail-fast", .key = FAIL_FAST,
		.doc = "Start no more commands after the first one that fails or cannot be run",
	}, {
		.name = "json", .key = JSON,
		.doc = "Write the summary and what failed to standard output, as JSON",
	},
	{ 0 },
};

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.children = common_options,
	.args_doc = "COMMAND [ARG...]\n-f FILE [-j N] [COMMAND [ARG...]]",
	.doc = "Starts COMMAND in a new task that a BPF policy leads to its exec, waits for it and "
	       "exits with its status. COMMAND is searched for in PATH if it has no slash. To load "
	       "a policy takes CAP_BPF and CAP_PERFMON.\v"
	       "Exit status: that of COMMAND, or 128 + N if signal N ended it; 127 COMMAND is not "
	       "found; 126 it is found and cannot be run, or a policy without a report ended with "
	       "any other error; 125 spawn-bpf itself failed; 2 the kernel has no io_uring spawn.\n"
	       "\n"
	       "With --file each line is a command, split into words as xargs(1) does: at blanks, "
	       "and '...', \"...\" and \\ keep what they quote; nothing is expanded. Empty lines and "
	       "those that begin with # are passed over. COMMAND and ARGs come before the words of "
	       "every line. With --null what ends with a NUL is split in the same way. FILE is read "
	       "to its end before anything runs. The commands have /dev/null as standard input. What "
	       "fails is named on standard error by its line, or with --null by its number, and the "
	       "others go on. A signal that would end spawn-bpf ends the batch: nothing more is "
	       "started, what runs gets the signal and is waited for.\n"
	       "\n"
	       "Exit status with --file, the first that applies: 125 spawn-bpf itself failed, also "
	       "for one command only; 127 one was not found; 126 one could not be run; 123 one "
	       "ended by a signal or with a status other than 0; 0 all went well.",
};

void run_options_parse(struct run_options *o, int argc, char **argv)
{
	*o = (struct run_options){
		.policy.retry = POLICY_KEEP_RETRY,
		.command = argv + argc,		/* NULL: none */
	};
	parse_options(&argp, "spawn-bpf run", argc, argv, o);
}
