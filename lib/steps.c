// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Steps of a command: one IORING_OP_TASK each. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"

/* The number of the step that was just filled in. */
static int added(struct spawn_bpf_cmd *cmd, struct io_uring_sqe *sqe)
{
	sqe->flags |= IOSQE_IO_LINK;
	return cmd->nr_steps - 1;
}

/* STEP(cmd, prep, args...): the body of the functions below. */
#define STEP(cmd, prep, ...) ({							\
	int __err;								\
	struct io_uring_sqe *__sqe = cmd_add_step(cmd, &__err);			\
	if (__sqe) {								\
		prep(__sqe, ##__VA_ARGS__);					\
		__err = added(cmd, __sqe);					\
	}									\
	__err;									\
})

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

int spawn_bpf_cmd__open(struct spawn_bpf_cmd *cmd, int target, const char *path, int oflag,
			mode_t mode)
{
	return STEP(cmd, iou_prep_task_open, AT_FDCWD, U64(path), oflag, mode, target);
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
		return -EINVAL;
	return STEP(cmd, iou_prep_task_chdir, AT_FDCWD, U64(path));
}

int spawn_bpf_cmd__fchdir(struct spawn_bpf_cmd *cmd, int fd)
{
	return STEP(cmd, iou_prep_task_chdir, fd, 0);
}

int spawn_bpf_cmd__chroot(struct spawn_bpf_cmd *cmd, const char *path)
{
	if (!path)
		return -EINVAL;
	return STEP(cmd, iou_prep_task_chroot, AT_FDCWD, U64(path));
}

int spawn_bpf_cmd__umask(struct spawn_bpf_cmd *cmd, mode_t mask)
{
	return STEP(cmd, iou_prep_task_umask, mask);
}

int spawn_bpf_cmd__sigmask(struct spawn_bpf_cmd *cmd, int how, const sigset_t *set)
{
	return STEP(cmd, iou_prep_task_sigmask, how, first_signals(set));
}

int spawn_bpf_cmd__sigdefault(struct spawn_bpf_cmd *cmd, const sigset_t *set)
{
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

int spawn_bpf_cmd__sched(struct spawn_bpf_cmd *cmd, int policy, int priority)
{
	struct cmd_sched *s = cmd->scheds ? malloc(sizeof(*s)) : &cmd->first_sched;
	int step;

	if (!s)
		return -ENOMEM;
	/* sched_setattr(2) sets nice too, where sched_setscheduler(2) keeps it */
	s->attr = (struct sched_attributes){
		.size = sizeof(s->attr), .policy = policy < 0 ? 0 : policy,
		.flags = policy < 0 ? SCHED_KEEP_POLICY : 0, .priority = priority,
		.nice = getpriority(PRIO_PROCESS, 0),
	};
	step = STEP(cmd, iou_prep_task_sched, U64(&s->attr), sizeof(s->attr), 0);
	s->next = cmd->scheds;
	cmd->scheds = s;
	return step;
}

void cmd_free_scheds(struct spawn_bpf_cmd *cmd)
{
	struct cmd_sched *s = cmd->scheds, *next;

	for (; s; s = next) {
		next = s->next;
		if (s != &cmd->first_sched)
			free(s);
	}
}

int spawn_bpf_cmd__nice(struct spawn_bpf_cmd *cmd, int increment)
{
	return STEP(cmd, iou_prep_task_nice, increment);
}

int spawn_bpf_cmd__affinity(struct spawn_bpf_cmd *cmd, size_t size, const cpu_set_t *set)
{
	return STEP(cmd, iou_prep_task_affinity, U64(set), size);
}

int spawn_bpf_cmd__ioprio(struct spawn_bpf_cmd *cmd, int ioprio)
{
	return STEP(cmd, iou_prep_task_ioprio, ioprio);
}

int spawn_bpf_cmd__rlimit(struct spawn_bpf_cmd *cmd, int resource, const struct rlimit *limit)
{
	return STEP(cmd, iou_prep_task_rlimit, resource, limit->rlim_cur, limit->rlim_max);
}

int spawn_bpf_cmd__groups(struct spawn_bpf_cmd *cmd, size_t count, const gid_t *groups)
{
	return STEP(cmd, iou_prep_task_groups, U64(groups), count);
}

int spawn_bpf_cmd__gid(struct spawn_bpf_cmd *cmd, gid_t rgid, gid_t egid, gid_t sgid)
{
	return STEP(cmd, iou_prep_task_gid, rgid, egid, sgid);
}

int spawn_bpf_cmd__uid(struct spawn_bpf_cmd *cmd, uid_t ruid, uid_t euid, uid_t suid)
{
	return STEP(cmd, iou_prep_task_uid, ruid, euid, suid);
}

int spawn_bpf_cmd__resetids(struct spawn_bpf_cmd *cmd)
{
	return STEP(cmd, iou_prep_task_resetids);
}

int spawn_bpf_cmd__prctl(struct spawn_bpf_cmd *cmd, int option, unsigned long arg2,
			 unsigned long arg3)
{
	return STEP(cmd, iou_prep_task_prctl, option, arg2, arg3);
}
