/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef CMD_SCHED_H
#define CMD_SCHED_H

#include <linux/types.h>

/* struct sched_attr of the kernel; its header clashes with <sched.h>. */
struct sched_attributes {
	__u32	size, policy;
	__u64	flags;
	__s32	nice;
	__u32	priority;
	__u64	runtime, deadline, period;
};
#define SCHED_RESETS_ON_FORK	0x01	/* SCHED_FLAG_RESET_ON_FORK */
#define SCHED_KEEP_POLICY	0x08	/* SCHED_FLAG_KEEP_POLICY */
#define SCHED_KEEP_PARAMS	0x10	/* SCHED_FLAG_KEEP_PARAMS */

/* What a SCHED step points to: it must not move when steps are added. */
struct cmd_sched {
	struct cmd_sched	*next;
	struct sched_attributes	attr;
};

#endif
