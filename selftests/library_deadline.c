// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy deadline: templates that end in time, late or never. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include "lib/library.h"
#include "stable/deadline.h"
#include "stable/deadline.skel.h"

LIBRARY_FIXTURE(deadline)

#define MS	1000000ULL
#define LONG	(WAIT_MS * MS)
#define CODE	42
#define FIFO	"/tmp/fifo"

static struct deadline_arg region;
static struct coded program;

static void prepare(struct chain *c, __u64 limit_ns)
{
	region = (struct deadline_arg){ .limit_ns = limit_ns };
	policy_chain(c, &region, sizeof(region));
	c->clone.rw_flags = IORING_CLONE_DEFER | IORING_CLONE_QUIET;
}

static void add_poll(struct chain *c, int fd)
{
	struct io_uring_sqe *sqe = chain_add(c);

	iou_prep(sqe, IORING_OP_POLL_ADD, fd, 0, 0, 0);
	sqe->poll32_events = POLLIN;
}

static void add_futex_wait(struct chain *c, __u32 *word)
{
	struct io_uring_sqe *sqe = chain_add(c);

	iou_prep(sqe, OP_FUTEX_WAIT, FUTEX2_U32_PRIVATE, U64(word), 0, *word);
	sqe->addr3 = ~0U;
}

/* A program that writes to fd. */
static int add_exec(struct chain *c, int fd)
{
	int err = coded_init(&program, fd, CODE);

	chain_exec(c, program.path, program.argv);
	return err;
}

TEST_F(deadline, in_time_the_program_runs)
{
	struct io_uring_cqe cqe;
	struct chain c;
	int gate[2];

	ASSERT_EQ(0, pipe(gate));
	LIBRARY_ATTACH(deadline);
	prepare(&c, LONG);
	add_poll(&c, gate[0]);
	ASSERT_EQ(0, add_exec(&c, gate[1]));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BECOMES_TRUE(region.report.left_ns);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_EQ(1, write(gate[1], "x", 1));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	ASSERT_LT(0, cqe.res);
	EXPECT_EQ(CODE, wait_exit(cqe.res));
	EXPECT_EQ(0, region.report.error);
	EXPECT_EQ(1, region.report.step);
	EXPECT_GE(LONG - QUIET_MS * MS, region.report.left_ns);
}

TEST_F(deadline, poll_of_an_empty_pipe_etimedout)
{
	unsigned long start;
	struct chain c;
	int gate[2];

	ASSERT_EQ(0, pipe(gate));
	LIBRARY_ATTACH(deadline);
	prepare(&c, 50 * MS);
	add_poll(&c, gate[0]);
	ASSERT_EQ(0, add_exec(&c, 2));
	start = now_ms();
	ASSERT_OUTCOME(&self->ring, &c, -ETIMEDOUT, 0);
	EXPECT_LE(49, now_ms() - start);
	EXPECT_EQ(-ETIMEDOUT, region.report.error);
	EXPECT_EQ(0, region.report.step);
	EXPECT_EQ(50 * MS, region.report.left_ns);
	EXPECT_TRUE(no_child_left());
}

TEST_F(deadline, futex_that_nobody_wakes_etimedout)
{
	static __u32 word;
	struct chain c;

	LIBRARY_ATTACH(deadline);
	prepare(&c, 1000 * MS);
	chain_nop(&c, 1);
	add_futex_wait(&c, &word);
	ASSERT_EQ(0, add_exec(&c, 2));
	ASSERT_OUTCOME(&self->ring, &c, -ETIMEDOUT, 0);
	EXPECT_EQ(1, region.report.step);
	EXPECT_TRUE(no_child_left());
}

TEST_F(deadline, exec_that_waits_for_the_chain_etimedout)
{
	struct chain c;
	int gate[2];

	ASSERT_EQ(0, pipe(gate));
	LIBRARY_ATTACH(deadline);
	prepare(&c, 50 * MS);
	add_poll(&c, gate[0]);		/* of the chain, in flight beside the policy */
	c.nr_submit = 2;
	ASSERT_EQ(0, add_exec(&c, 2));
	ASSERT_OUTCOME(&self->ring, &c, -ETIMEDOUT, 0);
	EXPECT_EQ(0, region.report.step);
	EXPECT_TRUE(no_child_left());
}

TEST_F(deadline, parameter_counts_without_a_region)
{
	struct chain c;
	int gate[2];

	ASSERT_EQ(0, pipe(gate));
	self->skel->rodata->default_ns = 20 * MS;
	LIBRARY_ATTACH(deadline);
	prepare(&c, 0);
	c.sqe[0].addr = c.sqe[0].len = 0;
	add_poll(&c, gate[0]);
	ASSERT_OUTCOME(&self->ring, &c, -ETIMEDOUT, 0);
}

TEST_F(deadline, parameter_counts_where_the_region_says_0)
{
	struct chain c;
	int gate[2];

	ASSERT_EQ(0, pipe(gate));
	self->skel->rodata->default_ns = 20 * MS;
	LIBRARY_ATTACH(deadline);
	prepare(&c, 0);
	add_poll(&c, gate[0]);
	ASSERT_OUTCOME(&self->ring, &c, -ETIMEDOUT, 0);
	EXPECT_EQ(20 * MS, region.report.left_ns);
}

TEST_F(deadline, time_without_end_ok)
{
	struct chain c;

	LIBRARY_ATTACH(deadline);
	prepare(&c, ~0ULL);
	chain_nop(&c, 1);
	ASSERT_EQ(0, add_exec(&c, 2));
	c.sqe[2].addr = U64("/no/such/program");
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 0);
	EXPECT_EQ(1, region.report.step);
}

TEST_F(deadline, read_of_an_empty_pipe_etimedout)
{
	struct chain c;
	int gate[2];
	char byte;

	ASSERT_EQ(0, pipe(gate));
	LIBRARY_ATTACH(deadline);
	prepare(&c, 20 * MS);
	chain_read(&c, gate[0], &byte, 1);
	ASSERT_OUTCOME(&self->ring, &c, -ETIMEDOUT, 0);
	EXPECT_TRUE(no_child_left());
}

/* The limit of the policy. With O_CREAT it is punted: the task waits in open, and runs no step. */
TEST_F(deadline, open_of_a_fifo_ends_late_etimedout)
{
	struct io_uring_cqe cqe;
	struct chain c;
	int fd;

	ASSERT_EQ(0, mkfifo(FIFO, 0600));
	LIBRARY_ATTACH(deadline);
	prepare(&c, 1 * MS);
	iou_prep(chain_add(&c), IORING_OP_OPENAT, AT_FDCWD, U64(FIFO), 0600, 0);
	c.sqe[1].open_flags = O_RDONLY | O_CREAT;
	ASSERT_EQ(0, add_exec(&c, 2));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BECOMES_TRUE(region.report.left_ns);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	fd = open(FIFO, O_WRONLY);	/* waits for the task, then wakes it */
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(-ETIMEDOUT, cqe.res);
	EXPECT_EQ(0, region.report.step);
	unlink(FIFO);
}

TEST_F(deadline, step_that_is_to_say_nothing_is_heard)
{
	struct chain c;

	LIBRARY_ATTACH(deadline);
	prepare(&c, LONG);
	chain_nop(&c, 0)->flags = IOSQE_CQE_SKIP_SUCCESS;
	ASSERT_EQ(0, add_exec(&c, 2));
	c.sqe[2].addr = U64("/no/such/program");
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 0);
}

TEST_F(deadline, what_is_linked_behind_goes_on_without_it)
{
	struct chain c;
	int gate[2];
	char byte;

	ASSERT_EQ(0, pipe(gate));
	LIBRARY_ATTACH(deadline);
	prepare(&c, 1000 * MS);
	chain_read(&c, gate[0], &byte, 1);
	c.nr_submit = 2;
	c.sqe[0].flags |= IOSQE_IO_LINK;
	chain_nop(&c, 0);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	usleep(1200000);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_EQ(1, write(gate[1], "x", 1));
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	EXPECT_EQ(0, region.report.error);
}

TEST_F(deadline, bad_regions_are_told_apart)
{
	struct chain c;

	LIBRARY_ATTACH(deadline);
	prepare(&c, LONG);
	chain_nop(&c, 0);
	c.sqe[0].len = 4;
	ASSERT_OUTCOME(&self->ring, &c, -ERANGE, 0);
	prepare(&c, LONG);
	chain_nop(&c, 0);
	c.sqe[0].len--;
	ASSERT_OUTCOME(&self->ring, &c, -ERANGE, 0);
	prepare(&c, LONG);
	c.sqe[0].addr = 4096;
	ASSERT_OUTCOME(&self->ring, &c, -EFAULT, 0);
}

TEST_MAIN
