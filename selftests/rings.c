// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Which rings and callers may spawn, and what a ring that is locked down allows its chains. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include "lib/fixture.h"

RING_FIXTURE_2(rings)

/* CLONE with one NOP in array form on a ring of its own; what CLONE says. */
static int clone_on(unsigned int ring_flags)
{
	struct io_uring ring;
	struct chain c;
	struct outcome o;

	if (ring_init(&ring, ring_flags))
		return -ENOTRECOVERABLE;
	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	o = chain_outcome(&ring, &c);
	io_uring_queue_exit(&ring);
	return o.res;
}

TEST(sqpoll_ring_eopnotsupp)
{
	EXPECT_EQ(-EOPNOTSUPP, clone_on(IORING_SETUP_SQPOLL));
}

TEST(iopoll_ring_eopnotsupp)
{
	EXPECT_EQ(-EOPNOTSUPP, clone_on(IORING_SETUP_IOPOLL));
}

TEST(every_other_ring_type_ok)
{
	static const unsigned int types[] = {
		0, IORING_SETUP_SUBMIT_ALL, IORING_SETUP_COOP_TASKRUN, IORING_SETUP_SINGLE_ISSUER,
		IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG, RING_DEFER,
		RING_DEFER | IORING_SETUP_TASKRUN_FLAG, IORING_SETUP_SQE128, IORING_SETUP_CQE32,
		RING_DEFER | IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		EXPECT_EQ(0, clone_on(types[i])) {
			TH_LOG("ring flags %#x", types[i]);
		}
}

TEST(sqe128_chain_as_links_ok)
{
	struct io_uring ring;
	struct chain c;

	ASSERT_EQ(0, ring_init(&ring, IORING_SETUP_SQE128));
	chain_init(&c, false, 0);
	chain_nop(&c, 5);
	chain_nop(&c, 6);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&ring, &c));
	ASSERT_BORN(&ring);
	ASSERT_CQE(&ring, 0, 5);
	ASSERT_CQE(&ring, 1, 6);
	io_uring_queue_exit(&ring);
}

TEST(disabled_ring_ok_once_enabled)
{
	struct io_uring ring;
	struct chain c;

	ASSERT_EQ(0, ring_init(&ring, IORING_SETUP_R_DISABLED));
	chain_init(&c, true, IORING_CLONE_DEFER);
	chain_nop(&c, 0);
	EXPECT_EQ(-EBADFD, chain_submit(&ring, &c));
	ASSERT_EQ(0, io_uring_enable_rings(&ring));
	ASSERT_EQ(1, io_uring_submit(&ring));
	ASSERT_CQE(&ring, 0, 0);
	ASSERT_CQE(&ring, UD_CLONE, 0);
	io_uring_queue_exit(&ring);
}

static int restricted_ring(struct io_uring *ring, const __u8 *ops, unsigned int nr, __u8 sqe_flags)
{
	struct io_uring_restriction r[8] = {};
	unsigned int i;
	int ret;

	ret = ring_init(ring, IORING_SETUP_R_DISABLED);
	if (ret)
		return ret;
	for (i = 0; i < nr; i++) {
		r[i].opcode = IORING_RESTRICTION_SQE_OP;
		r[i].sqe_op = ops[i];
	}
	r[nr].opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
	r[nr].sqe_flags = sqe_flags;
	ret = io_uring_register_restrictions(ring, r, nr + 1);
	return ret ?: io_uring_enable_rings(ring);
}

TEST(restricted_ring_without_clone_eacces)
{
	static const __u8 ops[] = { IORING_OP_NOP };
	struct io_uring ring;
	struct chain c;

	ASSERT_EQ(0, restricted_ring(&ring, ops, ARRAY_SIZE(ops), 0));
	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	ASSERT_EQ(0, chain_submit(&ring, &c));
	ASSERT_CQE(&ring, UD_CLONE, -EACCES);
	io_uring_queue_exit(&ring);
}

TEST(restricted_ring_holds_in_the_chain_eacces)
{
	static const __u8 ops[] = { IORING_OP_CLONE, IORING_OP_NOP };
	char path[256], *argv[] = { "quick", NULL };
	struct io_uring ring;
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, restricted_ring(&ring, ops, ARRAY_SIZE(ops), IOSQE_IO_LINK));
	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_OUTCOME(&ring, &c, -EACCES, 1);
	io_uring_queue_exit(&ring);
}

TEST(restricted_ring_allows_what_it_lists_ok)
{
	static const __u8 ops[] = { IORING_OP_CLONE, IORING_OP_NOP, IORING_OP_EXEC };
	char path[256], *argv[] = { "quick", NULL };
	struct io_uring ring;
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, restricted_ring(&ring, ops, ARRAY_SIZE(ops), IOSQE_IO_LINK));
	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_LINK);
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&ring, &c)));
	io_uring_queue_exit(&ring);
}

TEST(restricted_sqe_flags_hold_in_the_chain_eacces)
{
	static const __u8 ops[] = { IORING_OP_CLONE, IORING_OP_NOP };
	struct io_uring ring;
	struct chain c;

	ASSERT_EQ(0, restricted_ring(&ring, ops, ARRAY_SIZE(ops), IOSQE_IO_LINK));
	chain_init(&c, true, 0);
	chain_nop(&c, 0)->flags = IOSQE_IO_HARDLINK;
	chain_nop(&c, 0);
	ASSERT_OUTCOME(&ring, &c, -EACCES, 0);
	io_uring_queue_exit(&ring);
}

TEST_F(rings, registered_ring_fd_ok)
{
	struct chain c;

	ASSERT_EQ(1, io_uring_register_ring_fd(&self->ring));
	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
}

TEST_F(rings, eventfd_is_signalled_by_the_outcome)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct io_uring_cqe cqe;
	struct chain c;

	ASSERT_EQ(0, io_uring_register_eventfd(&self->ring, fd));
	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_nop(&c, 0);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	EXPECT_EQ(1, poll(&p, 1, WAIT_MS));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(UD_CLONE, cqe.user_data);
}

TEST_F(rings, submit_and_wait_in_one_call_ok)
{
	struct chain c;

	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_nop(&c, 0);
	chain_queue(&self->ring, &c);
	ASSERT_EQ(1, io_uring_submit_and_wait(&self->ring, 1));
	ASSERT_EQ(1, io_uring_cq_ready(&self->ring));
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
}

static void *spawn_in_thread(void *arg)
{
	char path[256], *argv[] = { "report", "1", "7", NULL };
	struct io_uring ring;
	struct chain c;
	struct outcome o = { -EIO, 0 };

	(void)arg;
	if (!target(path, sizeof(path), "quick") && !ring_init(&ring, RING_DEFER)) {
		chain_init(&c, false, 0);
		chain_exec(&c, path, argv);
		o = chain_outcome(&ring, &c);
		io_uring_queue_exit(&ring);
	}
	return (void *)(long)o.res;
}

TEST(every_thread_of_a_process_may_spawn_ok)
{
	pthread_t threads[6];
	unsigned int i;
	void *res;

	for (i = 0; i < ARRAY_SIZE(threads); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, spawn_in_thread, NULL));
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &res));
		ASSERT_LT(0, (long)res);
		EXPECT_EQ(0, wait_exit((long)res));
	}
	EXPECT_TRUE(no_child_left());
}

TEST_MAIN
