// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Steps of a command: one IORING_OP_TASK each. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <limits.h>
#include <linux/prctl.h>
#include "cmd.h"
#include "step.h"

/* The kernel's signal sets are 64 bits. */
static __u64 first_signals(const sigset_t *set)
{
	__u64 first;

	memcpy(&first, set, sizeof(first));
	return first;
}

int spawn_bpf_cmd__dup2(struct spawn_bpf_cmd *cmd, int fd, int target)
{
	return STEP(cmd, iou_prep_task_dup, fd, target, 0);
}

int spawn_bpf_cmd__openat(struct spawn_bpf_cmd *cmd, int target, int dirfd, const char *path,
			  int oflag, mode_t mode)
{
	if (!path)
		return cmd_refuse_step(cmd, -EINVAL);
	return STEP(cmd, iou_prep_task_open, dirfd, U64(path), oflag, mode, target);
}

int spawn_bpf_cmd__open(struct spawn_bpf_cmd *cmd, int target, const char *path, int oflag,
			mode_t mode)
{
	return spawn_bpf_cmd__openat(cmd, target, AT_FDCWD, path, oflag, mode);
}

int spawn_bpf_cmd__close(struct spawn_bpf_cmd *cmd, int fd)
{
	return STEP(cmd, iou_prep_task_close_range, fd, fd, 0);
}

int spawn_bpf_cmd__close_range(struct spawn_bpf_cmd *cmd, unsigned int first, unsigned int last,
			       int flags)
{
	return STEP(cmd, iou_prep_task_close_range, first, last, flags);
}

int spawn_bpf_cmd__chdir(struct spawn_bpf_cmd *cmd, const char *path)
{
	if (!path)
		return cmd_refuse_step(cmd, -EINVAL);
	return STEP(cmd, iou_prep_task_chdir, AT_FDCWD, U64(path));
}

int spawn_bpf_cmd__fchdir(struct spawn_bpf_cmd *cmd, int fd)
{
	return STEP(cmd, iou_prep_task_chdir, fd, 0);
}

int spawn_bpf_cmd__chroot(struct spawn_bpf_cmd *cmd, const char *path)
{
	if (!path)
		return cmd_refuse_step(cmd, -EINVAL);
	return STEP(cmd, iou_prep_task_chroot, AT_FDCWD, U64(path));
}

int spawn_bpf_cmd__umask(struct spawn_bpf_cmd *cmd, mode_t mask)
{
	return STEP(cmd, iou_prep_task_umask, mask);
}

int spawn_bpf_cmd__sigmask(struct spawn_bpf_cmd *cmd, int how, const sigset_t *set)
{
	if (!set)
		return cmd_refuse_step(cmd, -EINVAL);
	return STEP(cmd, iou_prep_task_sigmask, how, first_signals(set));
}

int spawn_bpf_cmd__sigdefault(struct spawn_bpf_cmd *cmd, const sigset_t *set)
{
	if (!set)
		return cmd_refuse_step(cmd, -EINVAL);
	return STEP(cmd, iou_prep_task_sigdefault, first_signals(set));
}

int spawn_bpf_cmd__setsid(struct spawn_bpf_cmd *cmd)
{
	return STEP(cmd, iou_prep_task_setsid);
}

int spawn_bpf_cmd__setpgid(struct spawn_bpf_cmd *cmd, pid_t pgid)
{
	return STEP(cmd, iou_prep_task_setpgid, pgid);
}

int spawn_bpf_cmd__ctty(struct spawn_bpf_cmd *cmd, int tty)
{
	return STEP(cmd, iou_prep_task_ctty, tty);
}

int spawn_bpf_cmd__tcsetpgrp(struct spawn_bpf_cmd *cmd, int tty, pid_t pgrp)
{
	return STEP(cmd, iou_prep_task_tcsetpgrp, tty, pgrp);
}

int spawn_bpf_cmd__nice(struct spawn_bpf_cmd *cmd, int increment)
{
	return STEP(cmd, iou_prep_task_nice, increment);
}

int spawn_bpf_cmd__affinity(struct spawn_bpf_cmd *cmd, size_t size, const cpu_set_t *set)
{
	if (!set || size > INT_MAX)
		return cmd_refuse_step(cmd, -EINVAL);
	return STEP(cmd, iou_prep_task_affinity, U64(set), size);
}

int spawn_bpf_cmd__ioprio(struct spawn_bpf_cmd *cmd, int ioprio)
{
	return STEP(cmd, iou_prep_task_ioprio, ioprio);
}

int spawn_bpf_cmd__rlimit(struct spawn_bpf_cmd *cmd, int resource, const struct rlimit *limit)
{
	if (!limit)
		return cmd_refuse_step(cmd, -EINVAL);
	return STEP(cmd, iou_prep_task_rlimit, resource, limit->rlim_cur, limit->rlim_max);
}

int spawn_bpf_cmd__groups(struct spawn_bpf_cmd *cmd, size_t count, const gid_t *groups)
{
	if ((count && !groups) || count > INT_MAX)
		return cmd_refuse_step(cmd, -EINVAL);
	return STEP(cmd, iou_prep_task_groups, U64(groups), count);
}

/*
 * Until exec the process has the memory of the caller, and the kernel makes that undumpable when
 * ids change: the other backend has to know.
 */
static int changes_ids(struct spawn_bpf_cmd *cmd, int step)
{
	if (step >= 0)
		cmd->nr_credentials++;
	return step;
}

int spawn_bpf_cmd__gid(struct spawn_bpf_cmd *cmd, gid_t rgid, gid_t egid, gid_t sgid)
{
	return changes_ids(cmd, STEP(cmd, iou_prep_task_gid, rgid, egid, sgid));
}

int spawn_bpf_cmd__uid(struct spawn_bpf_cmd *cmd, uid_t ruid, uid_t euid, uid_t suid)
{
	return changes_ids(cmd, STEP(cmd, iou_prep_task_uid, ruid, euid, suid));
}

int spawn_bpf_cmd__resetids(struct spawn_bpf_cmd *cmd)
{
	return changes_ids(cmd, STEP(cmd, iou_prep_task_resetids));
}

/* Not what is about the memory, which is the caller's. */
int spawn_bpf_cmd__prctl(struct spawn_bpf_cmd *cmd, int option, unsigned long arg2,
			 unsigned long arg3)
{
	switch (option) {
	case PR_SET_NO_NEW_PRIVS:
	case PR_SET_PDEATHSIG:
	case PR_SET_KEEPCAPS:
	case PR_SET_SECUREBITS:
	case PR_SET_CHILD_SUBREAPER:
	case PR_SET_TIMERSLACK:
		return STEP(cmd, iou_prep_task_prctl, option, arg2, arg3);
	default:
		return cmd_refuse_step(cmd, -EINVAL);
	}
}
