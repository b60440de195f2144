// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The freezer of cgroup2: a chain stands still, goes on, and can be killed while it is frozen. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "lib/cgroup.h"
#include "lib/policy.h"

#define INTO_CGROUP	0x200000000ULL

FIXTURE(freezer) {
	struct io_uring ring;
	struct script script;
	struct cgroup cg;
	struct chain chain;
	char path[256];
	int gate[2], sink[2];
	char byte;
};

FIXTURE_SETUP(freezer)
{
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, ring_init(&self->ring, 0));
	ASSERT_EQ(0, script_open(&self->script, self->ring.ring_fd, 0));
	self->script.skel->struct_ops.script_ops->max_steps = 65536;
	ASSERT_EQ(0, cgroup_make(&self->cg, NULL));
	ASSERT_EQ(0, target(self->path, sizeof(self->path), "quick"));
	ASSERT_EQ(0, pipe(self->gate));
	ASSERT_EQ(0, pipe(self->sink));
	chain_init(&self->chain, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	self->chain.args.flags = INTO_CGROUP;
	self->chain.args.cgroup = self->cg.fd;
}

FIXTURE_TEARDOWN(freezer)
{
	cgroup_remove(&self->cg);
	EXPECT_TRUE(all_children_gone());
	script_close(&self->script);
	io_uring_queue_exit(&self->ring);
}

/* Waits for a byte, then becomes a program. */
static void wait_and_exec(FIXTURE_DATA(freezer) *self)
{
	static char *argv[] = { "quick", NULL };

	chain_read(&self->chain, self->gate[0], &self->byte, 1);
	chain_exec(&self->chain, self->path, argv);
	chain_link(&self->chain, IOSQE_IO_LINK);
}

static int open_gate(FIXTURE_DATA(freezer) *self)
{
	return write(self->gate[1], "x", 1) == 1 ? 0 : -errno;
}

#define ASSERT_FROZEN() do {							\
	ASSERT_EQ(0, cgroup_write(&self->cg, "cgroup.freeze", "1"));		\
	ASSERT_TRUE(cgroup_becomes(&self->cg, "cgroup.events", "frozen", 1));	\
} while (0)

#define ASSERT_THAWED()	ASSERT_EQ(0, cgroup_write(&self->cg, "cgroup.freeze", "0"))

TEST_F(freezer, waiting_chain_stands_still_and_goes_on)
{
	pid_t pid;

	wait_and_exec(self);
	ASSERT_EQ(0, chain_submit(&self->ring, &self->chain));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_FROZEN();
	ASSERT_EQ(0, open_gate(self));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_THAWED();
	ASSERT_CQE(&self->ring, UD_CLONE, pid);
	EXPECT_EQ(0, wait_exit(pid));
}

TEST_F(freezer, born_frozen_stands_still_and_goes_on)
{
	pid_t pid;

	chain_write(&self->chain, self->sink[1], "x", 1);
	ASSERT_EQ(0, cgroup_write(&self->cg, "cgroup.freeze", "1"));
	ASSERT_EQ(0, chain_submit(&self->ring, &self->chain));
	pid = ASSERT_BORN(&self->ring);
	EXPECT_TRUE(cgroup_becomes(&self->cg, "cgroup.events", "frozen", 1));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_THAWED();
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	EXPECT_EQ(1, read(self->sink[0], &self->byte, 1));
	EXPECT_EQ(0, wait_gone(pid));
}

TEST_F(freezer, policy_stands_still_and_goes_on)
{
	__u32 steps;

	ASSERT_EQ(0, script_attach(&self->script));
	SCRIPT(&self->script, { S_TIMEOUT, .b = 100000 }, S_END(RET_CONTINUE), { S_GOTO, 0 });
	chain_policy(&self->chain, 0, NULL, 0);
	ASSERT_EQ(0, chain_submit(&self->ring, &self->chain));
	ASSERT_BORN(&self->ring);
	ASSERT_FROZEN();
	steps = self->script.skel->bss->nr_steps;
	usleep(50000);
	EXPECT_EQ(steps, self->script.skel->bss->nr_steps);
	ASSERT_THAWED();
	while (self->script.skel->bss->nr_steps <= steps + 1)
		usleep(1000);
	ASSERT_EQ(0, cgroup_write(&self->cg, "cgroup.kill", "1"));
	ASSERT_CQE(&self->ring, UD_CLONE, -EINTR);
}

/* What the task runs itself is interrupted by it, as a worker of io_uring would be. */
TEST_F(freezer, operation_that_blocks_the_task_eintr)
{
	io_uring_prep_splice(chain_add(&self->chain), self->gate[0], -1, self->sink[1], -1, 1, 0);
	ASSERT_EQ(0, chain_submit(&self->ring, &self->chain));
	ASSERT_EQ(0, wait_state(ASSERT_BORN(&self->ring), 'S'));
	ASSERT_FROZEN();
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_THAWED();
	ASSERT_CQE(&self->ring, UD_CLONE, -EINTR);
}

TEST_F(freezer, frozen_chain_can_be_cancelled)
{
	struct io_uring_sqe *sqe;
	struct io_uring_cqe cqe;
	int i, ok = 0;

	wait_and_exec(self);
	ASSERT_EQ(0, chain_submit(&self->ring, &self->chain));
	ASSERT_BORN(&self->ring);
	ASSERT_FROZEN();
	sqe = get_sqe(&self->ring);
	io_uring_prep_cancel64(sqe, UD_CLONE, 0);
	sqe->user_data = 1;
	ASSERT_EQ(0, submit_all(&self->ring));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		ok += cqe.res == (cqe.user_data == UD_CLONE ? -ECANCELED : 0);
	}
	EXPECT_EQ(2, ok);
}

TEST_F(freezer, frozen_chain_can_be_killed)
{
	pid_t pid;

	wait_and_exec(self);
	ASSERT_EQ(0, chain_submit(&self->ring, &self->chain));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_FROZEN();
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_CQE(&self->ring, UD_CLONE, -EINTR);
	EXPECT_EQ(0, wait_gone(pid));
}

TEST_F(freezer, ring_of_a_frozen_chain_closed)
{
	struct io_uring ring;
	pid_t pid;

	ASSERT_EQ(0, ring_init(&ring, 0));
	wait_and_exec(self);
	ASSERT_EQ(0, chain_submit(&ring, &self->chain));
	pid = ASSERT_BORN(&ring);
	ASSERT_FROZEN();
	io_uring_queue_exit(&ring);
	EXPECT_EQ(0, wait_gone(pid));
}

/* A submitter with chains, all in one group; it says so when they run. */
static pid_t start_submitter(FIXTURE_DATA(freezer) *self, int ready)
{
	struct io_uring ring;
	pid_t pid = fork();
	struct io_uring_cqe cqe;

	if (pid)
		return pid;
	cgroup_enter(&self->cg, getpid());
	wait_and_exec(self);
	if (ring_init(&ring, 0) || chain_submit(&ring, &self->chain) || next_cqe(&ring, &cqe) ||
	    cqe.res <= 0 || write(ready, &cqe.res, sizeof(cqe.res)) != sizeof(cqe.res))
		_exit(1);
	if (next_cqe(&ring, &cqe) || cqe.res <= 0 || wait_exit(cqe.res))
		_exit(2);
	_exit(0);
}

TEST_F(freezer, submitter_and_chain_stand_still_and_go_on)
{
	pid_t pid = start_submitter(self, self->sink[1]), child;

	ASSERT_EQ(sizeof(child), read(self->sink[0], &child, sizeof(child)));
	ASSERT_FROZEN();
	ASSERT_EQ(0, open_gate(self));
	usleep(50000);
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	EXPECT_NE(0, task_state(child));
	ASSERT_THAWED();
	EXPECT_EQ(0, wait_exit(pid));
}

TEST_F(freezer, frozen_submitter_killed_ends_its_frozen_chain)
{
	pid_t pid = start_submitter(self, self->sink[1]), child;

	ASSERT_EQ(sizeof(child), read(self->sink[0], &child, sizeof(child)));
	ASSERT_FROZEN();
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, wait_exit(pid));
	EXPECT_EQ(0, wait_gone(child));
}

TEST_F(freezer, chain_killed_while_its_submitter_is_frozen_is_told_later)
{
	pid_t pid = start_submitter(self, self->sink[1]), child;

	ASSERT_EQ(sizeof(child), read(self->sink[0], &child, sizeof(child)));
	ASSERT_FROZEN();
	ASSERT_EQ(0, kill(child, SIGKILL));
	EXPECT_EQ(0, wait_gone(child));
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	ASSERT_THAWED();
	/* an outcome, but no pid */
	EXPECT_EQ(2, wait_exit(pid));
}

TEST_MAIN
