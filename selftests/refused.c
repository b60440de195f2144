// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What must not stand in a chain: -EINVAL in its own CQE; as on any ring, its link is cancelled,
 * however hard. Operations that are refused altogether are in opcodes.c.
 */
#include <errno.h>
#include <poll.h>
#include "lib/fixture.h"

CHAIN_FIXTURE_2(refused)

/* 6.12's numbers */
#define RECV_MULTISHOT		(1U << 1)
#define ACCEPT_MULTISHOT	(1U << 0)
#define TIMEOUT_MULTISHOT	(1U << 6)

/* One SQE made by the caller, and a NOP linked behind it. */
#define ASSERT_REFUSED(c) do {						\
	(c)->sqe[0].user_data = 0;					\
	(c)->sqe[0].flags |= IOSQE_IO_HARDLINK;				\
	chain_nop(c, 9);						\
	ASSERT_EQ(0, chain_submit(&self->ring, c));			\
	ASSERT_BORN(&self->ring);					\
	ASSERT_CQE(&self->ring, 0, -EINVAL);				\
	ASSERT_CQE(&self->ring, 1, -ECANCELED);				\
	EXPECT_TRUE(no_more_cqes(&self->ring));				\
} while (0)

TEST_F(refused, nested_clone_einval)
{
	struct chain c;

	chain_init(&c, variant->array, 0);
	iou_prep_clone(chain_add(&c), 0, 0, 0);
	ASSERT_REFUSED(&c);
}

TEST_F(refused, nested_clone_as_array_einval)
{
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };
	struct io_uring_clone_args args = { .sqes = U64(&nop), .nr_sqes = 1, .nr_submit = 1 };
	struct chain c;

	chain_init(&c, variant->array, 0);
	iou_prep_clone(chain_add(&c), U64(&args), sizeof(args), 0);
	ASSERT_REFUSED(&c);
}

TEST_F(refused, drain_einval)
{
	struct chain c;

	chain_init(&c, variant->array, 0);
	chain_nop(&c, 0)->flags = IOSQE_IO_DRAIN;
	ASSERT_REFUSED(&c);
}

TEST_F(refused, buffer_select_einval)
{
	struct chain c;

	chain_init(&c, variant->array, 0);
	chain_read(&c, 0, NULL, 1)->flags = IOSQE_BUFFER_SELECT;
	ASSERT_REFUSED(&c);
}

TEST_F(refused, personality_einval)
{
	int id = io_uring_register_personality(&self->ring);
	struct chain c;

	ASSERT_LT(0, id);
	chain_init(&c, variant->array, 0);
	chain_nop(&c, 0)->personality = id;
	ASSERT_REFUSED(&c);
}

TEST_F(refused, multishot_poll_einval)
{
	struct chain c;
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	chain_init(&c, variant->array, 0);
	io_uring_prep_poll_multishot(chain_add(&c), fds[0], POLLIN);
	ASSERT_REFUSED(&c);
}

TEST_F(refused, multishot_accept_einval)
{
	struct chain c;

	chain_init(&c, variant->array, 0);
	iou_prep(chain_add(&c), IORING_OP_ACCEPT, 0, 0, 0, 0);
	c.sqe[0].ioprio = ACCEPT_MULTISHOT;
	ASSERT_REFUSED(&c);
}

TEST_F(refused, multishot_recv_einval)
{
	struct chain c;

	chain_init(&c, variant->array, 0);
	iou_prep(chain_add(&c), IORING_OP_RECV, 0, 0, 0, 0);
	c.sqe[0].ioprio = RECV_MULTISHOT;
	ASSERT_REFUSED(&c);
}

TEST_F(refused, multishot_timeout_einval)
{
	struct __kernel_timespec ts = { .tv_nsec = 1 };
	struct chain c;

	chain_init(&c, variant->array, 0);
	io_uring_prep_timeout(chain_add(&c), &ts, 0, TIMEOUT_MULTISHOT);
	ASSERT_REFUSED(&c);
}

TEST_F(refused, link_timeout_behind_exec_einval)
{
	struct __kernel_timespec ts = { .tv_sec = 1 };
	char path[256], *argv[] = { "quick", NULL };
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	chain_init(&c, variant->array, 0);
	chain_exec(&c, path, argv)->flags = IOSQE_IO_LINK;
	io_uring_prep_link_timeout(chain_add(&c), &ts, 0);
	c.sqe[1].user_data = 1;
	ASSERT_OUTCOME(&self->ring, &c, -EINVAL, 1);
	EXPECT_TRUE(no_child_left());
}

TEST_F(refused, link_timeout_behind_policy_einval)
{
	struct __kernel_timespec ts = { .tv_sec = 1 };
	struct chain c;

	chain_init(&c, variant->array, 0);
	chain_policy(&c, 0, NULL, 0)->flags = IOSQE_IO_LINK;
	io_uring_prep_link_timeout(chain_add(&c), &ts, 0);
	c.sqe[1].user_data = 1;
	ASSERT_OUTCOME(&self->ring, &c, -EINVAL, 1);
}

TEST_F(refused, exec_with_unused_fields_einval)
{
	char path[256], *argv[] = { "quick", NULL };
	struct io_uring_sqe *sqe;
	unsigned int i;
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	for (i = 0; i < 5; i++) {
		chain_init(&c, variant->array, 0);
		sqe = chain_exec(&c, path, argv);
		switch (i) {
		case 0: sqe->len = 1; break;
		case 1: sqe->buf_index = 1; break;
		case 2: sqe->file_index = 1; break;
		case 3: sqe->ioprio = 1 << 15; break;
		case 4: sqe->rw_flags = 1 << 30; break;
		}
		ASSERT_REFUSED(&c);
	}
	EXPECT_TRUE(no_child_left());
}

TEST_F(refused, policy_with_unused_fields_einval)
{
	struct io_uring_sqe *sqe;
	unsigned int i;
	struct chain c;

	for (i = 0; i < 6; i++) {
		chain_init(&c, variant->array, 0);
		sqe = chain_policy(&c, 0, NULL, 0);
		switch (i) {
		case 0: sqe->fd = 1; break;
		case 1: sqe->ioprio = 1; break;
		case 2: sqe->rw_flags = 1; break;
		case 3: sqe->buf_index = 1; break;
		case 4: sqe->file_index = 1; break;
		case 5: sqe->off = IORING_SPAWN_MAX_SLOTS; break;
		}
		ASSERT_REFUSED(&c);
	}
}

TEST_F(refused, policy_region_over_a_page_einval)
{
	static char region[8192];
	struct chain c;

	chain_init(&c, variant->array, 0);
	chain_policy(&c, 0, region, 4097);
	ASSERT_REFUSED(&c);
}

TEST_MAIN
