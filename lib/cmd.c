// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Commands: made, their chain, what becomes of it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"
#include "opts.h"

#define CMD_FLAGS	(SPAWN_BPF_SEARCH | SPAWN_BPF_NO_FILES | SPAWN_BPF_AT)

/* ---- The chain ---------------------------------------------------------------------------- */

static int grow(struct spawn_bpf_cmd *cmd)
{
	unsigned int room = cmd->room * 2;
	struct io_uring_sqe *sqe;

	if (cmd->nr_sqes == IORING_SPAWN_MAX_SQES)
		return -E2BIG;
	if (cmd->nr_sqes < cmd->room)
		return 0;
	sqe = malloc(room * sizeof(*sqe));
	if (!sqe)
		return -ENOMEM;
	memcpy(sqe, cmd->sqe, cmd->nr_sqes * sizeof(*sqe));
	if (cmd->sqe != cmd->first_sqes)
		free(cmd->sqe);
	cmd->sqe = sqe;
	cmd->room = room;
	return 0;
}

static int refuse(struct spawn_bpf_cmd *cmd, int step, int err)
{
	if (cmd && !cmd->error) {
		cmd->error = err;
		cmd->refused = step;
	}
	return err;
}

int cmd_refuse_step(struct spawn_bpf_cmd *cmd, int err)
{
	return refuse(cmd, cmd ? cmd->nr_steps : 0, err);
}

int cmd_refuse(struct spawn_bpf_cmd *cmd, int err)
{
	return refuse(cmd, SPAWN_BPF_STEP_CLONE, err);
}

struct io_uring_sqe *cmd_add_step(struct spawn_bpf_cmd *cmd, int *err)
{
	struct io_uring_sqe *sqe;

	*err = cmd ? grow(cmd) : -EINVAL;
	if (*err)
		return NULL;
	sqe = &cmd->sqe[cmd->nr_steps];
	memmove(sqe + 1, sqe, (cmd->nr_sqes - cmd->nr_steps) * sizeof(*sqe));
	cmd->nr_sqes++;
	cmd->nr_steps++;
	return sqe;
}

static int add_exec(struct spawn_bpf_cmd *cmd, const char *path, char *const argv[],
		    char *const envp[], __u16 flags)
{
	int err = grow(cmd);

	if (err)
		return err;
	if (cmd->nr_execs++)
		cmd->sqe[cmd->nr_sqes - 1].flags |= IOSQE_IO_LINK;
	iou_prep_exec(&cmd->sqe[cmd->nr_sqes++], AT_FDCWD, U64(path), U64(argv), U64(envp), 0,
		      flags);
	return 0;
}

/* ---- Where the program may be ------------------------------------------------------------- */

const char *cmd_search_path(const char *path)
{
	return path ?: getenv("PATH") ?: "/bin:/usr/bin";	/* confstr(_CS_PATH) of glibc */
}

static size_t room_for(const char *dirs, size_t name)
{
	size_t nr = 1;
	const char *p;

	for (p = dirs; *p; p++)
		nr += *p == ':';
	return p - dirs + nr * (name + 2);
}

/* One EXEC for each directory. An empty one is the current directory. */
static int add_search(struct spawn_bpf_cmd *cmd, const char *file, char *const argv[],
		      char *const envp[], const char *dirs)
{
	size_t len = strlen(file);
	const char *end;
	int err = 0;
	char *out;

	if (!len)
		return -ENOENT;
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	if (room_for(dirs, len) > sizeof(cmd->first_paths))
		cmd->paths = malloc(room_for(dirs, len));
	out = cmd->paths;
	if (!out)
		return -ENOMEM;
	for (;; dirs = end + 1) {
		end = strchrnul(dirs, ':');
		if (end - dirs < PATH_MAX) {	/* execvp(3) passes over others too */
			err = add_exec(cmd, out, argv, envp, IORING_EXEC_SEARCH);
			out = mempcpy(out, dirs, end - dirs);
			if (end > dirs)
				*out++ = '/';
			out = mempcpy(out, file, len + 1);
		}
		if (err || !*end)
			break;
	}
	if (!err && !cmd->nr_execs)
		err = -ENOENT;
	return err;
}

/* ---- New and free ------------------------------------------------------------------------- */

int cmd_init(struct spawn_bpf_cmd *cmd, const char *file, char *const argv[], char *const envp[],
	     const char *search_path)
{
	int err;

	memset(cmd, 0, offsetof(struct spawn_bpf_cmd, first_sqes));
	cmd->sqe = cmd->first_sqes;
	cmd->room = CMD_SQES;
	cmd->fds = cmd->first_fds;
	cmd->fds_room = CMD_FDS;
	cmd->paths = cmd->first_paths;
	cmd->cgroup = -1;
	if (search_path && !strchr(file, '/'))
		err = add_search(cmd, file, argv, envp, search_path);
	else
		err = add_exec(cmd, file, argv, envp, 0);
	if (err)
		cmd_fini(cmd);
	return err;
}

void cmd_fini(struct spawn_bpf_cmd *cmd)
{
	cmd_free_scheds(cmd);
	if (cmd->paths != cmd->first_paths)
		free(cmd->paths);
	if (cmd->sqe != cmd->first_sqes)
		free(cmd->sqe);
	if (cmd->fds != cmd->first_fds)
		free(cmd->fds);
}

/* In the only EXEC there is. */
static void exec_at(struct spawn_bpf_cmd *cmd, int dirfd, __u32 at_flags)
{
	cmd->sqe[0].fd = dirfd;
	cmd->sqe[0].rw_flags = at_flags;
}

struct spawn_bpf_cmd *spawn_bpf_cmd__new(const char *file, char *const argv[], char *const envp[],
					 const struct spawn_bpf_cmd_opts *opts)
{
	__u32 flags = OPTS_GET(opts, flags, 0);
	struct spawn_bpf_cmd *cmd = NULL;
	int err = -EINVAL;

	if (!file || !OPTS_VALID(opts) || flags & ~CMD_FLAGS)
		goto out;
	if (flags & SPAWN_BPF_SEARCH && flags & SPAWN_BPF_AT)
		goto out;
	err = -ENOMEM;
	cmd = malloc(sizeof(*cmd));
	if (!cmd)
		goto out;
	err = cmd_init(cmd, file, argv, envp, flags & SPAWN_BPF_SEARCH ?
		       cmd_search_path(OPTS_GET(opts, path, NULL)) : NULL);
	if (err) {
		free(cmd);
		goto out;
	}
	if (flags & SPAWN_BPF_AT)
		exec_at(cmd, OPTS_GET(opts, dirfd, AT_FDCWD), OPTS_GET(opts, at_flags, 0));
	if (flags & SPAWN_BPF_NO_FILES)
		cmd->spawn_flags |= IORING_CLONE_NO_FILES;
	return cmd;
out:
	errno = -err;
	return NULL;
}

void spawn_bpf_cmd__free(struct spawn_bpf_cmd *cmd)
{
	if (!cmd)
		return;
	cmd_fini(cmd);
	free(cmd);
}

/* ---- From the command to a CLONE, and back from its CQE ----------------------------------- */

void cmd_prep(const struct spawn_bpf_cmd *cmd, struct io_uring_clone_args *args,
	      struct io_uring_sqe *sqe, int *pidfd)
{
	cmd_settle_scheds(cmd);
	*args = (struct io_uring_clone_args){
		.flags = cmd->clone_flags | (pidfd ? CLONE_PIDFD : 0),
		.pidfd = U64(pidfd),
		.cgroup = cmd->cgroup < 0 ? 0 : cmd->cgroup,
		.sqes = U64(cmd->sqe),
		.nr_sqes = cmd->nr_sqes,
		.nr_submit = cmd->has_policy ? cmd->nr_sqes - cmd->nr_execs : cmd->nr_sqes,
		.fds = cmd->nr_fds ? U64(cmd->fds) : 0,
		.nr_fds = cmd->nr_fds,
	};
	if (cmd->error)		/* CLONE says -EINVAL */
		args->nr_submit = 0;
	iou_prep_clone(sqe, U64(args), sizeof(*args),
		       cmd->spawn_flags | IORING_CLONE_DEFER | IORING_CLONE_QUIET);
}

static int step_of(const struct spawn_bpf_cmd *cmd, unsigned int sqe)
{
	if (sqe < cmd->nr_steps)
		return sqe;
	return sqe < cmd->nr_sqes ? SPAWN_BPF_STEP_EXEC : SPAWN_BPF_STEP_CLONE;
}

int cmd_result(const struct spawn_bpf_cmd *cmd, struct spawn_bpf_result *res, int outcome,
	       unsigned int sqe)
{
	res->error = outcome < 0 ? outcome : 0;
	res->pid = outcome > 0 ? outcome : 0;
	res->step = outcome < 0 ? step_of(cmd, sqe) : 0;
	if (!outcome) {		/* a policy has ended without an EXEC and without an error */
		res->error = -ECANCELED;
		res->step = SPAWN_BPF_STEP_EXEC;
	}
	/* of a process that is no more, unless nobody knows */
	if (res->error && res->pidfd >= 0 &&
	    !(res->error == -EIO && res->step == SPAWN_BPF_STEP_CLONE)) {
		close(res->pidfd);
		res->pidfd = -1;
	}
	return res->error;
}

/* A refusal is about io_uring, not about this spawn: another backend may do it. */
bool cmd_is_refused(const struct spawn_bpf_result *res)
{
	return res->step == SPAWN_BPF_STEP_CLONE &&
		(res->error == -EPERM || res->error == -EOPNOTSUPP);
}

int spawn_bpf_cmd__prep(struct spawn_bpf_cmd *cmd, struct io_uring_sqe *sqe, int *pidfd)
{
	__u64 user_data;

	if (!cmd || !sqe)
		return -EINVAL;
	user_data = sqe->user_data;
	if (pidfd)
		*pidfd = -1;
	cmd_prep(cmd, &cmd->args, sqe, pidfd);
	sqe->user_data = user_data;
	return cmd->error;
}

int spawn_bpf_cmd__result(const struct spawn_bpf_cmd *cmd, const struct io_uring_cqe *cqe,
			  struct spawn_bpf_result *res)
{
	if (!cmd || !cqe || !RESULT_VALID(res))
		return -EINVAL;
	result_init(res);
	if (cmd->error) {
		res->step = cmd->refused;
		return res->error = cmd->error;
	}
	res->backend = SPAWN_BPF_BACKEND_IO_URING;
	return cmd_result(cmd, res, cqe->res, IORING_CQE_STEP(cqe));
}
