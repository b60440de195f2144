// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Nothing more than the submitter could: who that is, if processes share a ring, is who submits,
 * and not who made the ring or reads its completions.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "lib/fixture.h"
#include "targets/report.h"

#define SOMEBODY	4321
#define SECRET		"/shared-secret"

/* Root's ring; a process of somebody else submits to it, root reads what comes. */
FIXTURE(shared) {
	struct io_uring ring;
	struct chain chain;
	char path[256];
	int gate[2], out[2], go[2];
	char byte;
};

FIXTURE_SETUP(shared)
{
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, ring_init(&self->ring, 0));
	ASSERT_EQ(0, target(self->path, sizeof(self->path), "report"));
	ASSERT_EQ(0, pipe(self->gate));
	ASSERT_EQ(0, pipe(self->out));
	ASSERT_EQ(0, pipe(self->go));
	ASSERT_EQ(0, write_file(SECRET, "x"));
	ASSERT_EQ(0, chmod(SECRET, 0600));
}

FIXTURE_TEARDOWN(shared)
{
	EXPECT_TRUE(all_children_gone());
	io_uring_queue_exit(&self->ring);
	unlink(SECRET);
}

/* Somebody submits the chain, and exits with 0 when he is told to. */
static pid_t submitter(FIXTURE_DATA(shared) *self)
{
	pid_t pid = fork();
	char byte;

	if (pid)
		return pid;
	if (setresgid(SOMEBODY, SOMEBODY, SOMEBODY) || setresuid(SOMEBODY, SOMEBODY, SOMEBODY) ||
	    chain_submit(&self->ring, &self->chain))
		_exit(1);
	/* its task work is done here: the reader of the ring is another */
	while (read(self->go[0], &byte, 1) != 1)
		;
	wait(NULL);
	_exit(0);
}

static int let_go(FIXTURE_DATA(shared) *self, pid_t pid)
{
	return write(self->go[1], "x", 1) == 1 ? wait_exit(pid) : -errno;
}

TEST_F(shared, chain_has_the_credentials_of_who_submits)
{
	struct io_uring_cqe cqe;
	pid_t pid;

	chain_init(&self->chain, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	io_uring_prep_openat(chain_add(&self->chain), AT_FDCWD, SECRET, O_RDONLY, 0);
	pid = submitter(self);
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(-EACCES, cqe.res);
	EXPECT_EQ(0, let_go(self, pid));
}

TEST_F(shared, program_is_a_child_of_who_submits)
{
	static char fd[8], *argv[] = { "report", fd, "0", NULL };
	struct io_uring_cqe cqe;
	struct report r;
	pid_t pid;

	snprintf(fd, sizeof(fd), "%d", self->out[1]);
	chain_init(&self->chain, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_exec(&self->chain, self->path, argv);
	pid = submitter(self);
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	ASSERT_LT(0, cqe.res);
	ASSERT_EQ(sizeof(r), read(self->out[0], &r, sizeof(r)));
	EXPECT_EQ(cqe.res, r.pid);
	EXPECT_EQ(pid, r.ppid);
	EXPECT_EQ(SOMEBODY, r.uid);
	EXPECT_EQ(SOMEBODY, r.euid);
	EXPECT_EQ(0, let_go(self, pid));
}

TEST_F(shared, chain_ends_with_who_submitted_and_the_others_are_told)
{
	struct io_uring_cqe cqe;
	pid_t pid, task;

	chain_init(&self->chain, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	chain_read(&self->chain, self->gate[0], &self->byte, 1);
	pid = submitter(self);
	task = ASSERT_BORN(&self->ring);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, wait_exit(pid));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(UD_CLONE, cqe.user_data);
	EXPECT_EQ(-ECANCELED, cqe.res);
	EXPECT_EQ(0, wait_gone(task));
}

/* Who has the ring may cancel what is in it, whoever submitted it. */
TEST_F(shared, others_can_cancel_it)
{
	struct io_uring_sync_cancel_reg reg = { .addr = UD_CLONE, .timeout = { -1, -1 },
						.flags = IORING_ASYNC_CANCEL_ALL };
	pid_t pid, task;

	chain_init(&self->chain, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	chain_read(&self->chain, self->gate[0], &self->byte, 1);
	pid = submitter(self);
	task = ASSERT_BORN(&self->ring);
	EXPECT_LE(0, io_uring_register_sync_cancel(&self->ring, &reg));
	ASSERT_CQE(&self->ring, UD_CLONE, -ECANCELED);
	EXPECT_EQ(0, wait_gone(task));
	EXPECT_EQ(0, let_go(self, pid));
}

TEST_MAIN
