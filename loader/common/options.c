// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include "options.h"
#include "util.h"

#define VERSION	"0.1"

static error_t parse_common(int key, char *arg, struct argp_state *state)
{
	if (key != 'h')
		return ARGP_ERR_UNKNOWN;
	argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
	return 0;
}

static const struct argp_option h_option[] = {
	{ .key = 'h', .flags = OPTION_HIDDEN },
	{ 0 },
};

static const struct argp common = { .options = h_option, .parser = parse_common };

const struct argp_child common_options[] = {
	{ .argp = &common },
	{ 0 },
};

static void print_version(FILE *stream, struct argp_state *state)
{
	fprintf(stream, "spawn-bpf %s, spawn ABI %d, libbpf %s\n", VERSION, IORING_SPAWN_ABI,
		libbpf_version_string());
}

void parse_options(const struct argp *argp, const char *name, int argc, char **argv, void *input)
{
	argp_program_version_hook = print_version;
	argp_err_exit_status = EXIT_SELF;
	argv[0] = (char *)name;		/* it is what messages begin with */
	argp_parse(argp, argc, argv, ARGP_IN_ORDER, NULL, input);
}

unsigned int parse_number(const char *what, const char *text, unsigned int least,
			  unsigned int most, struct argp_state *state)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || end == text || *end || n < (long)least || n > (long)most)
		argp_error(state, "%s takes a number from %u to %u, not '%s'", what, least, most,
			   text);
	return n;
}
