// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What is so from the birth of the process: descriptors, cgroup, namespaces; and its policy. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"

#ifndef CLONE_INTO_CGROUP		/* <linux/sched.h> has it, and clashes with <sched.h> */
#define CLONE_INTO_CGROUP	0x200000000ULL
#endif

#define NAMESPACES	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | \
			 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static int grow_fds(struct spawn_bpf_cmd *cmd)
{
	struct io_uring_clone_fd *fds;

	if (cmd->nr_fds == IORING_SPAWN_MAX_FDS)
		return -E2BIG;
	if (cmd->nr_fds < cmd->fds_room)
		return 0;
	fds = malloc(2 * cmd->fds_room * sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	memcpy(fds, cmd->fds, cmd->nr_fds * sizeof(*fds));
	if (cmd->fds != cmd->first_fds)
		free(cmd->fds);
	cmd->fds = fds;
	cmd->fds_room *= 2;
	return 0;
}

static int add_fd(struct spawn_bpf_cmd *cmd, const struct io_uring_clone_fd *fd)
{
	unsigned int i;
	int err;

	if (!cmd || fd->fd < 0 || fd->target < 0)
		return cmd_refuse(cmd, -EINVAL);
	for (i = 0; i < cmd->nr_fds; i++)
		if (cmd->fds[i].target == fd->target)
			return cmd_refuse(cmd, -EEXIST);
	err = grow_fds(cmd);
	if (err)
		return cmd_refuse(cmd, err);
	cmd->fds[cmd->nr_fds++] = *fd;
	return 0;
}

int spawn_bpf_cmd__fd(struct spawn_bpf_cmd *cmd, int fd, int target)
{
	return add_fd(cmd, &(struct io_uring_clone_fd){ .fd = fd, .target = target });
}

int spawn_bpf_cmd__fixed_fd(struct spawn_bpf_cmd *cmd, unsigned int index, int target)
{
	struct io_uring_clone_fd fd = {
		.fd = index, .target = target, .flags = IORING_CLONE_FD_FIXED
	};
	int err = add_fd(cmd, &fd);

	if (!err)
		cmd->needs_ring = true;
	return err;
}

int spawn_bpf_cmd__cgroup(struct spawn_bpf_cmd *cmd, int fd)
{
	if (!cmd || fd < 0)
		return cmd_refuse(cmd, -EINVAL);
	cmd->cgroup = fd;
	cmd->clone_flags |= CLONE_INTO_CGROUP;
	return 0;
}

int spawn_bpf_cmd__namespaces(struct spawn_bpf_cmd *cmd, uint64_t flags)
{
	if (!cmd || flags & ~(uint64_t)NAMESPACES)
		return cmd_refuse(cmd, -EINVAL);
	cmd->clone_flags = (cmd->clone_flags & ~(__u64)NAMESPACES) | flags;
	return 0;
}

int spawn_bpf_cmd__policy(struct spawn_bpf_cmd *cmd, unsigned int slot, void *arg, size_t len)
{
	struct io_uring_sqe *sqe;
	int err;

	if (!cmd || cmd->has_policy || slot >= IORING_SPAWN_MAX_SLOTS || len > 4096 ||
	    (len && !arg))
		return cmd_refuse(cmd, -EINVAL);
	sqe = cmd_add_step(cmd, &err);
	if (!sqe)
		return cmd_refuse(cmd, err);
	/* it is no step: what is added later comes before it */
	cmd->nr_steps--;
	iou_prep_policy(sqe, slot, U64(arg), len, 0);
	cmd->has_policy = true;
	cmd->needs_ring = true;
	return 0;
}
