// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Every budget of a policy exceeded, and the edges of what they may be set to. */
#include <errno.h>
#include "lib/policy.h"

POLICY_FIXTURE(policy_budget, defer)

TEST_F(policy_budget, steps_by_default_1024_then_eloop)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	SCRIPT(&self->script, S_END(RET_CONTINUE), { S_GOTO, 0 });
	ASSERT_OUTCOME(&self->ring, &c, -ELOOP, 0);
	EXPECT_EQ(1024, self->script.skel->bss->nr_steps);
}

TEST_F(policy_budget, steps_as_set_then_eloop)
{
	struct chain c;

	self->script.skel->struct_ops.script_ops->max_steps = 3;
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	SCRIPT(&self->script, S_END(RET_CONTINUE), { S_GOTO, 0 });
	ASSERT_OUTCOME(&self->ring, &c, -ELOOP, 0);
	EXPECT_EQ(3, self->script.skel->bss->nr_steps);
}

TEST_F(policy_budget, last_step_may_end_it_ok)
{
	struct chain c;

	self->script.skel->struct_ops.script_ops->max_steps = 3;
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	SCRIPT(&self->script,
	       S_END(RET_CONTINUE),
	       S_END(RET_CONTINUE),
	       { S_RES, 5 }, S_END(RET_DONE));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(3, self->script.skel->bss->nr_steps);
}

TEST_F(policy_budget, steps_over_the_limit_are_refused)
{
	struct io_uring_query_spawn query;

	ASSERT_EQ(0, io_uring_spawn_query(self->ring.ring_fd, &query));
	self->script.skel->struct_ops.script_ops->max_steps = query.max_steps + 1;
	EXPECT_NE(0, script_attach(&self->script));
}

TEST_F(policy_budget, steps_at_the_limit_ok)
{
	struct io_uring_query_spawn query;

	ASSERT_EQ(0, io_uring_spawn_query(self->ring.ring_fd, &query));
	self->script.skel->struct_ops.script_ops->max_steps = query.max_steps;
	EXPECT_EQ(0, script_attach(&self->script));
}

TEST_F(policy_budget, posts_over_the_limit_are_refused)
{
	struct io_uring_query_spawn query;

	ASSERT_EQ(0, io_uring_spawn_query(self->ring.ring_fd, &query));
	self->script.skel->struct_ops.script_ops->max_posts = query.max_posts + 1;
	EXPECT_NE(0, script_attach(&self->script));
}

TEST_F(policy_budget, sqes_over_budget_e2big)
{
	struct chain c;

	self->script.skel->struct_ops.script_ops->max_sqes = 3;
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_nop(&c, 1);
	SCRIPT(&self->script,
	       { S_QUEUE, 1 }, { S_QUEUE, 1 }, S_END(RET_CONTINUE),
	       { S_QUEUE, 1 }, { S_QUEUE, 1 }, { S_QUEUE, 1 }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(0, RECORD(0).ret);
	EXPECT_EQ(0, RECORD(1).ret);
	EXPECT_EQ(0, RECORD(2).ret);
	EXPECT_EQ(-E2BIG, RECORD(3).ret);
	EXPECT_EQ(-E2BIG, RECORD(4).ret);
}

TEST_F(policy_budget, sqes_over_the_private_ring_enospc)
{
	struct script_op *ops;
	unsigned int i, ok = 0;
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_nop(&c, 1);
	SCRIPT(&self->script, S_END(RET_EXIT));
	ops = self->script.skel->bss->ops;
	for (i = 0; i < SCRIPT_OPS - 1; i++)
		ops[i] = (struct script_op){ .op = S_QUEUE, .a = 1 };
	ops[i] = (struct script_op){ .op = S_RETURN, .a = RET_EXIT };
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	ASSERT_EQ(SCRIPT_OPS - 1, self->script.skel->bss->nr_records);
	while (ok < SCRIPT_OPS - 1 && !RECORD(ok).ret)
		ok++;
	EXPECT_LE(8, ok);
	EXPECT_EQ(-ENOSPC, RECORD(SCRIPT_OPS - 2).ret);
	for (i = ok; i < SCRIPT_OPS - 1; i++)
		EXPECT_EQ(-ENOSPC, RECORD(i).ret);
}

TEST_F(policy_budget, posts_over_budget_e2big)
{
	struct chain c;

	self->script.skel->struct_ops.script_ops->max_posts = 2;
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	c.clone.rw_flags = IORING_CLONE_DEFER | IORING_CLONE_QUIET;
	SCRIPT(&self->script, { S_POST, 1 }, { S_POST, 2 }, { S_POST, 3 }, S_END(RET_EXIT));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_CQE(&self->ring, 0, 1);
	ASSERT_CQE(&self->ring, 0, 2);
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	EXPECT_EQ(0, RECORD(1).ret);
	EXPECT_EQ(-E2BIG, RECORD(2).ret);
}

TEST_F(policy_budget, posts_by_default_64_then_e2big)
{
	struct io_uring_cqe cqe;
	struct script_op *ops;
	unsigned int i;
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	c.clone.rw_flags = IORING_CLONE_DEFER | IORING_CLONE_QUIET;
	SCRIPT(&self->script, S_END(RET_EXIT));
	ops = self->script.skel->bss->ops;
	/* 13 posts a step; a step that sleeps lets the submitter take them */
	for (i = 0; i < 13; i++)
		ops[i] = (struct script_op){ .op = S_POST, .a = i };
	ops[13] = (struct script_op){ .op = S_TIMEOUT, .b = 20000000 };
	ops[14] = (struct script_op){ .op = S_RETURN, .a = RET_CONTINUE };
	ops[15] = (struct script_op){ .op = S_GOTO, .a = 0 };
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	for (i = 0; i < 64; i++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		ASSERT_EQ(0, cqe.user_data);
	}
	/* the 65th: the step that finds out goes on until we say stop */
	ops[15] = (struct script_op){ .op = S_RETURN, .a = RET_EXIT };
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	EXPECT_EQ(0, RECORD(63).ret);
	EXPECT_EQ(-E2BIG, RECORD(64).ret);
}

/* A policy whose next step comes at once does not keep what it has posted to itself. */
TEST_F(policy_budget, posts_arrive_while_steps_follow_each_other)
{
	struct io_uring_cqe cqe;
	struct chain c;

	self->script.skel->struct_ops.script_ops->max_steps = 65536;
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	c.clone.rw_flags = IORING_CLONE_DEFER | IORING_CLONE_QUIET;
	SCRIPT(&self->script, { S_POST, 1, 0xa }, S_END(RET_CONTINUE), S_END(RET_CONTINUE),
	       { S_GOTO, 2 });
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_CQE(&self->ring, 0xa, 1);
	EXPECT_GT(65536, self->script.skel->bss->nr_steps);
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(-ELOOP, cqe.res);
}

/*
 * On a DEFER_TASKRUN ring the submitter takes CQEs when it enters the kernel for them, and only
 * then.
 */
TEST(posts_nobody_takes_enospc)
{
	struct io_uring_cqe cqe = {};
	unsigned int i, posted = 0;
	struct script_bpf__bss *bss;
	struct script script;
	struct io_uring ring;
	struct chain c;

	ASSERT_EQ(0, ring_init(&ring, RING_DEFER));
	ASSERT_EQ(0, script_open(&script, ring.ring_fd, 0));
	script.skel->struct_ops.script_ops->max_posts = 4000;
	ASSERT_EQ(0, script_attach(&script));
	bss = script.skel->bss;
	policy_chain(&c, NULL, 0);
	c.clone.rw_flags = IORING_CLONE_DEFER | IORING_CLONE_QUIET;
	/* 30 posts a step, again and again */
	SCRIPT(&script, S_END(RET_EXIT));
	for (i = 0; i < 30; i++)
		bss->ops[i] = (struct script_op){ .op = S_POST, .a = i };
	bss->ops[30] = (struct script_op){ .op = S_RETURN, .a = RET_CONTINUE };
	bss->ops[31] = (struct script_op){ .op = S_GOTO, .a = 0 };
	ASSERT_EQ(0, chain_submit(&ring, &c));
	for (i = 0; i < 1000 && bss->nr_records < SCRIPT_LOG; i++)
		usleep(10000);
	ASSERT_EQ(SCRIPT_LOG, bss->nr_records);
	bss->ops[31] = (struct script_op){ .op = S_RETURN, .a = RET_EXIT };
	while (!next_cqe(&ring, &cqe) && cqe.user_data != UD_CLONE)
		posted++;
	EXPECT_EQ(UD_CLONE, cqe.user_data);
	EXPECT_EQ(0, bss->records[0].ret);
	EXPECT_EQ(-ENOSPC, bss->records[SCRIPT_LOG - 1].ret);
	EXPECT_LE(32, posted);
	script_close(&script);
	io_uring_queue_exit(&ring);
}

TEST_MAIN
