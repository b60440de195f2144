// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The policy keep_data: what is read from a pipe is found again, whatever fails afterwards, and is
 * the program's standard input if nothing does.
 */
#include <errno.h>
#include <fcntl.h>
#include "lib/library.h"
#include "testing/keep_data.h"
#include "testing/keep_data.skel.h"

LIBRARY_FIXTURE(keep_data)

#define MAX		64
#define TEXT		"a request that cannot be read again"
#define LEN		(sizeof(TEXT) - 1)

static union {
	struct keep_data_arg	arg;
	char			bytes[sizeof(struct keep_data_arg) + MAX];
} region;

static char *const cat[] = { "cat", NULL };
static int from[2], to[2], out[2];	/* data to the task, from it to the program, from that */

/*
 * The program is cat, between to[] and out[]. Two steps before it, of which the second is @step:
 * descriptors that a test closes.
 */
static int prepare(struct chain *c, int step)
{
	static struct io_uring_clone_fd fds[2];

	if (pipe2(from, O_CLOEXEC) || pipe2(to, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		return -errno;
	memset(&region, 0, sizeof(region));
	region.arg.want.from = from[0];
	region.arg.want.to = to[1];
	region.arg.want.max = MAX;
	policy_chain(c, &region, sizeof(region));
	iou_prep_task_umask(chain_add(c), 022);
	iou_prep_task_chdir(chain_add(c), step, 0);
	chain_exec(c, "/bin/cat", cat);
	fds[0] = (struct io_uring_clone_fd){ .fd = to[0], .target = 0 };
	fds[1] = (struct io_uring_clone_fd){ .fd = out[1], .target = 1 };
	c->args.fds = U64(fds);
	c->args.nr_fds = 2;
	c->clone.rw_flags = IORING_CLONE_DEFER | IORING_CLONE_QUIET;
	return 0;
}

static int tmp_fd(void)
{
	return open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

#define EXPECT_KEPT(err, at) do {						\
	EXPECT_EQ(err, region.arg.report.error);				\
	EXPECT_EQ(at, region.arg.report.step);					\
	EXPECT_EQ(LEN, region.arg.report.kept);					\
	EXPECT_EQ(0, region.arg.report.reading);				\
	EXPECT_EQ(0, memcmp(TEXT, region.arg.data, LEN));			\
} while (0)

/* cat sees all of it, once, and the end of it. */
#define EXPECT_PROGRAM_READ_IT(pid) do {					\
	char __got[2 * MAX];							\
	close(to[1]);								\
	EXPECT_EQ(0, wait_exit(pid));						\
	EXPECT_EQ((ssize_t)LEN, read(out[0], __got, sizeof(__got)));		\
	EXPECT_EQ(0, memcmp(TEXT, __got, LEN));					\
} while (0)

TEST_F(keep_data, program_reads_what_was_read)
{
	struct chain c;
	pid_t pid;

	LIBRARY_ATTACH(keep_data);
	ASSERT_EQ(0, prepare(&c, tmp_fd()));
	ASSERT_EQ((ssize_t)LEN, write(from[1], TEXT, LEN));
	pid = ASSERT_EXECED(&self->ring, &c);
	EXPECT_PROGRAM_READ_IT(pid);
	EXPECT_KEPT(0, 2);
	EXPECT_EQ(LEN, region.arg.report.handed);
}

TEST_F(keep_data, waits_for_data_that_come_later)
{
	struct io_uring_cqe cqe;
	struct chain c;

	LIBRARY_ATTACH(keep_data);
	ASSERT_EQ(0, prepare(&c, tmp_fd()));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_EQ((ssize_t)LEN, write(from[1], TEXT, LEN));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	ASSERT_LT(0, cqe.res);
	EXPECT_PROGRAM_READ_IT(cqe.res);
	EXPECT_KEPT(0, 2);
}

TEST_F(keep_data, step_fails_and_the_next_spawn_goes_on_with_the_data)
{
	struct chain c;
	char byte;
	pid_t pid;

	LIBRARY_ATTACH(keep_data);
	ASSERT_EQ(0, prepare(&c, open("/dev/null", O_RDONLY | O_CLOEXEC)));
	ASSERT_EQ((ssize_t)LEN, write(from[1], TEXT, LEN));
	ASSERT_OUTCOME(&self->ring, &c, -ENOTDIR, 0);
	EXPECT_KEPT(-ENOTDIR, 1);
	EXPECT_EQ(0, region.arg.report.handed);
	EXPECT_TRUE(no_child_left());
	/* it is not in the pipe any more */
	ASSERT_EQ(0, fcntl(from[0], F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, read(from[0], &byte, 1));

	c.sqe[2].fd = tmp_fd();
	pid = ASSERT_EXECED(&self->ring, &c);
	EXPECT_PROGRAM_READ_IT(pid);
	EXPECT_KEPT(0, 2);
}

TEST_F(keep_data, program_missing_and_the_next_spawn_hands_nothing_on_twice)
{
	struct chain c;
	pid_t pid;

	LIBRARY_ATTACH(keep_data);
	ASSERT_EQ(0, prepare(&c, tmp_fd()));
	c.sqe[3].addr = U64("/no/such/program");
	ASSERT_EQ((ssize_t)LEN, write(from[1], TEXT, LEN));
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 0);
	EXPECT_KEPT(-ENOENT, 2);
	EXPECT_EQ(LEN, region.arg.report.handed);

	c.sqe[3].addr = U64("/bin/cat");
	pid = ASSERT_EXECED(&self->ring, &c);
	EXPECT_PROGRAM_READ_IT(pid);
	EXPECT_KEPT(0, 2);
}

TEST_F(keep_data, nobody_reads_epipe_and_kept)
{
	struct chain c;

	LIBRARY_ATTACH(keep_data);
	ASSERT_EQ(0, prepare(&c, tmp_fd()));
	c.args.nr_fds = c.args.fds = 0;
	close(to[0]);
	ASSERT_EQ((ssize_t)LEN, write(from[1], TEXT, LEN));
	ASSERT_OUTCOME(&self->ring, &c, -EPIPE, 0);
	EXPECT_KEPT(-EPIPE, 2);
	EXPECT_EQ(0, region.arg.report.handed);
}

TEST_F(keep_data, end_of_file_is_no_error)
{
	struct io_uring_clone_fd fds[4];
	struct chain c;
	pid_t pid;

	LIBRARY_ATTACH(keep_data);
	ASSERT_EQ(0, prepare(&c, tmp_fd()));
	/* or the task would hold the writing end itself */
	memcpy(fds, (void *)(uintptr_t)c.args.fds, 2 * sizeof(fds[0]));
	fds[2] = (struct io_uring_clone_fd){ .fd = from[0], .target = from[0] };
	fds[3] = (struct io_uring_clone_fd){ .fd = c.sqe[2].fd, .target = c.sqe[2].fd };
	c.args.fds = U64(fds);
	c.args.nr_fds = 4;
	c.clone.rw_flags |= IORING_CLONE_NO_FILES;
	close(from[1]);
	pid = ASSERT_EXECED(&self->ring, &c);
	close(to[1]);
	EXPECT_EQ(0, wait_exit(pid));
	EXPECT_EQ(0, region.arg.report.kept);
	EXPECT_EQ(0, region.arg.report.error);
}

TEST_F(keep_data, more_than_there_is_room_for_stays_in_the_pipe)
{
	char all[MAX + 10], rest[MAX];
	struct chain c;
	pid_t pid;

	LIBRARY_ATTACH(keep_data);
	ASSERT_EQ(0, prepare(&c, tmp_fd()));
	memset(all, 'x', sizeof(all));
	ASSERT_EQ((ssize_t)sizeof(all), write(from[1], all, sizeof(all)));
	pid = ASSERT_EXECED(&self->ring, &c);
	close(to[1]);
	EXPECT_EQ(0, wait_exit(pid));
	EXPECT_EQ(MAX, region.arg.report.kept);
	EXPECT_EQ(10, read(from[0], rest, sizeof(rest)));
}

TEST_F(keep_data, cancelled_while_it_waits_has_read_nothing)
{
	struct io_uring_sqe *sqe;
	struct chain c;
	char got[MAX];

	LIBRARY_ATTACH(keep_data);
	ASSERT_EQ(0, prepare(&c, tmp_fd()));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	sqe = get_sqe(&self->ring);
	io_uring_prep_cancel64(sqe, UD_CLONE, 0);
	sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CQE(&self->ring, UD_CLONE, -ECANCELED);
	EXPECT_EQ(0, region.arg.report.kept);
	EXPECT_EQ(0, region.arg.report.reading);
	ASSERT_EQ((ssize_t)LEN, write(from[1], TEXT, LEN));
	EXPECT_EQ((ssize_t)LEN, read(from[0], got, sizeof(got)));
}

TEST_F(keep_data, errors_are_told_apart)
{
	struct chain c;

	LIBRARY_ATTACH(keep_data);
	ASSERT_EQ(0, prepare(&c, tmp_fd()));
	region.arg.want.from = 999;
	ASSERT_OUTCOME(&self->ring, &c, -EBADF, 0);
	region.arg.want.max = MAX + 1;
	ASSERT_OUTCOME(&self->ring, &c, -EINVAL, 0);
	c.sqe[0].len = sizeof(struct keep_data_want) - 1;
	ASSERT_OUTCOME(&self->ring, &c, -ERANGE, 0);
	c.sqe[0].addr = 4096;
	ASSERT_OUTCOME(&self->ring, &c, -EFAULT, 0);
	EXPECT_TRUE(no_child_left());
}

TEST_MAIN
