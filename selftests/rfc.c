// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The link form of CLONE as the RFC of 2024 has it: a zeroed SQE at the head of a link, helpers
 * under its names; and what the core must still get right around SQEs that a CLONE captured.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include "lib/fixture.h"

RING_FIXTURE_2(rfc)

static struct io_uring_sqe *put(struct io_uring *ring, __u8 opcode, __u8 flags, __u64 ud)
{
	struct io_uring_sqe *sqe = get_sqe(ring);

	iou_prep(sqe, opcode, 0, 0, 0, 0);
	sqe->flags = flags;
	sqe->user_data = ud;
	return sqe;
}

TEST_F(rfc, helpers_spawn_a_program_ok)
{
	char path[256], *argv[] = { "quick", NULL }, *envp[] = { NULL };
	struct io_uring_sqe *sqe;
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	sqe = get_sqe(&self->ring);
	io_uring_prep_clone(sqe);
	sqe->flags = IOSQE_IO_LINK;
	sqe->user_data = UD_CLONE;
	sqe = get_sqe(&self->ring);
	io_uring_prep_exec(sqe, "/nowhere/quick", argv, envp);
	sqe->flags = IOSQE_IO_HARDLINK;
	sqe->user_data = 0;
	sqe = get_sqe(&self->ring);
	io_uring_prep_execveat(sqe, AT_FDCWD, path, argv, envp, 0);
	sqe->user_data = 1;
	ASSERT_EQ(3, io_uring_submit(&self->ring));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 0, -ENOENT);
	ASSERT_CQE(&self->ring, 1, 0);
	EXPECT_EQ(0, wait_exit(pid));
}

TEST_F(rfc, clone_without_link_einval)
{
	put(&self->ring, IORING_OP_CLONE, 0, UD_CLONE);
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CQE(&self->ring, UD_CLONE, -EINVAL);
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_F(rfc, clone_behind_a_link_head_einval)
{
	put(&self->ring, IORING_OP_NOP, IOSQE_IO_LINK, 1);
	put(&self->ring, IORING_OP_CLONE, IOSQE_IO_LINK, UD_CLONE);
	put(&self->ring, IORING_OP_NOP, 0, 2);
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CQE(&self->ring, 1, -ECANCELED);
	ASSERT_CQE(&self->ring, UD_CLONE, -EINVAL);
	ASSERT_CQE(&self->ring, 2, -ECANCELED);
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_F(rfc, clone_with_bad_field_einval_cancels_the_link)
{
	put(&self->ring, IORING_OP_CLONE, IOSQE_IO_LINK, UD_CLONE)->buf_index = 1;
	put(&self->ring, IORING_OP_NOP, IOSQE_IO_LINK, 1);
	put(&self->ring, IORING_OP_NOP, 0, 2);
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CQE(&self->ring, UD_CLONE, -EINVAL);
	ASSERT_CQE(&self->ring, 1, -ECANCELED);
	ASSERT_CQE(&self->ring, 2, -ECANCELED);
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_F(rfc, exec_in_plain_ring_einval)
{
	char path[256], *argv[] = { "quick", NULL };

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	iou_prep_exec(get_sqe(&self->ring), AT_FDCWD, U64(path), U64(argv), 0, 0, 0);
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CQE(&self->ring, 0, -EINVAL);
}

TEST_F(rfc, spawn_bpf_in_plain_ring_einval)
{
	put(&self->ring, IORING_OP_SPAWN_BPF, 0, 1);
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CQE(&self->ring, 1, -EINVAL);
}

TEST_F(rfc, task_in_plain_ring_einval)
{
	iou_prep_task(get_sqe(&self->ring), IORING_TASK_SETSID, 0, 0, 0, 0, 0);
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CQE(&self->ring, 0, -EINVAL);
}

TEST_F(rfc, ops_between_the_numbers_einval)
{
	unsigned int op, seen = 0;
	struct io_uring_cqe cqe;

	for (op = 58; op < 256; op++)
		if (op < IORING_OP_CLONE || op > IORING_OP_SPAWN_BPF) {
			put(&self->ring, op, 0, op);
			ASSERT_EQ(0, submit_all(&self->ring));
			ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
			/*
			 * -EOPNOTSUPP below our numbers, -EINVAL above them, as for any unknown op
			 */
			EXPECT_TRUE(cqe.res == -EINVAL || cqe.res == -EOPNOTSUPP);
			seen++;
		}
	EXPECT_EQ(194, seen);
}

TEST_F(rfc, probe_names_our_ops_and_no_other)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(&self->ring);
	int op;

	ASSERT_NE(NULL, probe);
	EXPECT_TRUE(io_uring_opcode_supported(probe, IORING_OP_NOP));
	for (op = 58; op < IORING_OP_CLONE; op++)
		EXPECT_FALSE(io_uring_opcode_supported(probe, op));
	io_uring_free_probe(probe);
}

TEST_F(rfc, clone_eagain_cancels_every_captured_sqe)
{
	struct rlimit none = { 1, 1 };
	struct chain c;
	unsigned int i;

	ASSERT_EQ(0, setrlimit(RLIMIT_NPROC, &none));
	ASSERT_EQ(0, setresuid(1000, 1000, 1000));
	chain_init(&c, false, 0);
	for (i = 0; i < 4; i++)
		chain_nop(&c, 0);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_CQE(&self->ring, UD_CLONE, -EAGAIN);
	for (i = 0; i < 4; i++)
		ASSERT_CQE(&self->ring, i, -ECANCELED);
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_F(rfc, quiet_clone_eagain_posts_one_cqe)
{
	struct rlimit none = { 1, 1 };
	struct chain c;

	ASSERT_EQ(0, setrlimit(RLIMIT_NPROC, &none));
	ASSERT_EQ(0, setresuid(1000, 1000, 1000));
	chain_init(&c, false, 0);
	chain_nop(&c, 0);
	ASSERT_OUTCOME(&self->ring, &c, -EAGAIN, STEP_NONE);
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_F(rfc, drain_behind_failed_clone_completes)
{
	struct io_uring_cqe cqe;
	unsigned int i;

	put(&self->ring, IORING_OP_CLONE, IOSQE_IO_LINK, UD_CLONE)->fd = 1;
	put(&self->ring, IORING_OP_NOP, 0, 1);
	put(&self->ring, IORING_OP_NOP, IOSQE_IO_DRAIN, 2);
	ASSERT_EQ(0, submit_all(&self->ring));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_F(rfc, ordinary_sqe_behind_a_chain_runs_in_the_submitter)
{
	struct io_uring_cqe cqe;
	struct chain c;
	unsigned int i, mine = 0;

	chain_init(&c, false, 0);
	chain_nop(&c, 1);
	chain_queue(&self->ring, &c);
	put(&self->ring, IORING_OP_NOP, IOSQE_IO_LINK, 100);
	put(&self->ring, IORING_OP_NOP, 0, 101);
	ASSERT_EQ(0, submit_all(&self->ring));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		mine += cqe.user_data == 100 || cqe.user_data == 101;
	}
	EXPECT_EQ(2, mine);
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_F(rfc, two_chains_in_one_submit_ok)
{
	struct io_uring_cqe cqe;
	struct chain a, b;
	unsigned int i;

	chain_init(&a, false, 0);
	chain_nop(&a, 1);
	chain_init(&b, false, 0);
	b.base = 1 << 20;
	chain_nop(&b, 2);
	chain_queue(&self->ring, &a);
	chain_queue(&self->ring, &b);
	ASSERT_EQ(0, submit_all(&self->ring));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		ASSERT_LE(0, cqe.res);
	}
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_F(rfc, chain_memory_of_sqes_may_be_reused_at_once)
{
	struct chain c;
	unsigned int i;

	chain_init(&c, false, 0);
	for (i = 0; i < 20; i++)
		chain_nop(&c, 7);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	memset(self->ring.sq.sqes, 0xff, self->ring.sq.ring_entries * sizeof(struct io_uring_sqe));
	ASSERT_BORN(&self->ring);
	for (i = 0; i < 20; i++)
		ASSERT_CQE(&self->ring, i, 7);
}

TEST_MAIN
