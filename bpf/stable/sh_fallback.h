/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The argument region of the policy sh_fallback, which also works without one. Chain: SPAWN_BPF;
 * its first template is the program's EXEC, its second one the shell's. One array is enough for
 * both:
 *
 *	char *argv[] = { "sh", path, arg..., NULL };
 *
 * of which the program's EXEC gets &argv[1] and the shell's argv.
 */

/* Written with every attempt and at the end: true after the outcome CQE, whatever that is. */
struct sh_fallback_report {
	__s32	error;		/* 0: what was tried last runs; else -errno, as the outcome CQE */
	__u32	sh;		/* 1: the shell was tried */
};

struct sh_fallback_arg {
	struct sh_fallback_report report;
};
