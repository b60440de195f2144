/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What watch.bpf.c sends and spawn-bpf trace shows: one record for each event of the tracepoints
 * io_uring_spawn_*. For both sides.
 */
#ifndef WATCH_H
#define WATCH_H

enum watch_type {
	WATCH_CLONE,
	WATCH_QUEUE,
	WATCH_COMPLETE,
	WATCH_STEP,
	WATCH_EXEC,
	WATCH_END,
};

/* 64 bytes. Pids are those of the initial namespace. */
struct watch_event {
	__u64	ns;		/* CLOCK_MONOTONIC */
	__u64	user_data;	/* CLONE, QUEUE, COMPLETE */
	__u32	type;
	__s32	pid;		/* the task, 0: there is none */
	__s32	submitter;	/* its process */
	__s32	res;		/* STEP: what it returned */
	__u32	nr;		/* CLONE: length of the chain; STEP: how often it was called */
	__u32	arg;		/* CLONE: its flags; STEP: why it was called */
	__u16	idx;		/* place in the chain, or WATCH_NO_PLACE */
	__u8	opcode;		/* QUEUE, COMPLETE */
	__u8	resv[5];
	char	comm[16];	/* CLONE: the submitter's; else the task's, or its program's */
};

/* An SQE that a policy has queued, or the end of a spawn that belongs to none. */
#define WATCH_NO_PLACE	0xffff

/* How many generations up the submitter of a chain may be a descendant of the command. */
#define WATCH_GENERATIONS	32

#endif
