// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The outcome: pid, 0 or errno, and which step it belongs to. */
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include "lib/fixture.h"

CHAIN_FIXTURE(outcome)

static char *argv[] = { "quick", NULL };

TEST_F(outcome, exec_tells_the_pid)
{
	char path[256];
	struct chain c;
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	chain_init(&c, variant->array, 0);
	chain_exec(&c, path, argv);
	pid = ASSERT_EXECED(&self->ring, &c);
	EXPECT_EQ(0, wait_exit(pid));
}

TEST_F(outcome, chain_without_exec_is_zero)
{
	struct chain c;

	chain_init(&c, variant->array, 0);
	chain_nop(&c, 7);
	chain_nop(&c, 0);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
}

TEST_F(outcome, every_failing_step_is_named)
{
	unsigned int fail, i;
	struct chain c;

	for (fail = 0; fail < 6; fail++) {
		chain_init(&c, variant->array, 0);
		for (i = 0; i < 6; i++)
			chain_nop(&c, i == fail ? -100 - (int)i : 0);
		chain_link(&c, IOSQE_IO_LINK);
		ASSERT_OUTCOME(&self->ring, &c, -100 - (int)fail, fail);
	}
}

TEST_F(outcome, broken_link_is_not_blamed)
{
	struct chain c;

	chain_init(&c, variant->array, 0);
	chain_nop(&c, -5);
	chain_exec(&c, "/nowhere/x", argv);
	chain_nop(&c, 0);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_OUTCOME(&self->ring, &c, -5, 0);
}

/* A read that is too short is no error, but it breaks the link, and with SKIP silently. */
TEST_F(outcome, silently_broken_link_is_ecanceled_where_it_goes_on)
{
	struct chain c;
	char buf[8];
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(3, write(fds[1], "abc", 3));
	chain_init(&c, variant->array, IORING_CLONE_QUIET);
	chain_read(&c, fds[0], buf, sizeof(buf));
	chain_nop(&c, 0);
	chain_nop(&c, 0);
	chain_link(&c, IOSQE_IO_LINK);
	c.sqe[0].flags |= IOSQE_CQE_SKIP_SUCCESS;
	ASSERT_OUTCOME(&self->ring, &c, -ECANCELED, 1);
}

TEST_F(outcome, last_failure_of_hardlinks_counts)
{
	struct chain c;

	chain_init(&c, variant->array, 0);
	chain_nop(&c, -5);
	chain_nop(&c, -6);
	chain_nop(&c, 0);
	chain_link(&c, IOSQE_IO_HARDLINK);
	ASSERT_OUTCOME(&self->ring, &c, -6, 1);
}

TEST_F(outcome, failure_before_a_program_is_forgotten)
{
	char path[256];
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	chain_init(&c, variant->array, 0);
	chain_nop(&c, -5);
	chain_exec(&c, "/nowhere/x", argv);
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_HARDLINK);
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
}

TEST_F(outcome, last_missing_program_counts)
{
	struct chain c;

	chain_init(&c, variant->array, 0);
	chain_exec(&c, "/nowhere/x", argv);
	chain_exec(&c, "/proc/self/exe/x", argv);
	chain_link(&c, IOSQE_IO_HARDLINK);
	ASSERT_OUTCOME(&self->ring, &c, -ENOTDIR, 1);
}

TEST_F(outcome, search_prefers_eacces)
{
	struct chain c;
	unsigned int i;

	chain_init(&c, variant->array, 0);
	chain_exec(&c, "/nowhere/x", argv);
	chain_exec(&c, "/", argv);
	chain_exec(&c, "/proc/self/exe/x", argv);
	chain_exec(&c, "/nowhere/x", argv);
	for (i = 0; i < c.nr; i++)
		c.sqe[i].ioprio = IORING_EXEC_SEARCH;
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_OUTCOME(&self->ring, &c, -EACCES, 1);
}

TEST_F(outcome, search_without_eacces_is_the_last)
{
	struct chain c;
	unsigned int i;

	chain_init(&c, variant->array, 0);
	for (i = 0; i < 3; i++)
		chain_exec(&c, i == 1 ? "/proc/self/exe/x" : "/nowhere/x", argv)->ioprio =
			IORING_EXEC_SEARCH;
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 2);
}

TEST_F(outcome, bad_sqe_is_a_failed_step)
{
	struct chain c;

	chain_init(&c, variant->array, 0);
	chain_nop(&c, 0);
	chain_nop(&c, 0)->rw_flags = ~0U;
	chain_nop(&c, 0);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_OUTCOME(&self->ring, &c, -EINVAL, 1);
}

TEST_F(outcome, killed_task_is_eintr)
{
	struct io_uring_cqe cqe;
	struct chain c;
	int fds[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(fds));
	chain_init(&c, variant->array, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	chain_read(&c, fds[0], &byte, 1);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(UD_CLONE, cqe.user_data);
	EXPECT_EQ(-EINTR, cqe.res);
	EXPECT_EQ(STEP_NONE, IORING_CQE_STEP(&cqe));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	EXPECT_EQ(0, wait_gone(pid));
}

TEST_F(outcome, cancelled_clone_is_ecanceled)
{
	struct io_uring_cqe cqe;
	struct io_uring_sqe *sqe;
	struct chain c;
	int fds[2], n, cancel = 1;
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(fds));
	chain_init(&c, variant->array, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	chain_read(&c, fds[0], &byte, 1);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	sqe = get_sqe(&self->ring);
	io_uring_prep_cancel64(sqe, UD_CLONE, 0);
	sqe->user_data = 1;
	ASSERT_EQ(0, submit_all(&self->ring));
	for (n = 0; n < 2; n++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		if (cqe.user_data == 1) {
			cancel = cqe.res;
			continue;
		}
		EXPECT_EQ(UD_CLONE, cqe.user_data);
		EXPECT_EQ(-ECANCELED, cqe.res);
		EXPECT_EQ(STEP_NONE, IORING_CQE_STEP(&cqe));
	}
	EXPECT_EQ(0, cancel);
	EXPECT_EQ(0, wait_gone(pid));
}

TEST_F(outcome, memory_may_be_reused_after_it)
{
	char path[256], *report;
	struct chain c;
	unsigned int i;

	/* what the kernel would still read after the outcome, it would read as garbage */
	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	for (i = 0; i < 50; i++) {
		char *args[] = { strdup("quick"), strdup("a"), NULL };

		report = strdup(path);
		chain_init(&c, variant->array, 0);
		chain_exec(&c, report, args);
		EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
		memset(report, 0xff, strlen(path));
		free(report);
		free(args[0]);
		free(args[1]);
		memset(args, 0xff, sizeof(args));
	}
}

TEST_MAIN
