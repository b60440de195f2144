// SPDX-License-Identifier: GPL-2.0 OR MIT
/* spawn-bpf - run programs under a spawn policy, manage policies, see what chains do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "options.h"
#include "util.h"

struct command {
	const char	*name;
	int		(*run)(int argc, char **argv);
};

static const struct command commands[] = {
	{ "run",	cmd_run },
	{ "features",	cmd_features },
	{ "attach",	cmd_attach },
	{ "list",	cmd_list },
	{ "show",	cmd_show },
	{ "detach",	cmd_detach },
	{ "pin",	cmd_pin },
	{ "trace",	cmd_trace },
};

struct choice {
	const struct command	*command;
	int			argc;
	char			**argv;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct choice *choice = state->input;
	unsigned int i;

	switch (key) {
	case ARGP_KEY_ARG:
		for (i = 0; i < ARRAY_SIZE(commands); i++)
			if (!strcmp(arg, commands[i].name))
				choice->command = &commands[i];
		if (!choice->command)
			argp_error(state, "'%s' is no command", arg);
		choice->argv = state->argv + state->next - 1;
		choice->argc = state->argc - state->next + 1;
		state->next = state->argc;	/* the rest is the command's */
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "a command is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.parser = parse,
	.children = common_options,
	.args_doc = "run [OPTION...] COMMAND [ARG...]\nfeatures [OPTION...]\n"
		    "attach [OPTION...] --ring FD POLICY.bpf.o\nlist [OPTION...]\n"
		    "show [OPTION...] LINK|NAME|PIN\ndetach [OPTION...] LINK|PIN\n"
		    "pin [OPTION...] LINK PATH\ntrace [OPTION...] [COMMAND [ARG...]]",
	.doc = "Runs programs under a spawn policy, manages policies, and shows what the kernel "
	       "offers and what chains do.\v"
	       "run starts COMMAND in a new task that a BPF policy leads to its exec; features "
	       "says what the kernel offers; attach gives a policy to a ring that is in use; list "
	       "and show say what is attached where; detach ends that; pin gives it a name that "
	       "keeps it attached; trace shows what chains do, live. Each has a --help of its own.",
};

/* Standard output that could not be written is a failure, whatever else went well. */
static void flush(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return;
	say_error(errno, NULL, "cannot write the answer");
	_exit(EXIT_SELF);
}

int main(int argc, char **argv)
{
	struct choice choice = {};

	atexit(flush);
	parse_options(&argp, "spawn-bpf", argc, argv, &choice);
	return choice.command->run(choice.argc, choice.argv);
}
