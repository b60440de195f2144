// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * When a policy is called again: wait_nr, timeout_ns, nothing in flight. No wait can last for
 * ever.
 */
#include <errno.h>
#include <time.h>
#include "lib/policy.h"

POLICY_FIXTURE(policy_wait, plain)

#define MS	1000000ULL

static unsigned long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

TEST_F(policy_wait, nothing_queued_is_idle_at_once)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	SCRIPT(&self->script, S_END(RET_CONTINUE), { S_SEEN }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(EV_IDLE, SEEN(0).event);
	EXPECT_EQ(1, SEEN(0).step);
	EXPECT_EQ(0, SEEN(0).nr_inflight);
}

TEST_F(policy_wait, without_limits_it_waits_for_all)
{
	char byte;
	int fds[2];
	struct chain c;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_nop(&c, 1);
	chain_read(&c, fds[0], &byte, 1);
	c.clone.rw_flags = IORING_CLONE_DEFER | IORING_CLONE_QUIET;
	SCRIPT(&self->script,
	       { S_POST, 1, 0xa }, { S_QUEUE, 1 }, { S_QUEUE, 2 }, S_END(RET_CONTINUE),
	       { S_SEEN }, S_END(RET_EXIT));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	/* told when it waits: there has been a first step */
	ASSERT_CQE(&self->ring, 0xa, 1);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	EXPECT_EQ(1, self->script.skel->bss->nr_steps);
	ASSERT_EQ(1, write(fds[1], "x", 1));
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	EXPECT_EQ(EV_IDLE, SEEN(0).event);
	EXPECT_EQ(2, SEEN(0).nr_cqes);
}

TEST_F(policy_wait, wait_nr_ends_it_with_the_rest_in_flight)
{
	char byte;
	int fds[2];
	struct chain c;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_read(&c, fds[0], &byte, 1);
	chain_nop(&c, 1);
	SCRIPT(&self->script,
	       { S_QUEUE, 1 }, { S_QUEUE, 2 }, { S_WAIT, 1 }, S_END(RET_CONTINUE),
	       { S_SEEN }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(EV_CQES, SEEN(0).event);
	EXPECT_EQ(1, SEEN(0).nr_cqes);
	EXPECT_EQ(1, SEEN(0).nr_inflight);
}

TEST_F(policy_wait, more_than_can_come_is_idle)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_nop(&c, 1);
	SCRIPT(&self->script,
	       { S_QUEUE, 1 }, { S_WAIT, 100 }, S_END(RET_CONTINUE),
	       { S_SEEN }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(EV_IDLE, SEEN(0).event);
	EXPECT_EQ(1, SEEN(0).nr_cqes);
}

TEST_F(policy_wait, completions_not_taken_count)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_nop(&c, 1);
	SCRIPT(&self->script,
	       { S_QUEUE, 1 }, S_END(RET_CONTINUE),
	       { S_WAIT, 1 }, S_END(RET_CONTINUE),
	       { S_SEEN }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(EV_CQES, SEEN(0).event);
	EXPECT_EQ(1, SEEN(0).nr_cqes);
}

TEST_F(policy_wait, timeout_alone_is_a_sleep)
{
	unsigned long long start;
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	SCRIPT(&self->script,
	       { S_TIMEOUT, .b = 50 * MS }, S_END(RET_CONTINUE),
	       { S_SEEN }, S_END(RET_EXIT));
	start = now();
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_LE(50 * MS, now() - start);
	EXPECT_EQ(EV_TIMEOUT, SEEN(0).event);
}

TEST_F(policy_wait, longest_sleep_is_a_sleep)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	c.clone.rw_flags = IORING_CLONE_DEFER | IORING_CLONE_QUIET;
	SCRIPT(&self->script,
	       { S_TIMEOUT, .b = ~0ULL }, S_END(RET_CONTINUE),
	       { S_SEEN }, S_END(RET_EXIT));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_F(policy_wait, sleep_is_not_cut_short_by_completions)
{
	unsigned long long start;
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_nop(&c, 1);
	SCRIPT(&self->script,
	       { S_QUEUE, 1 }, { S_TIMEOUT, .b = 50 * MS }, S_END(RET_CONTINUE),
	       { S_SEEN }, S_END(RET_EXIT));
	start = now();
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_LE(50 * MS, now() - start);
	EXPECT_EQ(EV_TIMEOUT, SEEN(0).event);
	EXPECT_EQ(1, SEEN(0).nr_cqes);
}

TEST_F(policy_wait, timeout_ends_a_wait_for_completions)
{
	char byte;
	int fds[2];
	struct chain c;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_read(&c, fds[0], &byte, 1);
	SCRIPT(&self->script,
	       { S_QUEUE, 1 }, { S_WAIT, 1 }, { S_TIMEOUT, .b = 20 * MS }, S_END(RET_CONTINUE),
	       { S_SEEN }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(EV_TIMEOUT, SEEN(0).event);
	EXPECT_EQ(0, SEEN(0).nr_cqes);
	EXPECT_EQ(1, SEEN(0).nr_inflight);
}

TEST_F(policy_wait, completion_ends_a_wait_before_its_timeout)
{
	unsigned long long start;
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_nop(&c, 1);
	SCRIPT(&self->script,
	       { S_QUEUE, 1 }, { S_WAIT, 1 }, { S_TIMEOUT, .b = 60000 * MS },
	       S_END(RET_CONTINUE),
	       { S_SEEN }, S_END(RET_EXIT));
	start = now();
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_GT(30000 * MS, now() - start);
	EXPECT_EQ(EV_CQES, SEEN(0).event);
}

TEST_F(policy_wait, futex_in_the_region_asks_the_submitter_ok)
{
	static __u32 word;
	struct io_uring_sqe *raw;
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, &word, sizeof(word) * 2);
	c.clone.rw_flags = IORING_CLONE_DEFER | IORING_CLONE_QUIET;
	SCRIPT(&self->script,
	       { S_POST, 1, 0xa5c, 0 }, { S_QUEUE_RAW, 0 }, { S_WAIT, 1 }, S_END(RET_CONTINUE),
	       { S_REAP }, S_END(RET_EXIT));
	raw = self->script.skel->bss->raw;
	iou_prep(raw, OP_FUTEX_WAIT, FUTEX2_U32_PRIVATE, U64(&word), 0, 0);
	raw->addr3 = ~0U;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_CQE(&self->ring, 0xa5c, 1);
	__atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &word, 1 | 128 /* FUTEX_WAKE_PRIVATE */, 1);
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	/* woken, or answered before it slept */
	EXPECT_TRUE(RECORD(2).res == 0 || RECORD(2).res == -EAGAIN);
}

TEST_F(policy_wait, exec_that_waits_for_a_poll_counts_as_in_flight)
{
	char byte, *argv[] = { "x", NULL };
	int fds[2];
	struct chain c;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_read(&c, fds[0], &byte, 1);
	chain_exec(&c, "/nowhere/x", argv);
	SCRIPT(&self->script,
	       { S_QUEUE, 1 }, { S_QUEUE, 2 }, { S_WAIT, 1 }, { S_TIMEOUT, .b = 20 * MS },
	       S_END(RET_CONTINUE),
	       { S_SEEN }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(EV_TIMEOUT, SEEN(0).event);
	EXPECT_EQ(2, SEEN(0).nr_inflight);
}

TEST_MAIN
