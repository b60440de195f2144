// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * sched_setscheduler(2) and sched_setparam(2) keep the nice value; sched_setattr(2), which is what
 * an attribute of a task is, sets it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include "cmd.h"
#include "step.h"

#define MAX_NICE	19
#define MIN_NICE	(-20)

int spawn_bpf_cmd__sched(struct spawn_bpf_cmd *cmd, int policy, int priority)
{
	struct cmd_sched *s;
	int step;

	if (!cmd || policy < -1)
		return cmd_refuse_step(cmd, -EINVAL);
	s = cmd->scheds ? malloc(sizeof(*s)) : &cmd->first_sched;
	if (!s)
		return cmd_refuse_step(cmd, -ENOMEM);
	s->attr = (struct sched_attributes){
		.size = sizeof(s->attr), .priority = priority,
		.policy = policy < 0 ? 0 : policy & ~SCHED_RESET_ON_FORK,
		.flags = policy < 0 ? SCHED_KEEP_POLICY :
			 policy & SCHED_RESET_ON_FORK ? SCHED_RESETS_ON_FORK : 0,
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

static int clamp(long long value, int min, int max)
{
	return value < min ? min : value > max ? max : value;
}

int spawn_bpf_cmd__sched_attr(struct spawn_bpf_cmd *cmd, const struct sched_attr *attr,
			      size_t size)
{
	if (!attr || size > INT_MAX)
		return cmd_refuse_step(cmd, -EINVAL);
	return STEP(cmd, iou_prep_task_sched, U64(attr), size, 0);
}

static bool is_ours(const struct spawn_bpf_cmd *cmd, const struct sched_attributes *attr)
{
	const struct cmd_sched *s;

	for (s = cmd->scheds; s && &s->attr != attr; s = s->next)
		;
	return s;
}

/* What the process has: at first what this thread has, unless that asked to be reset. */
struct state {
	int	policy, nice;
};

static bool is_fair(int policy)
{
	return policy == SCHED_OTHER || policy == SCHED_BATCH;
}

static struct state first_state(void)
{
	int policy = sched_getscheduler(0);
	struct state now = { policy & ~SCHED_RESET_ON_FORK, getpriority(PRIO_PROCESS, 0) };

	if (policy < 0 || !(policy & SCHED_RESET_ON_FORK))
		return now;
	if (!is_fair(now.policy) && now.policy != SCHED_IDLE)
		return (struct state){ SCHED_OTHER, 0 };
	if (now.nice < 0)
		now.nice = 0;
	return now;
}

static void after_step(struct state *now, const struct sched_attributes *attr, __u32 size)
{
	if (size < sizeof(*attr) || attr->flags & SCHED_KEEP_PARAMS)
		return;
	if (!(attr->flags & SCHED_KEEP_POLICY))
		now->policy = attr->policy;
	if (is_fair(now->policy))
		now->nice = clamp(attr->nice, MIN_NICE, MAX_NICE);
}

void cmd_settle_scheds(const struct spawn_bpf_cmd *cmd)
{
	struct state now;
	unsigned int i;

	if (!cmd->scheds)
		return;
	now = first_state();
	for (i = 0; i < cmd->nr_steps; i++) {
		const struct io_uring_sqe *sqe = &cmd->sqe[i];
		struct sched_attributes *attr = (void *)(uintptr_t)sqe->addr;

		if (sqe->off == IORING_TASK_NICE)
			now.nice = clamp((long long)now.nice + (__s32)sqe->len, MIN_NICE, MAX_NICE);
		if (sqe->off != IORING_TASK_SCHED)
			continue;
		if (is_ours(cmd, attr))
			attr->nice = now.nice;
		after_step(&now, attr, sqe->len);
	}
}
