// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The command line of spawn-bpf trace. */
#include <stdlib.h>
#include <string.h>
#include "options.h"
#include "watch_options.h"

static double parse_seconds(const char *text, struct argp_state *state)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || *end || !(n >= 0.001 && n <= 1e9))
		argp_error(state, "--duration takes a number from 0.001 to 1000000000, not '%s'",
			   text);
	return n;
}

static unsigned int parse_buffer(const char *text, struct argp_state *state)
{
	unsigned int kb = parse_number("--buffer", text, 4, 1 << 18, state);

	if (kb & (kb - 1))
		argp_error(state, "--buffer takes a power of two, not '%s'", text);
	return kb;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct watch_options *o = state->input;

	switch (key) {
	case 'p':
		o->pid = parse_number("--pid", arg, 1, 1 << 22, state);
		return 0;
	case 'd':
		o->seconds = parse_seconds(arg, state);
		return 0;
	case 'c':
		o->chrome = arg;
		return 0;
	case 's':
		o->svg = arg;
		return 0;
	case 'o':
		o->output = arg;
		return 0;
	case 'b':
		o->buffer_kb = parse_buffer(arg, state);
		return 0;
	case 'j':
		o->json = true;
		return 0;
	case ARGP_KEY_ARG:
		o->command = state->argv + state->next - 1;
		state->next = state->argc;	/* the rest is the command's */
		return 0;
	case ARGP_KEY_END:
		if (o->pid && o->command)
			argp_error(state, "--pid and a command exclude each other");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{
		.name = "pid", .key = 'p', .arg = "PID",
		.doc = "Only chains that process PID submits; ends with it",
	}, {
		.name = "duration", .key = 'd', .arg = "SECONDS",
		.doc = "End after so many seconds; a COMMAND goes on untraced",
	}, {
		.name = "chrome", .key = 'c', .arg = "FILE",
		.doc = "Write the trace for ui.perfetto.dev or chrome://tracing",
	}, {
		.name = "svg", .key = 's', .arg = "FILE",
		.doc = "Draw the trace: a row for each spawn, time from left to right",
	}, {
		.name = "output", .key = 'o', .arg = "FILE",
		.doc = "Write the lines to FILE, not to standard output or, with a COMMAND, to "
		       "standard error",
	}, {
		.name = "json", .key = 'j', .doc = "Lines are JSON objects",
	}, {
		.name = "buffer", .key = 'b', .arg = "KIB",
		.doc = "Room for events that were not shown yet, 1024 KiB by default; a power of "
		       "two. What finds no room is counted as lost",
	},
	{ 0 },
};

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.children = common_options,
	.args_doc = "[COMMAND [ARG...]]",
	.doc = "Shows what chains do: every task that is made for one, every SQE that is queued "
	       "and completes, every step of a policy, every exec, every end. Runs until it is "
	       "interrupted. With COMMAND it runs that, shows the chains that it and its "
	       "descendants submit, and ends with it. Pids are those of the initial namespace. "
	       "It takes CAP_BPF and CAP_PERFMON.\v"
	       "Exit status: 0, or that of COMMAND, 128 + N if signal N ended it; 127 COMMAND is "
	       "not found; 126 it cannot be run; 125 spawn-bpf itself failed; 2 the kernel has no "
	       "io_uring spawn.",
};

void watch_parse(struct watch_options *o, int argc, char **argv)
{
	memset(o, 0, sizeof(*o));
	o->buffer_kb = 1024;
	parse_options(&argp, "spawn-bpf trace", argc, argv, o);
}
