// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What a policy is told, what it can do, and what its return codes mean. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include "lib/policy.h"

POLICY_FIXTURE(policy, defer)

static char *quick_argv[] = { "quick", NULL };

TEST_F(policy, exit_ends_the_task_with_its_res)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	SCRIPT(&self->script, { S_RES, -77 }, S_END(RET_EXIT));
	policy_chain(&c, NULL, 0);
	ASSERT_OUTCOME(&self->ring, &c, -77, 0);
	EXPECT_EQ(1, self->script.skel->bss->nr_steps);
}

TEST_F(policy, exit_with_zero_is_an_outcome_of_zero)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	SCRIPT(&self->script, S_END(RET_EXIT));
	policy_chain(&c, NULL, 0);
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
}

TEST_F(policy, exit_in_mid_chain_cancels_the_rest)
{
	struct io_uring_cqe cqe;
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	SCRIPT(&self->script, { S_RES, -77 }, S_END(RET_EXIT));
	chain_init(&c, true, IORING_CLONE_DEFER);
	chain_nop(&c, 5);
	chain_policy(&c, 0, NULL, 0);
	chain_nop(&c, 6);
	chain_link(&c, IOSQE_IO_HARDLINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_CQE(&self->ring, 0, 5);
	ASSERT_CQE(&self->ring, 1, -77);
	ASSERT_CQE(&self->ring, 2, -ECANCELED);
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(-77, cqe.res);
	EXPECT_EQ(1, IORING_CQE_STEP(&cqe));
}

TEST_F(policy, done_completes_and_the_chain_goes_on)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	SCRIPT(&self->script, { S_RES, 77 }, S_END(RET_DONE));
	chain_init(&c, true, 0);
	chain_policy(&c, 0, NULL, 0);
	chain_nop(&c, 5);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 0, 77);
	ASSERT_CQE(&self->ring, 1, 5);
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_F(policy, done_with_error_breaks_a_soft_link)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	SCRIPT(&self->script, { S_RES, -77 }, S_END(RET_DONE));
	chain_init(&c, true, 0);
	chain_policy(&c, 0, NULL, 0);
	chain_nop(&c, 5);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_OUTCOME(&self->ring, &c, -77, 0);
}

TEST_F(policy, unknown_return_code_einval)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	SCRIPT(&self->script, { S_RES, 5 }, S_END(RET_EXIT + 1));
	ASSERT_OUTCOME(&self->ring, &c, -EINVAL, 0);
	SCRIPT(&self->script, { S_RES, 5 }, S_END(-1U));
	ASSERT_OUTCOME(&self->ring, &c, -EINVAL, 0);
	SCRIPT(&self->script, { S_RES, 5 }, S_END(0x80000000));
	ASSERT_OUTCOME(&self->ring, &c, -EINVAL, 0);
}

TEST_F(policy, unknown_return_code_issues_nothing)
{
	struct chain c;
	int fds[2];
	char byte;

	ASSERT_EQ(0, pipe2(fds, O_NONBLOCK));
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_write(&c, fds[1], "x", 1);
	SCRIPT(&self->script, { S_QUEUE, 1 }, S_END(RET_EXIT + 1));
	ASSERT_OUTCOME(&self->ring, &c, -EINVAL, 0);
	EXPECT_EQ(-1, read(fds[0], &byte, 1));
}

TEST_F(policy, queued_exec_runs_ok)
{
	char path[256];
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_exec(&c, path, quick_argv);
	SCRIPT(&self->script, { S_QUEUE, 1 }, S_END(RET_CONTINUE), S_END(RET_EXIT));
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	EXPECT_EQ(1, self->script.skel->bss->nr_steps);
}

TEST_F(policy, done_with_queued_exec_runs_it_ok)
{
	char path[256];
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_exec(&c, path, quick_argv);
	SCRIPT(&self->script, { S_QUEUE, 1 }, S_END(RET_DONE));
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
}

TEST_F(policy, works_in_link_form_ok)
{
	char path[256];
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, script_attach(&self->script));
	chain_init(&c, false, 0);
	chain_policy(&c, 0, NULL, 0);
	chain_exec(&c, path, quick_argv);
	chain_link(&c, IOSQE_IO_LINK);
	SCRIPT(&self->script, S_END(RET_DONE));
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
}

TEST_F(policy, retries_in_one_task_ok)
{
	char path[256], missing[] = "/nowhere/quick";
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_exec(&c, missing, quick_argv);
	chain_exec(&c, path, quick_argv);
	SCRIPT(&self->script,
	       { S_QUEUE, 1 }, S_END(RET_CONTINUE),
	       { S_REAP }, { S_QUEUE, 1 }, S_END(RET_CONTINUE),
	       { S_REAP }, { S_QUEUE, 2 }, S_END(RET_CONTINUE),
	       S_END(RET_EXIT));
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	EXPECT_EQ(3, self->script.skel->bss->nr_steps);
	EXPECT_EQ(-ENOENT, RECORD(1).res);
	EXPECT_EQ(IORING_OP_EXEC, RECORD(1).opcode);
	EXPECT_EQ(-ENOENT, RECORD(3).res);
}

TEST_F(policy, queued_sqes_never_post)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_nop(&c, 1);
	chain_nop(&c, -2);
	SCRIPT(&self->script,
	       { S_QUEUE, 1 }, { S_QUEUE, 2 }, S_END(RET_CONTINUE),
	       { S_RES, 3 }, S_END(RET_DONE));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 0, 3);
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_F(policy, completes_with_its_res_when_an_exec_succeeds)
{
	char path[256];
	struct chain c;
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_exec(&c, path, quick_argv);
	SCRIPT(&self->script, { S_RES, 31 }, { S_QUEUE, 1 }, S_END(RET_CONTINUE));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 0, 31);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	EXPECT_EQ(0, wait_exit(pid));
}

TEST_F(policy, is_told_who_and_where_it_is)
{
	char region[100];
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	chain_init(&c, true, 0);
	chain_policy(&c, 0, region, sizeof(region))->user_data = 0x1234567890abcdefULL;
	c.sqe[0].addr3 = 0xfedcba9876543210ULL;
	chain_nop(&c, 0);
	chain_nop(&c, 0);
	c.nr_submit = 1;
	SCRIPT(&self->script, { S_SEEN }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(0x1234567890abcdefULL, SEEN(0).user_data);
	EXPECT_EQ(0xfedcba9876543210ULL, SEEN(0).cookie);
	EXPECT_EQ(U64(region), SEEN(0).arg_addr);
	EXPECT_EQ(sizeof(region), SEEN(0).arg_len);
	EXPECT_EQ(EV_START, SEEN(0).event);
	EXPECT_EQ(0, SEEN(0).step);
	EXPECT_EQ(0, SEEN(0).nr_cqes);
	EXPECT_EQ(0, SEEN(0).nr_inflight);
	EXPECT_EQ(3, SEEN(0).nr_sqes);
	EXPECT_EQ(1, SEEN(0).nr_submit);
	EXPECT_EQ(0, SEEN(0).res);
	EXPECT_EQ(0, SEEN(0).pdu_or);
}

TEST_F(policy, pdu_and_res_are_kept_waits_are_not)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	SCRIPT(&self->script,
	       { S_PDU_SET, .b = 0xabcdef }, { S_RES, 9 }, { S_WAIT, 3 },
	       { S_TIMEOUT, .b = 1000 }, S_END(RET_CONTINUE),
	       { S_SEEN }, { S_PDU_GET }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(0xabcdef, RECORD(0).value);
	EXPECT_EQ(9, SEEN(0).res);
	EXPECT_EQ(0, SEEN(0).wait_nr);
	EXPECT_EQ(0, SEEN(0).timeout_ns);
	EXPECT_EQ(1, SEEN(0).step);
}

TEST_F(policy, pdu_is_zero_for_the_next_policy_of_the_chain)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	chain_init(&c, true, 0);
	chain_policy(&c, 0, NULL, 0);
	chain_policy(&c, 0, NULL, 0);
	chain_link(&c, IOSQE_IO_LINK);
	SCRIPT(&self->script,
	       { S_SEEN }, { S_PDU_SET, .b = ~0ULL }, { S_RES, 5 }, S_END(RET_DONE));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	ASSERT_EQ(2, self->script.skel->bss->nr_seen);
	EXPECT_EQ(0, SEEN(1).pdu_or);
	EXPECT_EQ(0, SEEN(1).res);
	EXPECT_EQ(EV_START, SEEN(1).event);
	EXPECT_EQ(0, SEEN(1).step);
}

TEST_F(policy, takes_completions_in_order)
{
	struct chain c;
	unsigned int i;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	for (i = 1; i < 4; i++)
		chain_nop(&c, 10 * i)->user_data = 100 + i;
	SCRIPT(&self->script,
	       { S_QUEUE, 1 }, { S_QUEUE, 2 }, { S_QUEUE, 3 }, S_END(RET_CONTINUE),
	       { S_SEEN }, { S_REAP }, { S_REAP }, { S_REAP }, { S_REAP }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(3, SEEN(0).nr_cqes);
	EXPECT_EQ(EV_IDLE, SEEN(0).event);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, RECORD(3 + i).ret);
		EXPECT_EQ(101 + i, RECORD(3 + i).value);
		EXPECT_EQ(10 * (int)(i + 1), RECORD(3 + i).res);
		EXPECT_EQ(IOU_SPAWN_QUEUED_IDX, RECORD(3 + i).idx);
		EXPECT_EQ(IORING_OP_NOP, RECORD(3 + i).opcode);
	}
	EXPECT_EQ(-ENOENT, RECORD(6).ret);
}

TEST_F(policy, takes_completions_of_the_chain_too)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	chain_init(&c, true, 0);
	chain_nop(&c, 5);
	chain_nop(&c, -6)->user_data = 0xabc;
	chain_policy(&c, 0, NULL, 0);
	chain_link(&c, IOSQE_IO_HARDLINK);
	SCRIPT(&self->script, { S_SEEN }, { S_REAP }, { S_REAP }, { S_REAP }, S_END(RET_DONE));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 0, 5);
	ASSERT_CQE(&self->ring, 0xabc, -6);
	ASSERT_CQE(&self->ring, 2, 0);
	EXPECT_EQ(2, SEEN(0).nr_cqes);
	EXPECT_EQ(0, RECORD(0).idx);
	EXPECT_EQ(5, RECORD(0).res);
	EXPECT_EQ(1, RECORD(1).idx);
	EXPECT_EQ(0xabc, RECORD(1).value);
	EXPECT_EQ(-6, RECORD(1).res);
	EXPECT_EQ(-ENOENT, RECORD(2).ret);
}

TEST_F(policy, exit_drops_what_was_queued)
{
	struct chain c;
	int fds[2];
	char byte;

	ASSERT_EQ(0, pipe2(fds, O_NONBLOCK));
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_write(&c, fds[1], "x", 1);
	SCRIPT(&self->script, { S_QUEUE, 1 }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(0, RECORD(0).ret);
	EXPECT_EQ(-1, read(fds[0], &byte, 1));
}

TEST_F(policy, done_issues_what_was_queued)
{
	struct chain c;
	int fds[2];
	char byte;

	ASSERT_EQ(0, pipe2(fds, O_NONBLOCK));
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_write(&c, fds[1], "x", 1);
	SCRIPT(&self->script, { S_QUEUE, 1 }, S_END(RET_DONE));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(1, read(fds[0], &byte, 1));
}

TEST_F(policy, queued_link_group_breaks_as_links_do)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_nop(&c, -5)->flags = IOSQE_IO_LINK;
	chain_nop(&c, 0);
	SCRIPT(&self->script,
	       { S_QUEUE, 1 }, { S_QUEUE, 2 }, S_END(RET_CONTINUE),
	       { S_REAP }, { S_REAP }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(-5, RECORD(2).res);
	EXPECT_EQ(-ECANCELED, RECORD(3).res);
}

TEST_F(policy, link_group_does_not_reach_into_the_next_step)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_nop(&c, -5)->flags = IOSQE_IO_LINK;
	chain_nop(&c, 6);
	SCRIPT(&self->script,
	       { S_QUEUE, 1 }, S_END(RET_CONTINUE),
	       { S_REAP }, { S_QUEUE, 2 }, S_END(RET_CONTINUE),
	       { S_REAP }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(-5, RECORD(1).res);
	EXPECT_EQ(6, RECORD(3).res);
}

TEST_F(policy, empty_slot_enoent)
{
	struct chain c;

	chain_init(&c, true, 0);
	chain_policy(&c, 0, NULL, 0);
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 0);
	ASSERT_EQ(0, script_attach(&self->script));
	chain_init(&c, true, 0);
	chain_policy(&c, 1, NULL, 0);
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 0);
}

TEST_F(policy, second_policy_at_a_time_ebusy)
{
	struct io_uring_cqe cqe;
	struct chain c;
	int i, busy = 0, done = 0;

	ASSERT_EQ(0, script_attach(&self->script));
	chain_init(&c, true, 0);
	chain_policy(&c, 0, NULL, 0);
	chain_policy(&c, 0, NULL, 0);
	SCRIPT(&self->script,
	       { S_TIMEOUT, .b = 20000000 }, S_END(RET_CONTINUE),
	       { S_RES, 4 }, S_END(RET_DONE));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		busy += cqe.user_data == 1 && cqe.res == -EBUSY;
		done += cqe.user_data == 0 && cqe.res == 4;
	}
	EXPECT_EQ(1, busy);
	EXPECT_EQ(1, done);
}

TEST_F(policy, reads_chain_and_templates_by_index)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	c.sqe[0].user_data = 0x55;
	chain_nop(&c, 0)->user_data = 0x66;
	SCRIPT(&self->script,
	       { S_GET, 0 }, { S_GET, 1 }, { S_GET, 2 }, { S_GET, ~0U }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(IORING_OP_SPAWN_BPF, RECORD(0).opcode);
	EXPECT_EQ(0x55, RECORD(0).value);
	EXPECT_EQ(IORING_OP_NOP, RECORD(1).opcode);
	EXPECT_EQ(0x66, RECORD(1).value);
	EXPECT_EQ(-ERANGE, RECORD(2).ret);
	EXPECT_EQ(-ERANGE, RECORD(3).ret);
}

TEST_F(policy, failed_queued_exec_is_blamed_on_the_policy)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	chain_init(&c, true, 0);
	chain_nop(&c, 0)->flags = IOSQE_IO_LINK;
	chain_policy(&c, 0, NULL, 0);
	chain_exec(&c, "/nowhere/x", quick_argv);
	c.nr_submit = 2;
	SCRIPT(&self->script, { S_QUEUE, 2 }, S_END(RET_CONTINUE), S_END(RET_DONE));
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 1);
}

TEST_F(policy, failed_queued_op_is_not_an_outcome)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_nop(&c, -5);
	SCRIPT(&self->script, { S_QUEUE, 1 }, S_END(RET_CONTINUE), S_END(RET_DONE));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
}

TEST_F(policy, bad_queued_sqes_arrive_as_completions_einval)
{
	static const __u8 bad[] = { IORING_OP_CLONE, IORING_OP_URING_CMD, IORING_OP_FILES_UPDATE,
				    255 };
	struct io_uring_sqe *raw;
	struct chain c;
	unsigned int i;

	ASSERT_EQ(0, script_attach(&self->script));
	raw = self->script.skel->bss->raw;
	policy_chain(&c, NULL, 0);
	for (i = 0; i < ARRAY_SIZE(bad) + 3; i++) {
		SCRIPT(&self->script,
		       { S_QUEUE_RAW, 0 }, S_END(RET_CONTINUE),
		       { S_REAP }, S_END(RET_EXIT));
		if (i < ARRAY_SIZE(bad))
			raw[0].opcode = bad[i];
		else if (i == ARRAY_SIZE(bad))
			raw[0].flags = IOSQE_IO_DRAIN;
		else if (i == ARRAY_SIZE(bad) + 1)
			raw[0].flags = IOSQE_BUFFER_SELECT;
		else
			raw[0].personality = 1;
		ASSERT_OUTCOME(&self->ring, &c, 0, 0);
		EXPECT_EQ(0, RECORD(0).ret);
		EXPECT_EQ(-EINVAL, RECORD(1).res) {
			TH_LOG("case %u", i);
		}
	}
}

TEST_F(policy, queued_policy_ebusy)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	SCRIPT(&self->script, { S_QUEUE, 0 }, S_END(RET_CONTINUE), { S_REAP }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(-EBUSY, RECORD(1).res);
}

TEST_F(policy, buffer_of_another_size_einval)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	SCRIPT(&self->script, { S_QUEUE_SHORT }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(-EINVAL, RECORD(0).ret);
}

TEST_F(policy, restrictions_hold_for_queued_sqes_eacces)
{
	struct io_uring_restriction r[2] = {
		{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_CLONE },
		{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_SPAWN_BPF },
	};
	struct script script;
	struct io_uring ring;
	struct chain c;

	ASSERT_EQ(0, ring_init(&ring, variant->ring_flags | IORING_SETUP_R_DISABLED));
	ASSERT_EQ(0, io_uring_register_restrictions(&ring, r, 2));
	ASSERT_EQ(0, script_open(&script, ring.ring_fd, 0));
	ASSERT_EQ(0, script_attach(&script));
	ASSERT_EQ(0, io_uring_enable_rings(&ring));
	policy_chain(&c, NULL, 0);
	chain_nop(&c, 5);
	SCRIPT(&script, { S_QUEUE, 1 }, S_END(RET_CONTINUE), { S_REAP }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&ring, &c, 0, 0);
	EXPECT_EQ(-EACCES, script.skel->bss->records[1].res);
	script_close(&script);
	io_uring_queue_exit(&ring);
}

TEST_F(policy, posts_to_the_submitter)
{
	struct io_uring_cqe cqe;
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	SCRIPT(&self->script,
	       { S_POST, 11, 0x1111, 0 }, { S_POST, -22, 0x2222, IORING_CQE_F_MORE | 7 << 16 },
	       S_END(RET_EXIT));
	c.clone.rw_flags = IORING_CLONE_FINAL | IORING_CLONE_QUIET;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(0x1111, cqe.user_data);
	EXPECT_EQ(11, cqe.res);
	EXPECT_EQ(0, cqe.flags);
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(0x2222, cqe.user_data);
	EXPECT_EQ(-22, cqe.res);
	EXPECT_EQ(IORING_CQE_F_MORE | 7 << 16, cqe.flags);
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_F(policy, post_with_other_flags_einval)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	SCRIPT(&self->script,
	       { S_POST, .c = 1 }, { S_POST, .c = 4 }, { S_POST, .c = 0x8000 }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(-EINVAL, RECORD(0).ret);
	EXPECT_EQ(-EINVAL, RECORD(1).ret);
	EXPECT_EQ(-EINVAL, RECORD(2).ret);
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_F(policy, waiting_policy_does_not_hold_up_an_exec)
{
	char path[256];
	struct chain c;
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, script_attach(&self->script));
	chain_init(&c, true, 0);
	chain_policy(&c, 0, NULL, 0);
	chain_exec(&c, path, quick_argv);
	SCRIPT(&self->script,
	       { S_RES, 12 }, { S_TIMEOUT, .b = 3600000000000ULL }, S_END(RET_CONTINUE),
	       { S_RES, 13 }, S_END(RET_EXIT));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	{
		struct io_uring_cqe a, b;

		ASSERT_EQ(0, next_cqe(&self->ring, &a));
		ASSERT_EQ(0, next_cqe(&self->ring, &b));
		EXPECT_EQ(12, a.res + b.res);
		EXPECT_EQ(1, a.user_data + b.user_data);
	}
	EXPECT_EQ(0, wait_exit(pid));
}

TEST_F(policy, eight_spawns_share_one_policy_ok)
{
	char path[256];
	struct chain c;
	unsigned int i;
	struct io_uring_cqe cqe;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, script_attach(&self->script));
	SCRIPT(&self->script,
	       { S_QUEUE, 1 }, S_END(RET_CONTINUE),
	       { S_QUEUE, 2 }, S_END(RET_CONTINUE),
	       S_END(RET_EXIT));
	policy_chain(&c, NULL, 0);
	chain_exec(&c, "/nowhere/quick", quick_argv);
	chain_exec(&c, path, quick_argv);
	c.clone.rw_flags = IORING_CLONE_DEFER | IORING_CLONE_QUIET;
	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, chain_submit(&self->ring, &c));
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		ASSERT_LT(0, cqe.res);
		EXPECT_EQ(0, wait_exit(cqe.res));
	}
}

TEST_MAIN
