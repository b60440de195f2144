// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The argument region: a snapshot before every step, written back after it, never more than a
 * page.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include "lib/policy.h"

POLICY_FIXTURE(policy_region, plain)

static char *page(int prot)
{
	char *map = mmap(NULL, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return map == MAP_FAILED ? NULL : map;
}

TEST_F(policy_region, reads_what_the_application_wrote)
{
	__u64 region[4] = { 0x1111, 0x2222, 0x3333, 0x4444 };
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, region, sizeof(region));
	SCRIPT(&self->script, { S_READ, 0 }, { S_READ, 24 }, { S_READ, 4 }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(0x1111, RECORD(0).value);
	EXPECT_EQ(0x4444, RECORD(1).value);
	EXPECT_EQ(0x0000222200000000ULL, RECORD(2).value);
}

TEST_F(policy_region, application_reads_what_was_written)
{
	__u64 region[4] = { 1, 2, 3, 4 };
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, region, sizeof(region));
	SCRIPT(&self->script, { S_WRITE, 8, 0xabcdef }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(1, region[0]);
	EXPECT_EQ(0xabcdef, region[1]);
	EXPECT_EQ(3, region[2]);
	EXPECT_EQ(4, region[3]);
}

TEST_F(policy_region, a_step_reads_its_own_writes)
{
	__u64 region[2] = {};
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, region, sizeof(region));
	SCRIPT(&self->script, { S_WRITE, 0, 77 }, { S_READ, 0 }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(77, RECORD(1).value);
}

TEST_F(policy_region, outside_of_it_erange)
{
	__u64 region[2] = {};
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, region, sizeof(region));
	SCRIPT(&self->script,
	       { S_READ, 9 }, { S_READ, 16 }, { S_READ, ~0U }, { S_READ, ~0U - 7 },
	       { S_WRITE, 9 }, { S_WRITE, 16 }, { S_WRITE, ~0U - 3 }, { S_READ, 8 },
	       S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	for (int i = 0; i < 7; i++)
		EXPECT_EQ(-ERANGE, RECORD(i).ret);
	EXPECT_EQ(0, RECORD(7).ret);
}

TEST_F(policy_region, none_at_all_erange)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	SCRIPT(&self->script, { S_READ, 0 }, { S_WRITE, 0 }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(-ERANGE, RECORD(0).ret);
	EXPECT_EQ(-ERANGE, RECORD(1).ret);
}

TEST_F(policy_region, whole_page_ok)
{
	char *region = page(PROT_READ | PROT_WRITE);
	struct chain c;

	ASSERT_NE(NULL, region);
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, region, 4096);
	SCRIPT(&self->script,
	       { S_WRITE, 4088, ~0ULL }, { S_READ, 4088 }, { S_READ, 4089 }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(~0ULL, RECORD(1).value);
	EXPECT_EQ(-ERANGE, RECORD(2).ret);
	EXPECT_EQ('\xff', region[4095]);
	EXPECT_EQ(0, region[4087]);
}

TEST_F(policy_region, unmapped_efault)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, (void *)4096, 16);
	SCRIPT(&self->script, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, -EFAULT, 0);
	EXPECT_EQ(0, self->script.skel->bss->nr_steps);
}

TEST_F(policy_region, unmapped_between_two_steps_efault)
{
	char *region = page(PROT_READ | PROT_WRITE), byte;
	struct io_uring_cqe cqe;
	struct chain c;
	int go[2];

	ASSERT_NE(NULL, region);
	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, region, 4096);
	chain_read(&c, go[0], &byte, 1);
	c.clone.rw_flags = IORING_CLONE_DEFER | IORING_CLONE_QUIET;
	SCRIPT(&self->script,
	       { S_POST, 1, 0xa }, { S_QUEUE, 1 }, S_END(RET_CONTINUE),
	       S_END(RET_EXIT));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_CQE(&self->ring, 0xa, 1);
	ASSERT_EQ(0, munmap(region, 4096));
	ASSERT_EQ(1, write(go[1], "x", 1));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(-EFAULT, cqe.res);
	EXPECT_EQ(0, IORING_CQE_STEP(&cqe));
	EXPECT_EQ(1, self->script.skel->bss->nr_steps);
}

TEST_F(policy_region, read_only_memory_ok_to_read)
{
	char *region = page(PROT_READ);
	struct chain c;

	ASSERT_NE(NULL, region);
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, region, 4096);
	SCRIPT(&self->script, { S_READ, 0 }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
}

TEST_F(policy_region, read_only_memory_written_efault)
{
	char *region = page(PROT_READ);
	struct chain c;
	int fds[2];
	char byte;

	ASSERT_NE(NULL, region);
	ASSERT_EQ(0, pipe2(fds, O_NONBLOCK));
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, region, 4096);
	chain_write(&c, fds[1], "x", 1);
	SCRIPT(&self->script,
	       { S_WRITE, 0, 1 }, { S_QUEUE, 1 }, S_END(RET_CONTINUE),
	       S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, -EFAULT, 0);
	/* what was queued in that step must not have run on data that never arrived */
	EXPECT_EQ(-1, read(fds[0], &byte, 1));
}

TEST_F(policy_region, change_of_the_application_is_seen_by_the_next_step)
{
	__u64 region[2] = { 1, 0 };
	struct chain c;
	int go[2];
	char byte;

	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, region, sizeof(region));
	chain_read(&c, go[0], &byte, 1);
	c.clone.rw_flags = IORING_CLONE_DEFER | IORING_CLONE_QUIET;
	SCRIPT(&self->script,
	       { S_READ, 0 }, { S_POST, 1, 0xa }, { S_QUEUE, 1 }, S_END(RET_CONTINUE),
	       { S_READ, 0 }, S_END(RET_EXIT));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_CQE(&self->ring, 0xa, 1);
	__atomic_store_n(&region[0], 2, __ATOMIC_SEQ_CST);
	ASSERT_EQ(1, write(go[1], "x", 1));
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	EXPECT_EQ(1, RECORD(0).value);
	EXPECT_EQ(2, RECORD(3).value);
}

TEST_F(policy_region, only_what_was_written_is_written_back)
{
	__u64 region[3] = { 1, 2, 3 };
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, region, sizeof(region));
	/*
	 * the kernel's own read of region[0] changes it between snapshot and write-back of the
	 * later step
	 */
	chain_add(&c);
	iou_prep(&c.sqe[1], IORING_OP_READ, -1, U64(&region[0]), 8, -1);
	{
		int fds[2];
		__u64 nine = 9;

		ASSERT_EQ(0, pipe(fds));
		ASSERT_EQ(8, write(fds[1], &nine, 8));
		c.sqe[1].fd = fds[0];
	}
	SCRIPT(&self->script,
	       { S_WRITE, 8, 22 }, { S_QUEUE, 1 }, S_END(RET_CONTINUE),
	       { S_READ, 0 }, { S_WRITE, 16, 33 }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(9, RECORD(2).value);
	EXPECT_EQ(9, region[0]);
	EXPECT_EQ(22, region[1]);
	EXPECT_EQ(33, region[2]);
}

TEST_F(policy_region, written_back_before_the_sqes_of_the_step_run)
{
	__u64 region[2] = { 1, 0 }, got = 0;
	struct chain c;
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, region, sizeof(region));
	chain_write(&c, fds[1], region, 8);
	SCRIPT(&self->script, { S_WRITE, 0, 0x1234 }, { S_QUEUE, 1 }, S_END(RET_DONE));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	ASSERT_EQ(8, read(fds[0], &got, 8));
	EXPECT_EQ(0x1234, got);
}

TEST_F(policy_region, paths_and_argv_may_lie_in_it_ok)
{
	struct { __u64 argv[2]; char path[256]; } region = {};
	struct chain c;

	ASSERT_EQ(0, target(region.path, sizeof(region.path), "quick"));
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, &region, sizeof(region));
	chain_exec(&c, region.path, (char **)region.argv);
	SCRIPT(&self->script, { S_WRITE, 0, 0 }, { S_QUEUE, 1 }, S_END(RET_CONTINUE));
	self->script.skel->bss->ops[0].b = U64(region.path);
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
}

TEST_MAIN
