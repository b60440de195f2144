/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The argument region between an application and the policy pool. Chain: SPAWN_BPF; template 0 is
 * an EXEC whose path, argv and envp are still unknown.
 *
 * The application writes the three, then stores POOL_RUN or POOL_STOP in word and wakes who waits
 * for it (futex(2), private). The region is the task's until the outcome CQE.
 */

#define POOL_WAIT	0
#define POOL_RUN	1
#define POOL_STOP	2	/* ends with -ECANCELED */

/* True after the outcome CQE, whatever that is. */
struct pool_report {
	__s32	error;		/* 0: the program runs; else -errno, as the outcome CQE */
	__u32	named;		/* 1: error, if any, is that of the EXEC */
};

struct pool_arg {
	__u32	word;		/* futex */
	__u32	resv;
	__u64	path;
	__u64	argv;
	__u64	envp;
	struct pool_report report;
};
