/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>

/* One command of a list. */
struct command {
	unsigned long	number;		/* of its first line, or of the command if NULs end them */
	size_t		argc;
	char		**argv;		/* the prefix, its own words, NULL */
};

struct words {
	struct command	*commands;
	size_t		nr;
};

struct words_error {
	unsigned long	number;
	const char	*why;
};

/*
 * Splits @len bytes into commands, each ended by @separator ('\n' or 0), and these into words as
 * xargs(1) does: at blanks; quotes of both kinds keep what is between them, a backslash outside of
 * them keeps the next character. A quoted word does not go over the separator, and only a backslash
 * makes a newline a part of a command that a newline ends. Nothing is expanded. Commands without
 * a word and those that begin with # are passed over. The words of @prefix, which NULL ends, come
 * before those of every command.
 *
 * The words stay in @text, which is written to, text[len] included. 0; -EINVAL with @error;
 * -ENOMEM. To be freed in either case.
 */
int words_split(struct words *w, char *text, size_t len, char separator, char *const *prefix,
		struct words_error *error);
void words_free(struct words *w);

#endif
