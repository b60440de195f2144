// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "words.h"

struct splitter {
	char		*in, *end;
	char		*out;		/* never beyond in: quotes only make a word shorter */
	char		separator;
	unsigned long	number;		/* of the line or command that in is in */
	char		**argv;		/* the words so far, the prefix included */
	size_t		argc, room;
	size_t		commands_room;
	const char	*why;
};

static int add_word(struct splitter *s, char *word)
{
	if (s->argc == s->room) {
		size_t room = s->room ? 2 * s->room : 16;
		char **argv = reallocarray(s->argv, room, sizeof(*argv));

		if (!argv)
			return -ENOMEM;
		s->argv = argv;
		s->room = room;
	}
	s->argv[s->argc++] = word;
	return 0;
}

static int add_command(struct splitter *s, struct words *w, unsigned long number)
{
	struct command *c;

	if (w->nr == s->commands_room) {
		size_t room = s->commands_room ? 2 * s->commands_room : 64;

		c = reallocarray(w->commands, room, sizeof(*c));
		if (!c)
			return -ENOMEM;
		w->commands = c;
		s->commands_room = room;
	}
	c = &w->commands[w->nr];
	c->number = number;
	c->argc = s->argc;
	c->argv = calloc(s->argc + 1, sizeof(*c->argv));
	if (!c->argv)
		return -ENOMEM;
	memcpy(c->argv, s->argv, s->argc * sizeof(*c->argv));
	w->nr++;
	return 0;
}

static bool at_end(const struct splitter *s)
{
	return s->in == s->end || *s->in == s->separator;
}

static bool at_blank(const struct splitter *s)
{
	return *s->in == ' ' || *s->in == '\t' || *s->in == '\n';
}

static int fail(struct splitter *s, const char *why)
{
	s->why = why;
	return -EINVAL;
}

static int take_quoted(struct splitter *s)
{
	char quote = *s->in++;

	while (!at_end(s) && *s->in != quote)
		*s->out++ = *s->in++;
	if (at_end(s))
		return fail(s, quote == '"' ? "unmatched double quote" : "unmatched single quote");
	s->in++;
	return 0;
}

static int take_escaped(struct splitter *s)
{
	s->in++;
	/* a newline can be escaped, a NUL cannot */
	if (s->in == s->end || !*s->in)
		return fail(s, "nothing follows the backslash");
	s->number += *s->in == s->separator;
	*s->out++ = *s->in++;
	return 0;
}

/* A word and the blank behind it. *@last: what is behind it is no blank, but ends the command. */
static int take_word(struct splitter *s, bool *last)
{
	char *word = s->in;
	int err = 0;

	s->out = word;
	while (!err && !at_end(s) && !at_blank(s)) {
		if (*s->in == '\'' || *s->in == '"')
			err = take_quoted(s);
		else if (*s->in == '\\')
			err = take_escaped(s);
		else
			*s->out++ = *s->in++;
	}
	if (err)
		return err;
	*last = at_end(s);
	*s->out = 0;		/* perhaps in place of what has just been looked at */
	s->in += !*last;
	return add_word(s, word);
}

static bool find_word(struct splitter *s)
{
	while (!at_end(s) && at_blank(s))
		s->in++;
	return !at_end(s);
}

static int take_command(struct splitter *s, struct words *w, size_t prefix)
{
	unsigned long number = s->number;
	bool last = !find_word(s);
	int err = 0;

	s->argc = prefix;
	if (!last && *s->in == '#') {
		while (!at_end(s))
			s->in++;
		last = true;
	}
	while (!err && !last) {
		err = take_word(s, &last);
		if (!err && !last)
			last = !find_word(s);
	}
	if (!err && s->argc > prefix)
		err = add_command(s, w, number);
	return err;
}

/* A word of a command that a newline ends cannot have a NUL. */
static int refuse_nul(struct splitter *s)
{
	char *nul = memchr(s->in, 0, s->end - s->in);

	if (!nul)
		return 0;
	for (; s->in < nul; s->in++)
		s->number += *s->in == '\n';
	return fail(s, "a NUL byte; if NULs end the commands say --null");
}

static int split(struct splitter *s, struct words *w, char *const *prefix)
{
	size_t nr = 0;
	int err = 0;

	for (; !err && prefix[nr]; nr++)
		err = add_word(s, prefix[nr]);
	if (!err && s->separator)
		err = refuse_nul(s);
	while (!err && s->in < s->end) {
		err = take_command(s, w, nr);
		if (!err) {
			s->in++;
			s->number++;
		}
	}
	return err;
}

int words_split(struct words *w, char *text, size_t len, char separator, char *const *prefix,
		struct words_error *error)
{
	struct splitter s = {
		.in = text, .end = text + len, .separator = separator, .number = 1,
	};
	int err;

	memset(w, 0, sizeof(*w));
	err = split(&s, w, prefix);
	error->number = s.number;
	error->why = s.why;
	free(s.argv);
	return err;
}

void words_free(struct words *w)
{
	while (w->nr)
		free(w->commands[--w->nr].argv);
	free(w->commands);
}
