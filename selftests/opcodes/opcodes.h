/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The table of all operations of 6.12 and ours, in pieces by subject: what each does in a chain,
 * and SQEs that show it.
 */
#ifndef SPAWN_TEST_OPCODES_H
#define SPAWN_TEST_OPCODES_H

#include <errno.h>
#include "scripted.h"

/* A few SQEs for one chain. Unless they are linked all of them are in flight at once. */
struct op_case {
	void	(*add)(struct chain *c);
	/* res[] by the place of the SQE; looks at the effect too; NULL for what is refused */
	bool	(*ok)(const int *res);
	bool	in_chain;		/* an ordinary ring does something else */
};

struct op {
	__u8		nr;
	const char	*name;
	int		refused;	/* 0: it runs in a chain; else the errno */
	int		queued;		/* the errno if a policy queues it, who may not */
	bool		ours;		/* no operation of an ordinary ring */
	bool		on_file;	/* fd is a file that it works on: IOSQE_FIXED_FILE */
	struct op_case	cases[5];	/* at least one */
};

#define RUNS(op)		.nr = IORING_OP_##op, .name = #op
#define RUNS_612(op)		.nr = OP_##op, .name = #op
#define ON_FILE(op)		RUNS(op), .on_file = true
#define ON_FILE_612(op)		RUNS_612(op), .on_file = true
#define REFUSED(op, fn)		RUNS(op), .refused = EINVAL, .cases = { { .add = fn } }
#define REFUSED_612(op, fn)	RUNS_612(op), .refused = EINVAL, .cases = { { .add = fn } }
#define CASE(name)		{ add_##name, ok_##name }
#define IN_CHAIN(name, ok)	{ add_##name, ok, .in_chain = true }

/* Each ends with one that has no name. */
extern const struct op file_ops[], path_ops[], net_ops[], wait_ops[], ring_ops[], spawn_ops[];

/* What the cases work on: made by prepare(), gone with forget(). */
struct scratch {
	char			dir[32], file[64], other[64];
	int			fd;		/* of file, which holds TEXT; there is no other */
	int			full[2];	/* a pipe with TEXT in it */
	int			empty[2];	/* one without */
	int			pair[2];	/* connected stream sockets */
	int			listener;	/* of TCP, with a connection waiting: */
	int			client;
	int			socket;		/* of TCP, unbound */
	int			epoll;
	struct io_uring		ring;		/* not the submitter's */
	struct script		*script;	/* in slot 0 of the submitter's */
	char			buf[64];
	struct iovec		iov;		/* of buf, as much as TEXT */
	struct __kernel_timespec soon, never;
};

#define TEXT		"io_uring"
#define TEXT_LEN	((int)sizeof(TEXT) - 1)

/* All of these descriptors are registered with the submitter's ring, under this index. */
#define REGISTERED(fd)	((fd) + 64)
#define NR_REGISTERED	128

extern struct scratch scratch;
void prepare(struct io_uring *submitter);
void forget(void);
/* Says which one did not hold, and where. */
#define must(cond)	must_hold(cond, #cond, __FILE__, __LINE__)
void must_hold(bool ok, const char *cond, const char *file, int line);
bool got_text(int fd);

/* The next SQE, with the fields of all operations; user_data is its place. */
struct io_uring_sqe *op_add(struct chain *c, __u8 opcode, int fd, const void *addr, __u32 len,
			    __u64 off);
/* The last SQE, made by one of liburing's helpers, which cleared its user_data. */
struct io_uring_sqe *op_placed(struct chain *c);

#endif
