/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The argument region between an application and the policy keep_data. Chain: SPAWN_BPF; the
 * templates run one after another, the last one is the EXEC.
 *
 * The record says what is in data at any time after the outcome CQE. With kept > 0 the region may
 * be used for the next spawn as it is: nothing is read then, and bytes that were handed on are not
 * handed on again.
 */

struct keep_data_want {
	__s32	from;		/* descriptor of the task to read from */
	__s32	to;		/* where the program will read them; -1: nowhere */
	__u32	max;		/* at most so many: the room in data */
	__u32	resv;
};

struct keep_data_report {
	__s32	error;		/* 0: the program runs; else -errno, as the outcome CQE */
	__u32	step;		/* templates that are through, so number of the one that failed */
	__u32	reading;	/* 1: ended while it read; what data holds, if anything, is unknown */
	__u32	kept;		/* bytes of data that were read; 0: end of file, or nothing read */
	__u32	handed;		/* of these, written to "to" */
	__u32	resv;
};

struct keep_data_arg {
	struct keep_data_want want;
	struct keep_data_report report;
	__u8	data[];
};

#define KEEP_DATA_MAX	(4096 - sizeof(struct keep_data_arg))	/* bytes of data */
