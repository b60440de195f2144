/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A command that waits at its start until somebody is there to see what it does. */
#ifndef WATCH_COMMAND_H
#define WATCH_COMMAND_H

#include <sys/types.h>

struct watch_command {
	pid_t	pid;
	int	go;	/* a byte here starts it, its end ends it */
};

/* Has to come before signals_catch(). 0, or -errno after a sentence. */
int command_prepare(struct watch_command *c, char **argv);
/* It runs. What it cannot run it says itself, with the statuses of spawn-bpf run. */
void command_start(struct watch_command *c);
/* It was prepared and is not to run. */
void command_drop(struct watch_command *c);

#endif
