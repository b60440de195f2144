// SPDX-License-Identifier: GPL-2.0 OR MIT
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "util.h"
#include "watch_command.h"

static void become(int go, char **argv)
{
	char byte;

	if (read(go, &byte, 1) != 1)
		_exit(EXIT_SELF);
	execvp(argv[0], argv);
	say_error(errno, NULL, "%s", shown(argv[0]));
	_exit(errno == ENOENT || errno == ENOTDIR ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN);
}

int command_prepare(struct watch_command *c, char **argv)
{
	int fds[2], err;

	if (pipe2(fds, O_CLOEXEC)) {
		err = -errno;
		say_error(err, NULL, "no pipe for %s", shown(argv[0]));
		return err;
	}
	c->pid = fork();
	if (!c->pid) {
		close(fds[1]);
		become(fds[0], argv);
	}
	err = c->pid < 0 ? -errno : 0;
	close(fds[0]);
	c->go = fds[1];
	if (err) {
		close(c->go);
		say_error(err, NULL, "no process for %s", shown(argv[0]));
	}
	return err;
}

void command_start(struct watch_command *c)
{
	/* if it was killed meanwhile there is nobody to read, and its status says so */
	if (write(c->go, "", 1) < 0)
		errno = 0;
	close(c->go);
}

void command_drop(struct watch_command *c)
{
	close(c->go);
	waitpid(c->pid, NULL, 0);
}
