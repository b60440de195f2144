/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef REGION_H
#define REGION_H

#include <stdbool.h>
#include <linux/types.h>
#include "spawn_prog.h"

#define SHELL	"/bin/sh"

/* The argument region of one spawn and what it points to. Stays as it is until the outcome. */
struct region {
	struct spawn_prog_arg	*arg;
	__u32			len;
	char			*paths;		/* the strings of the candidates */
	/* ours, where the policy cannot write */
	const char		*path[SPAWN_PROG_MAX_PATHS];
	__u32			nr_paths;
	__u64			argv;
};

/*
 * Fills the region for argv: its paths are argv[0] if that has a slash, else argv[0] in every
 * directory of PATH. 0, or -errno after a sentence.
 */
int region_make(struct region *r, char *const argv[], bool shell, bool trace);
void region_free(struct region *r);

/* Path number i, NULL if there is none. */
const char *region_path(const struct region *r, __u32 i);
/*
 * What the template EXEC runs, if the policy leaves it as it is: the first path that can be executed,
 * or else the first one.
 */
const char *region_program(const struct region *r);
/* The address of argv, for the EXEC. */
__u64 region_argv(const struct region *r);

#endif
