/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The argument region of the policy busy_retry, which also works without one. Chain: SPAWN_BPF;
 * its first template is the EXEC.
 */

/* Written with every attempt and at the end: true after the outcome CQE, whatever that is. */
struct busy_retry_report {
	__s32	error;		/* 0: the last attempt runs; else -errno, as the outcome CQE */
	__u32	attempts;	/* EXECs tried */
	__u64	paused_ns;	/* between them, in all */
};

struct busy_retry_arg {
	struct busy_retry_report report;
};
