/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The argument region of the policy setup_steps, which also works without one. Chain: SPAWN_BPF;
 * its templates are the steps. The user_data of each is its code: what the application wants to
 * hear if the step fails, an exit status of systemd for instance. Bit n of the cookie makes step n
 * soft.
 */

/* Written with every step and at the end: true after the outcome CQE, whatever that is. */
struct setup_steps_report {
	__s32	error;		/* 0: all is well; else -errno, as the outcome CQE */
	__u32	step;		/* number of the step that error is about, or of the last one */
	__u64	code;		/* its code */
	__u32	nr_soft;	/* soft steps that failed */
	__u32	resv;
};

struct setup_steps_arg {
	struct setup_steps_report report;
	/*
	 * What step n completed with, for as many as the region has room for. Of steps that did not
	 * come to their end, a successful EXEC among them, it is what the application put there.
	 */
	__s32	res[];
};

#define SETUP_STEPS_ARG_LEN(nr_steps)	(sizeof(struct setup_steps_arg) + 4 * (nr_steps))
