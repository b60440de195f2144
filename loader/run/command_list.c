// SPDX-License-Identifier: GPL-2.0 OR MIT
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "command_list.h"
#include "util.h"

/* The text, with room for one byte more; its length or -errno. */
static ssize_t read_all(int fd, char **text)
{
	size_t len = 0, room = 0;
	ssize_t got;

	do {
		if (len + 1 >= room) {
			char *more = realloc(*text, room = 2 * room + 65536);

			if (!more)
				return -ENOMEM;
			*text = more;
		}
		got = read(fd, *text + len, room - len - 1);
		if (got < 0 && errno != EINTR)
			return -errno;
		len += got > 0 ? got : 0;
	} while (got);
	return len;
}

static ssize_t read_file(struct command_list *l, const char *file)
{
	ssize_t len;
	int fd;

	if (!strcmp(file, "-")) {
		l->name = "<stdin>";
		return read_all(STDIN_FILENO, &l->text);
	}
	l->name = file;
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = read_all(fd, &l->text);
	close(fd);
	return len;
}

int command_list_read(struct command_list *l, const char *file, bool nul, char *const *prefix)
{
	struct words_error error;
	ssize_t len;
	int err;

	memset(l, 0, sizeof(*l));
	len = read_file(l, file);
	if (len < 0) {
		say_error(len, NULL, "cannot read the commands of %s", shown(l->name));
		return len;
	}
	err = words_split(&l->words, l->text, len, nul ? 0 : '\n', prefix, &error);
	if (err == -EINVAL)
		say("%s:%lu: %s", shown(l->name), error.number, error.why);
	else if (err)
		say_error(err, NULL, "cannot hold the commands of %s", shown(l->name));
	return err;
}

void command_list_free(struct command_list *l)
{
	words_free(&l->words);
	free(l->text);
}
