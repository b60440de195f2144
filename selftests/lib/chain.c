// SPDX-License-Identifier: GPL-2.0 OR MIT
/* A CLONE and its chain, in both forms. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "spawn_test.h"

void chain_init(struct chain *c, bool array, __u32 clone_flags)
{
	memset(c, 0, offsetof(struct chain, sqe));
	c->array = array;
	iou_prep_clone(&c->clone, 0, 0, clone_flags);
	c->clone.user_data = UD_CLONE;
}

struct io_uring_sqe *chain_add(struct chain *c)
{
	if (c->nr == CHAIN_MAX) {
		fprintf(stderr, "# a chain holds %d SQEs\n", CHAIN_MAX);
		abort();
	}
	memset(&c->sqe[c->nr], 0, sizeof(c->sqe[0]));
	c->sqe[c->nr].user_data = c->nr;
	return &c->sqe[c->nr++];
}

/* iou_prep_*() and liburing's helpers clear or keep user_data as they like: set it afterwards. */
static struct io_uring_sqe *keep_place(struct chain *c, struct io_uring_sqe *sqe)
{
	sqe->user_data = sqe - c->sqe;
	return sqe;
}

struct io_uring_sqe *chain_nop(struct chain *c, int res)
{
	struct io_uring_sqe *sqe = chain_add(c);

	sqe->opcode = IORING_OP_NOP;
	sqe->rw_flags = NOP_INJECT_RESULT;
	sqe->len = res;
	return sqe;
}

struct io_uring_sqe *chain_exec(struct chain *c, const char *path, char *const argv[])
{
	struct io_uring_sqe *sqe = chain_add(c);

	iou_prep_exec(sqe, AT_FDCWD, U64(path), U64(argv), U64(environ), 0, 0);
	return keep_place(c, sqe);
}

struct io_uring_sqe *chain_read(struct chain *c, int fd, void *buf, unsigned int len)
{
	struct io_uring_sqe *sqe = chain_add(c);

	iou_prep(sqe, IORING_OP_READ, fd, U64(buf), len, -1);
	return keep_place(c, sqe);
}

struct io_uring_sqe *chain_write(struct chain *c, int fd, const void *buf, unsigned int len)
{
	struct io_uring_sqe *sqe = chain_add(c);

	iou_prep(sqe, IORING_OP_WRITE, fd, U64(buf), len, -1);
	return keep_place(c, sqe);
}

struct io_uring_sqe *chain_policy(struct chain *c, __u32 slot, void *arg, __u32 len)
{
	struct io_uring_sqe *sqe = chain_add(c);

	iou_prep_policy(sqe, slot, U64(arg), len, 0);
	return keep_place(c, sqe);
}

/* [0] SPAWN_BPF runs, in slot 0; what is added behind it are templates. */
void policy_chain(struct chain *c, void *arg, __u32 len)
{
	chain_init(c, true, 0);
	chain_policy(c, 0, arg, len);
	c->nr_submit = 1;
}

/* Link everything but the last one. */
void chain_link(struct chain *c, __u8 flag)
{
	unsigned int i;

	for (i = 0; i + 1 < c->nr; i++)
		c->sqe[i].flags |= flag;
}

/* Put CLONE (and, in link form, the chain) on the ring; returns how many SQEs that took. */
unsigned int chain_queue(struct io_uring *ring, struct chain *c)
{
	struct io_uring_sqe *sqe = get_sqe(ring);
	unsigned int i;

	*sqe = c->clone;
	sqe->user_data += c->base;
	for (i = 0; i < c->nr; i++)
		c->sqe[i].user_data += c->base;
	if (c->array) {
		c->args.sqes = U64(c->sqe);
		c->args.nr_sqes = c->nr;
		c->args.nr_submit = c->nr_submit ?: c->nr;
		sqe->addr = U64(&c->args);
		sqe->len = sizeof(c->args);
		return 1;
	}
	sqe->flags |= IOSQE_IO_LINK;
	for (i = 0; i < c->nr; i++)
		*get_sqe(ring) = c->sqe[i];
	return 1 + c->nr;
}

int chain_submit(struct io_uring *ring, struct chain *c)
{
	chain_queue(ring, c);
	return submit_all(ring);
}

/* Run the chain for its outcome alone: one CQE. */
struct outcome chain_outcome(struct io_uring *ring, struct chain *c)
{
	struct io_uring_cqe cqe = {};
	int ret;

	c->clone.rw_flags |= IORING_CLONE_DEFER | IORING_CLONE_QUIET;
	ret = chain_submit(ring, c);
	if (!ret)
		ret = next_cqe(ring, &cqe);
	if (ret || cqe.user_data != UD_CLONE + c->base) {
		fprintf(stderr, "# no outcome: %s, user_data %#llx res %d\n", strerror(-ret),
			(unsigned long long)cqe.user_data, cqe.res);
		return (struct outcome){ ret ?: -EBADMSG, 0xbad };
	}
	return (struct outcome){ cqe.res, IORING_CQE_STEP(&cqe) };
}
