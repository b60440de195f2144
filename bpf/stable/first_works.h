/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The argument region of the policy first_works, which also works without one. Chain: SPAWN_BPF;
 * its templates are the alternatives, each an EXEC with path, argv and envp of its own.
 */

/* Written with every attempt and at the end: true after the outcome CQE, whatever that is. */
struct first_works_report {
	__s32	error;		/* 0: the one tried last runs; else -errno, as the outcome CQE */
	__u32	tried;		/* alternatives; the last of them is the template tried - 1 */
};

struct first_works_arg {
	struct first_works_report report;
};
