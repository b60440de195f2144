// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "libspawn_bpf.h"
#include "command.h"

static char *state_argv[] = { "state", "30", "29", NULL };

static int open_as(int to, int fd, int flags)
{
	if (fd < 0 || dup3(fd, to, flags) != to || close(fd))
		return -errno;
	return 0;
}

int command_init(struct command *c)
{
	int fds[2], master, unlock = 0, err;

	c->cmd = NULL;
	err = target(c->program, sizeof(c->program), "state");
	if (err || pipe(fds))
		return -errno;
	err = open_as(READ_FD, fds[0], O_CLOEXEC) ?: open_as(REPORT_FD, fds[1], 0);
	if (err)
		return err;
	master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock))
		return -errno;
	err = open_as(TTY_FD, ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY), 0) ?:
		open_as(TTY_FD + 2, master, O_CLOEXEC);
	return err ?: command_new(c, c->program, 0, NULL);
}

int command_new_opts(struct command *c, const char *file, const struct spawn_bpf_cmd_opts *opts)
{
	spawn_bpf_cmd__free(c->cmd);
	c->cmd = spawn_bpf_cmd__new(file, state_argv, environ, opts);
	return c->cmd ? 0 : -errno;
}

int command_new(struct command *c, const char *file, uint32_t flags, const char *path)
{
	struct spawn_bpf_cmd_opts opts = { .sz = sizeof(opts), .flags = flags, .path = path };

	return command_new_opts(c, file, &opts);
}

int spawn_by(const struct command *c, const struct spawn_bpf_cmd *cmd, struct spawn_bpf_result *res,
	     uint32_t flags)
{
	struct spawn_bpf_spawn_opts opts = { .sz = sizeof(opts), .flags = c->flags | flags };

	*res = (struct spawn_bpf_result){ .sz = sizeof(*res) };
	return spawn_bpf_cmd__spawn(cmd, res, &opts);
}

int command_run(struct command *c)
{
	struct state *s = &c->state;
	int err = spawn_by(c, c->cmd, &c->res, 0);

	if (c->res.backend != c->backend)
		return -EPROTO;
	if (err)
		return err;
	if (read(READ_FD, s, sizeof(*s)) != sizeof(*s))
		return -EIO;
	return wait_exit(c->res.pid);
}

void command_fini(struct command *c)
{
	spawn_bpf_cmd__free(c->cmd);
}

struct spawn_bpf_cmd *exit_command(const char *status)
{
	static char *argv[] = { "sh", "-c", "exit $0", NULL, NULL };

	argv[3] = (char *)status;
	return spawn_bpf_cmd__new("/bin/sh", argv, environ, NULL);
}
