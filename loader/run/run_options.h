/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef RUN_OPTIONS_H
#define RUN_OPTIONS_H

#include <stdbool.h>
#include "policy.h"

struct run_options {
	struct policy_options	policy;
	bool			no_shell;
	bool			trace;
	char			**command;	/* with a file the first words of each; may be empty */
	/* many commands */
	const char		*file;		/* NULL: one */
	bool			nul;
	unsigned int		jobs;		/* 0: not given */
	bool			fail_fast;
	bool			json;
};

void run_options_parse(struct run_options *o, int argc, char **argv);

#endif
