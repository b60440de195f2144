/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef WATCH_OPTIONS_H
#define WATCH_OPTIONS_H

#include <stdbool.h>
#include <sys/types.h>

struct watch_options {
	pid_t		pid;		/* 0: everybody */
	double		seconds;	/* 0: no limit */
	const char	*chrome, *svg, *output;		/* NULL: none */
	unsigned int	buffer_kb;
	bool		json;
	char		**command;	/* NULL: none */
};

/* A wrong command line ends the program, after a sentence. */
void watch_parse(struct watch_options *o, int argc, char **argv);

#endif
