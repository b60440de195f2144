/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The argument region of the policy deadline, which also works without one. Chain: SPAWN_BPF; its
 * templates run one after another.
 */

/* Written with every template and at the end: true after the outcome CQE, whatever that is. */
struct deadline_report {
	__s32	error;		/* 0: all is well; else -errno, as the outcome CQE */
	__u32	step;		/* number of the template that error is about, or of the last one */
	__u64	left_ns;	/* until the deadline, when that template was queued */
};

struct deadline_arg {
	__u64	limit_ns;	/* from the policy's first step on; 0: the policy's parameter */
	struct deadline_report report;
};
