/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef LIST_H
#define LIST_H

#include <stdbool.h>
#include "words.h"

/* The commands of a file. */
struct list {
	const char	*name;		/* of the file, for people */
	char		*text;
	struct words	words;
};

/*
 * Reads a file, or standard input if it is called "-", to its end and splits it. Commands end with
 * NULs or newlines, and begin with the words of @prefix. 0, or -errno after a sentence. To be freed
 * in either case.
 */
int list_read(struct list *l, const char *file, bool nul, char *const *prefix);
void list_free(struct list *l);

#endif
