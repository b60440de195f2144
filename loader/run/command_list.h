/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef COMMAND_LIST_H
#define COMMAND_LIST_H

#include <stdbool.h>
#include "words.h"

/* The commands of a file. */
struct command_list {
	const char	*name;		/* of the file, for people */
	char		*text;
	struct words	words;
};

/*
 * Reads a file, or standard input if it is called "-", to its end and splits it. Commands end with
 * NULs or newlines, and begin with the words of @prefix. 0, or -errno after a sentence. To be freed
 * in either case.
 */
int command_list_read(struct command_list *l, const char *file, bool nul, char *const *prefix);
void command_list_free(struct command_list *l);

#endif
