// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * How a CLONE may stand among other SQEs, on every type of ring: with any flag, behind drains and
 * in front of them, within a link, at the end of one that nobody closed, with a timeout, more of
 * them than the completion queue holds.
 */
#include <errno.h>
#include "lib/fixture.h"

CHAIN_FIXTURE(submit)

/* Only the array form can stand in a link, the other one is -EINVAL there (rfc.c). */
RING_FIXTURE_BODY(within)
FIXTURE_VARIANT_ADD(within, plain) { .array = true };
FIXTURE_VARIANT_ADD(within, single_issuer) {
	.ring_flags = IORING_SETUP_SINGLE_ISSUER, .array = true };
FIXTURE_VARIANT_ADD(within, coop) { .ring_flags = IORING_SETUP_COOP_TASKRUN, .array = true };
FIXTURE_VARIANT_ADD(within, defer) { .ring_flags = RING_DEFER, .array = true };

#define UD_NOP		0x100

static struct io_uring_sqe *put_nop(struct io_uring *ring, __u8 flags, int res)
{
	struct io_uring_sqe *sqe = get_sqe(ring);

	iou_prep(sqe, IORING_OP_NOP, 0, 0, res, 0);
	sqe->rw_flags = NOP_INJECT_RESULT;
	sqe->flags = flags;
	sqe->user_data = UD_NOP;
	return sqe;
}

TEST_F(submit, clone_with_every_flag_ok)
{
	static const __u8 flags[] = {
		0, IOSQE_ASYNC, IOSQE_IO_DRAIN, IOSQE_ASYNC | IOSQE_IO_DRAIN,
		IOSQE_IO_HARDLINK, IOSQE_IO_LINK | IOSQE_ASYNC,
		IOSQE_IO_HARDLINK | IOSQE_ASYNC | IOSQE_IO_DRAIN,
	};
	struct chain c;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		chain_init(&c, variant->array, IORING_CLONE_FINAL);
		chain_nop(&c, 5);
		chain_nop(&c, 6);
		chain_link(&c, IOSQE_IO_LINK);
		c.clone.flags = flags[i];
		ASSERT_EQ(0, chain_submit(&self->ring, &c));
		ASSERT_BORN(&self->ring);
		ASSERT_CQE(&self->ring, 0, 5);
		ASSERT_CQE(&self->ring, 1, 6);
		ASSERT_CQE(&self->ring, UD_CLONE, 0);
	}
}

TEST_F(submit, behind_a_drain_waits_for_what_came_before)
{
	struct io_uring_cqe cqe;
	struct io_uring_sqe *sqe;
	struct chain c;
	int fds[2];
	char byte;

	ASSERT_EQ(0, pipe(fds));
	sqe = get_sqe(&self->ring);
	iou_prep(sqe, IORING_OP_READ, fds[0], U64(&byte), 1, -1);
	sqe->user_data = UD_NOP;
	chain_init(&c, variant->array, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_nop(&c, 5);
	c.clone.flags = IOSQE_IO_DRAIN;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	EXPECT_FALSE(has_child());
	ASSERT_EQ(1, write(fds[1], "x", 1));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(UD_NOP, cqe.user_data);
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
}

/* CLONE is complete with its outcome; at birth, if nothing is to follow. */
TEST_F(submit, drain_waits_for_the_outcome)
{
	struct chain c;
	int fds[2];
	char byte;

	ASSERT_EQ(0, pipe(fds));
	chain_init(&c, variant->array, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_read(&c, fds[0], &byte, 1);
	chain_queue(&self->ring, &c);
	put_nop(&self->ring, IOSQE_IO_DRAIN, 1);
	ASSERT_EQ(0, submit_all(&self->ring));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_EQ(1, write(fds[1], "x", 1));
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	ASSERT_CQE(&self->ring, UD_NOP, 1);
}

static unsigned int random_number(unsigned int *state, unsigned int below)
{
	*state = *state * 1103515245 + 12345;
	return (*state >> 16) % below;
}

/*
 * Puts a few SQEs on the ring; returns how many CQEs that makes. No drain within a link, and
 * nothing that fails to be prepared: in 6.12 either may keep drains waiting, without any CLONE.
 */
static unsigned int put_something(struct io_uring *ring, bool array, unsigned int *state)
{
	__u8 drain = random_number(state, 3) ? 0 : IOSQE_IO_DRAIN;
	unsigned int i, n = 1 + random_number(state, 6);
	struct chain c;

	if (!random_number(state, 2)) {
		for (i = 1; i < n; i++)
			put_nop(ring, IOSQE_IO_LINK, 0);
		put_nop(ring, n == 1 ? drain : 0, 0);
		return n;
	}
	chain_init(&c, array, random_number(state, 2) ? IORING_CLONE_QUIET : 0);
	for (i = 0; i < n; i++)
		chain_nop(&c, 0);
	chain_link(&c, IOSQE_IO_LINK);
	c.clone.flags = drain | (random_number(state, 3) ? 0 : IOSQE_ASYNC);
	chain_queue(ring, &c);
	/* the array is read at once, the chain is ours only until then */
	if (array)
		submit_all(ring);
	return 1 + (c.clone.rw_flags & IORING_CLONE_QUIET ? 0 : n);
}

TEST_F(submit, drains_among_chains_all_complete)
{
	unsigned int round, i, expected, state = 1;
	struct io_uring_cqe cqe;

	for (round = 0; round < 40; round++) {
		for (expected = 0, i = 0; i < 8; i++)
			expected += put_something(&self->ring, variant->array, &state);
		put_nop(&self->ring, IOSQE_IO_DRAIN, 0);
		put_nop(&self->ring, 0, 0);
		ASSERT_EQ(0, submit_all(&self->ring));
		for (i = 0; i < expected + 2; i++) {
			ASSERT_EQ(0, next_cqe(&self->ring, &cqe)) {
				TH_LOG("round %u: %u of %u", round, i, expected + 2);
			}
		}
	}
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_F(within, a_link_each_waits_for_the_one_before)
{
	struct chain c;
	int fds[2];
	char byte;

	ASSERT_EQ(0, pipe(fds));
	put_nop(&self->ring, IOSQE_IO_LINK, 1);
	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_read(&c, fds[0], &byte, 1);
	c.clone.flags = IOSQE_IO_LINK;
	chain_queue(&self->ring, &c);
	put_nop(&self->ring, 0, 2);
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CQE(&self->ring, UD_NOP, 1);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_EQ(1, write(fds[1], "x", 1));
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	ASSERT_CQE(&self->ring, UD_NOP, 2);
}

TEST_F(within, outcome_that_failed_breaks_the_link)
{
	struct chain c;

	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_nop(&c, -5);
	c.clone.flags = IOSQE_IO_LINK;
	chain_queue(&self->ring, &c);
	put_nop(&self->ring, 0, 2);
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CQE(&self->ring, UD_CLONE, -5);
	ASSERT_CQE(&self->ring, UD_NOP, -ECANCELED);
}

TEST_F(submit, last_of_a_link_that_nobody_closed_ok)
{
	struct chain c;

	chain_init(&c, variant->array, IORING_CLONE_FINAL);
	chain_nop(&c, 5);
	c.clone.flags = IOSQE_IO_LINK;
	c.sqe[0].flags = IOSQE_IO_LINK;
	if (variant->array)
		put_nop(&self->ring, IOSQE_IO_LINK, 1);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	if (variant->array)
		ASSERT_CQE(&self->ring, UD_NOP, 1);
	ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 0, 5);
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	/* and what comes with the next submission is not behind it */
	put_nop(&self->ring, 0, 2);
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CQE(&self->ring, UD_NOP, 2);
}

TEST_F(submit, link_form_with_nothing_behind_it_einval)
{
	struct chain c;

	chain_init(&c, variant->array, 0);
	c.clone.flags = IOSQE_IO_LINK;
	c.clone.user_data = UD_CLONE;
	*get_sqe(&self->ring) = c.clone;
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CQE(&self->ring, UD_CLONE, -EINVAL);
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

#define UD_TIMEOUT	0x200

static void put_link_timeout(struct io_uring *ring, struct __kernel_timespec *ts)
{
	struct io_uring_sqe *sqe = get_sqe(ring);

	io_uring_prep_link_timeout(sqe, ts, 0);
	sqe->user_data = UD_TIMEOUT;
}

/* Two CQEs in any order: results by whose they are. */
static int both(struct io_uring *ring, int *clone, int *timeout)
{
	struct io_uring_cqe cqe;
	int i, ret;

	for (i = 0; i < 2; i++) {
		ret = next_cqe(ring, &cqe);
		if (ret)
			return ret;
		*(cqe.user_data == UD_TIMEOUT ? timeout : clone) = cqe.res;
	}
	return 0;
}

TEST_F(within, linked_timeout_ends_the_spawn)
{
	struct __kernel_timespec ts = { .tv_nsec = 20000000 };
	int fds[2], outcome = 0, timeout = 0;
	struct chain c;
	char byte;

	ASSERT_EQ(0, pipe(fds));
	put_nop(&self->ring, IOSQE_IO_LINK, 1);
	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_read(&c, fds[0], &byte, 1);
	c.clone.flags = IOSQE_IO_LINK;
	chain_queue(&self->ring, &c);
	put_link_timeout(&self->ring, &ts);
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CQE(&self->ring, UD_NOP, 1);
	ASSERT_EQ(0, both(&self->ring, &outcome, &timeout));
	EXPECT_EQ(-ECANCELED, outcome);
	EXPECT_EQ(-ETIME, timeout);
	EXPECT_TRUE(no_child_left());
}

TEST_F(within, linked_timeout_that_is_not_needed_ok)
{
	struct __kernel_timespec ts = { .tv_sec = 3600 };
	int outcome = -1, timeout = 0;
	struct chain c;

	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_nop(&c, 0);
	c.clone.flags = IOSQE_IO_LINK;
	chain_queue(&self->ring, &c);
	put_link_timeout(&self->ring, &ts);
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_EQ(0, both(&self->ring, &outcome, &timeout));
	EXPECT_EQ(0, outcome);
	EXPECT_EQ(-ECANCELED, timeout);
}

/* In link form it is the chain's, and behind nothing there. */
TEST_F(submit, linked_timeout_as_first_of_a_chain_einval)
{
	struct __kernel_timespec ts = { .tv_sec = 3600 };
	struct chain c;

	chain_init(&c, variant->array, IORING_CLONE_FINAL);
	io_uring_prep_link_timeout(chain_add(&c), &ts, 0);
	c.sqe[0].user_data = UD_TIMEOUT;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, UD_TIMEOUT, -EINVAL);
	ASSERT_CQE(&self->ring, UD_CLONE, -EINVAL);
}

#define SPAWNS	150

/* Far more than 64, and nobody looks before all of them have ended. */
TEST_F(submit, more_completions_than_the_queue_holds_are_not_lost)
{
	unsigned int i, born = 0, steps = 0, ended = 0;
	struct io_uring_cqe cqe;
	struct io_uring ring;
	struct chain c;

	ASSERT_EQ(0, ring_init_small(&ring, variant->ring_flags));
	for (i = 0; i < SPAWNS; i++) {
		chain_init(&c, variant->array, IORING_CLONE_FINAL);
		chain_nop(&c, 5);
		ASSERT_EQ(0, chain_submit(&ring, &c));
	}
	EXPECT_TRUE(no_child_left());
	for (i = 0; i < 3 * SPAWNS; i++) {
		ASSERT_EQ(0, next_cqe(&ring, &cqe)) {
			TH_LOG("%u of %u: %u born, %u ended", i, 3 * SPAWNS, born, ended);
		}
		if (cqe.user_data == 0) {
			ASSERT_EQ(5, cqe.res);
			steps++;
		} else if (cqe.flags & IORING_CQE_F_MORE) {
			ASSERT_LT(0, cqe.res);
			born++;
		} else {
			ASSERT_EQ(0, cqe.res);
			ended++;
		}
	}
	EXPECT_EQ(SPAWNS, born);
	EXPECT_EQ(SPAWNS, steps);
	EXPECT_EQ(SPAWNS, ended);
	EXPECT_TRUE(no_more_cqes(&ring));
	io_uring_queue_exit(&ring);
}

TEST_MAIN
