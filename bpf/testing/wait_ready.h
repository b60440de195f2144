/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The argument region between an application and the policy wait_ready. Chain: SPAWN_BPF; template
 * 0 is the EXEC. Descriptors are those of the task.
 */

enum wait_ready_kind {
	WAIT_READY_POLL,	/* one of events is there */
	WAIT_READY_CONNECT,	/* somebody accepts at addr: fd is connected to him then */
	WAIT_READY_EXIT,	/* the process of the pidfd fd has ended */
};

struct wait_ready_want {
	__u32	kind;
	__s32	fd;		/* CONNECT: a stream socket, with O_NONBLOCK */
	__u32	events;		/* POLL: POLLIN, POLLOUT ... */
	__u32	addr_len;	/* CONNECT: a sockaddr and its length */
	__u64	addr;
	__u64	timeout_ns;	/* 0: none */
};

/* True after the outcome CQE. ready and error both 0: the spawn was cancelled while it waited. */
struct wait_ready_report {
	__s32	error;		/* 0: the program runs; else -errno, as the outcome CQE */
	__u32	attempts;	/* POLLs or CONNECTs */
	__s32	last;		/* what the last of them that completed said: events, 0, -errno */
	__u32	ready;		/* 1: error, if any, is that of the EXEC */
	__u64	waited_ns;
};

struct wait_ready_arg {
	struct wait_ready_want want;
	struct wait_ready_report report;
};
