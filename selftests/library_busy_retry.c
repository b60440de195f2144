// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy busy_retry: a program that is open for writing, for a while or for ever. */
#include <errno.h>
#include <fcntl.h>
#include "lib/library.h"
#include "stable/busy_retry.h"
#include "stable/busy_retry.skel.h"

LIBRARY_FIXTURE(busy_retry)

#define PROGRAM	"/tmp/busy"

static struct busy_retry_arg region;
static char *argv[] = { "busy", NULL };

/*
 * Leaves the program open for writing. The task is to have no descriptors: a copy of this one would
 * keep the program busy for ever.
 */
static int prepare(struct chain *c, void *arg, unsigned int len)
{
	char path[256];
	int err;

	err = target(path, sizeof(path), "quick") ?: copy_file(path, PROGRAM, 0755);
	if (err)
		return err;
	memset(&region, 0, sizeof(region));
	policy_chain(c, arg, len);
	chain_exec(c, PROGRAM, argv);
	c->clone.rw_flags = IORING_CLONE_NO_FILES | IORING_CLONE_DEFER | IORING_CLONE_QUIET;
	return open(PROGRAM, O_WRONLY | O_CLOEXEC);
}

TEST_F(busy_retry, runs_when_the_last_writer_is_gone)
{
	struct io_uring_cqe cqe;
	struct chain c;
	int writer;

	self->skel->rodata->max_busy = 1000;
	LIBRARY_ATTACH(busy_retry);
	writer = prepare(&c, &region, sizeof(region));
	ASSERT_LE(0, writer);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BECOMES_TRUE(region.report.attempts >= 2);
	close(writer);
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	ASSERT_LT(0, cqe.res);
	EXPECT_EQ(0, wait_exit(cqe.res));
	EXPECT_EQ(0, region.report.error);
	EXPECT_LE(2, region.report.attempts);
	EXPECT_LE(1000000, region.report.paused_ns);
}

TEST_F(busy_retry, busy_for_ever_etxtbsy)
{
	unsigned long start;
	struct chain c;
	int writer;

	self->skel->rodata->max_busy = 4;
	self->skel->rodata->first_pause_ns = 5000000;
	self->skel->rodata->longest_pause_ns = 20000000;
	LIBRARY_ATTACH(busy_retry);
	writer = prepare(&c, &region, sizeof(region));
	ASSERT_LE(0, writer);
	start = now_ms();
	ASSERT_OUTCOME(&self->ring, &c, -ETXTBSY, 0);
	EXPECT_LE(54, now_ms() - start);	/* 5 + 10 + 20 + 20, the clock's start is cut off */
	EXPECT_EQ(-ETXTBSY, region.report.error);
	EXPECT_EQ(5, region.report.attempts);
	EXPECT_EQ(55000000, region.report.paused_ns);
	EXPECT_TRUE(no_child_left());
	close(writer);
}

TEST_F(busy_retry, runs_at_once_without_a_region)
{
	struct chain c;
	int writer;

	LIBRARY_ATTACH(busy_retry);
	writer = prepare(&c, NULL, 0);
	ASSERT_LE(0, writer);
	close(writer);
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
}

/* A limit: the task itself is the last writer. */
TEST_F(busy_retry, copy_of_the_submitters_descriptor_keeps_it_busy)
{
	struct io_uring_cqe cqe;
	struct chain c;
	int writer;

	LIBRARY_ATTACH(busy_retry);
	writer = prepare(&c, &region, sizeof(region));
	ASSERT_LE(0, writer);
	c.clone.rw_flags &= ~IORING_CLONE_NO_FILES;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BECOMES_TRUE(region.report.attempts >= 1);
	close(writer);
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(-ETXTBSY, cqe.res);
	EXPECT_EQ(11, region.report.attempts);
}

TEST_F(busy_retry, busy_without_a_region_etxtbsy)
{
	struct chain c;
	int writer;

	self->skel->rodata->max_busy = 1;
	LIBRARY_ATTACH(busy_retry);
	writer = prepare(&c, NULL, 0);
	ASSERT_LE(0, writer);
	ASSERT_OUTCOME(&self->ring, &c, -ETXTBSY, 0);
	close(writer);
}

TEST_F(busy_retry, gone_while_it_was_busy_enoent)
{
	struct io_uring_cqe cqe;
	struct chain c;
	int writer;

	self->skel->rodata->max_busy = 1000;
	LIBRARY_ATTACH(busy_retry);
	writer = prepare(&c, &region, sizeof(region));
	ASSERT_LE(0, writer);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BECOMES_TRUE(region.report.attempts >= 2);
	ASSERT_EQ(0, unlink(PROGRAM));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(-ENOENT, cqe.res);
	EXPECT_EQ(-ENOENT, region.report.error);
	close(writer);
}

TEST_F(busy_retry, other_error_is_not_retried)
{
	struct chain c;

	LIBRARY_ATTACH(busy_retry);
	ASSERT_LE(0, prepare(&c, &region, sizeof(region)));
	c.sqe[1].addr = U64("/tmp");
	ASSERT_OUTCOME(&self->ring, &c, -EACCES, 0);
	EXPECT_EQ(1, region.report.attempts);
	EXPECT_EQ(0, region.report.paused_ns);
}

TEST_F(busy_retry, cancelled_in_a_pause_ecanceled)
{
	struct io_uring_sqe *sqe;
	struct chain c;
	int writer;

	self->skel->rodata->first_pause_ns = 60000000000ULL;
	self->skel->rodata->longest_pause_ns = 60000000000ULL;
	LIBRARY_ATTACH(busy_retry);
	writer = prepare(&c, &region, sizeof(region));
	ASSERT_LE(0, writer);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BECOMES_TRUE(region.report.attempts == 1);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	sqe = get_sqe(&self->ring);
	iou_prep(sqe, IORING_OP_ASYNC_CANCEL, -1, UD_CLONE, 0, 0);
	sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CQE(&self->ring, UD_CLONE, -ECANCELED);
	EXPECT_EQ(1, region.report.attempts);
	close(writer);
}

TEST_F(busy_retry, bad_regions_are_told_apart)
{
	struct chain c;

	LIBRARY_ATTACH(busy_retry);
	ASSERT_LE(0, prepare(&c, &region, sizeof(region) - 1));
	ASSERT_OUTCOME(&self->ring, &c, -ERANGE, 0);
	ASSERT_LE(0, prepare(&c, (void *)4096, sizeof(region)));
	ASSERT_OUTCOME(&self->ring, &c, -EFAULT, 0);
}

TEST_MAIN
