// SPDX-License-Identifier: GPL-2.0 OR MIT
/* A CLONE that fails when it or its chain was taken already: what everybody hears. */
#include <errno.h>
#include <pthread.h>
#include "lib/fixture.h"

#define SYSCTL	"/proc/sys/kernel/io_uring_spawn"
#define UD_READ	0x300

FIXTURE(denied) {
	struct io_uring ring;
	struct chain c;
};

FIXTURE_VARIANT(denied) {
	unsigned int ring_flags;
};

FIXTURE_VARIANT_ADD(denied, plain) { .ring_flags = 0 };
FIXTURE_VARIANT_ADD(denied, defer) { .ring_flags = RING_DEFER };

FIXTURE_SETUP(denied)
{
	ASSERT_EQ(0, ring_init(&self->ring, variant->ring_flags));
	ASSERT_EQ(0, write_file(SYSCTL, "2"));
}

FIXTURE_TEARDOWN(denied)
{
	EXPECT_EQ(0, write_file(SYSCTL, "0"));
	io_uring_queue_exit(&self->ring);
}

/* Three SQEs as links, CLONE by way of a worker. */
static int submit_by_worker(struct io_uring *ring, struct chain *c, __u8 flags)
{
	unsigned int i;

	chain_init(c, false, IORING_CLONE_FINAL);
	for (i = 0; i < 3; i++)
		chain_nop(c, 0);
	chain_link(c, IOSQE_IO_LINK);
	c->clone.flags = IOSQE_ASYNC | flags;
	return chain_submit(ring, c);
}

/* Either the worker or the submitter lets go of CLONE last. */
TEST_F(denied, behind_a_worker_each_sqe_completes_every_time)
{
	unsigned int i, j, nr = rounds(4000);

	for (i = 0; i < nr; i++) {
		ASSERT_EQ(0, submit_by_worker(&self->ring, &self->c, 0));
		ASSERT_CQE(&self->ring, UD_CLONE, -EPERM);
		for (j = 0; j < 3; j++)
			ASSERT_CQE(&self->ring, j, -ECANCELED);
	}
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_F(denied, behind_a_worker_none_completes_if_clone_says_so)
{
	unsigned int i, nr = rounds(500);

	for (i = 0; i < nr; i++) {
		ASSERT_EQ(0, submit_by_worker(&self->ring, &self->c, IOSQE_CQE_SKIP_SUCCESS));
		ASSERT_CQE(&self->ring, UD_CLONE, -EPERM);
	}
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

FIXTURE(waiting) {
	struct io_uring ring;
	struct chain c;
	int go[2];
	char byte;
};

FIXTURE_VARIANT(waiting) {
	bool array;
};

FIXTURE_VARIANT_ADD(waiting, links) { .array = false };
FIXTURE_VARIANT_ADD(waiting, array) { .array = true };

/* Submits a READ that blocks; what is to be drained waits for it. */
FIXTURE_SETUP(waiting)
{
	struct io_uring_sqe *sqe;

	ASSERT_EQ(0, ring_init(&self->ring, 0));
	ASSERT_EQ(0, pipe(self->go));
	sqe = get_sqe(&self->ring);
	iou_prep(sqe, IORING_OP_READ, self->go[0], U64(&self->byte), 1, -1);
	sqe->user_data = UD_READ;
	ASSERT_EQ(0, submit_all(&self->ring));
	chain_init(&self->c, variant->array, IORING_CLONE_FINAL);
	chain_nop(&self->c, 0);
	chain_nop(&self->c, 0);
	chain_link(&self->c, IOSQE_IO_LINK);
	self->c.clone.flags = IOSQE_IO_DRAIN;
}

FIXTURE_TEARDOWN(waiting)
{
	io_uring_queue_exit(&self->ring);
	close(self->go[0]);
	close(self->go[1]);
}

static void *submit(void *arg)
{
	FIXTURE_DATA(waiting) *self = arg;

	return chain_submit(&self->ring, &self->c) ? NULL : arg;
}

/* It fails in the ring's own worker, which has nobody to be copied. */
TEST_F(waiting, for_a_drain_when_its_thread_exits_ecanceled)
{
	struct io_uring_cqe cqe;
	pthread_t thread;
	void *done;

	ASSERT_EQ(0, pthread_create(&thread, NULL, submit, self));
	ASSERT_EQ(0, pthread_join(thread, &done));
	ASSERT_NE(NULL, done);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_EQ(1, write(self->go[1], "x", 1));
	ASSERT_CQE(&self->ring, UD_READ, 1);
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(UD_CLONE, cqe.user_data);
	EXPECT_EQ(-ECANCELED, cqe.res);
	EXPECT_EQ(STEP_NONE, IORING_CQE_STEP(&cqe));
	if (!variant->array) {
		ASSERT_CQE(&self->ring, 0, -ECANCELED);
		ASSERT_CQE(&self->ring, 1, -ECANCELED);
	}
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

/* What was wrong with it from the beginning stays what it is. */
TEST(head_of_a_link_whose_array_cannot_be_read_efault)
{
	struct io_uring ring;
	struct chain c;

	ASSERT_EQ(0, ring_init(&ring, 0));
	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	c.clone.flags = IOSQE_IO_LINK;
	chain_queue(&ring, &c);
	c.args.sqes = 8;
	io_uring_prep_nop(get_sqe(&ring));
	ASSERT_EQ(0, submit_all(&ring));
	ASSERT_CQE(&ring, UD_CLONE, -EFAULT);
	ASSERT_CQE(&ring, 0, -ECANCELED);
	io_uring_queue_exit(&ring);
}

/* It was never issued, so it was at no step. @wrong: it fails by itself, too. */
static struct outcome behind_a_failure(struct io_uring *ring, bool wrong)
{
	struct io_uring_cqe cqe = {};
	struct io_uring_sqe *sqe;
	struct chain c;

	sqe = get_sqe(ring);
	iou_prep(sqe, IORING_OP_CLOSE, -1, 0, 0, 0);
	sqe->flags = IOSQE_IO_LINK;
	chain_init(&c, true, IORING_CLONE_FINAL);
	chain_nop(&c, 0);
	chain_queue(ring, &c);
	if (wrong)
		c.args.nr_submit = 0;
	if (submit_all(ring))
		return (struct outcome){ -EIO, 0 };
	while (!next_cqe(ring, &cqe) && cqe.user_data != UD_CLONE)
		;
	return (struct outcome){ cqe.res, IORING_CQE_STEP(&cqe) };
}

TEST(step_of_one_behind_a_broken_link_none)
{
	struct io_uring ring;
	struct outcome o;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, ring_init(&ring, i / 2 ? RING_DEFER : 0));
		o = behind_a_failure(&ring, i % 2);
		EXPECT_EQ(i % 2 ? -EINVAL : -ECANCELED, o.res);
		EXPECT_EQ(STEP_NONE, o.step);
		io_uring_queue_exit(&ring);
	}
}

TEST_MAIN
