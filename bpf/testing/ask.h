/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The argument region between an application and the policy ask. Chain: SPAWN_BPF; the templates
 * are the EXECs to choose from.
 *
 * Question n (1, 2, ...) is a CQE with the user_data of the SPAWN_BPF SQE, res: 0, or the errno of
 * the program that was chosen before, flags: F_MORE and, in bits 16-31, n. The application sets
 * answer, then stores n in word and wakes who waits for it (futex(2), private).
 */
#define ASK_QUESTION(cqe_flags)	((cqe_flags) >> 16)

/* True after the outcome CQE, whatever that is. */
struct ask_report {
	__s32	error;		/* 0: the program runs; else -errno, as the outcome CQE */
	__u32	questions;	/* posted */
	__u32	silent;		/* so many of them nobody answered in time */
	__s32	answer;		/* the last one that was acted on */
};

struct ask_arg {
	__u32	word;		/* futex: 0, then the number of the question that is answered */
	__s32	answer;		/* number of a template, or -errno to give up */
	struct ask_report report;
};
