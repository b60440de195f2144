// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Nothing more than system calls would allow: Yama's say about who may trace a chain's task. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include "lib/fixture.h"

#define SCOPE	"/proc/sys/kernel/yama/ptrace_scope"

FIXTURE(yama) {
	struct io_uring ring;
	int gate[2];
	char byte;
	pid_t task;
};

FIXTURE_SETUP(yama)
{
	static struct chain c;

	if (access(SCOPE, F_OK))
		SKIP(return, "this kernel has no Yama");
	ASSERT_EQ(0, ring_init(&self->ring, 0));
	ASSERT_EQ(0, pipe(self->gate));
	chain_init(&c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	chain_read(&c, self->gate[0], &self->byte, 1);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	self->task = ASSERT_BORN(&self->ring);
}

FIXTURE_TEARDOWN(yama)
{
	kill(self->task, SIGKILL);
	io_uring_queue_exit(&self->ring);
	EXPECT_TRUE(all_children_gone());
}

/* What seizing the task says to a process beside it, which has all capabilities. */
static int attach_by_another(pid_t task)
{
	pid_t pid = fork();

	if (!pid)
		_exit(ptrace(PTRACE_SEIZE, task, 0, 0) ? errno : 0);
	return -wait_exit(pid);
}

TEST_F(yama, admin_only_attach_for_those_with_the_capability_ok)
{
	ASSERT_EQ(0, write_file(SCOPE, "2"));
	EXPECT_EQ(0, attach_by_another(self->task));
	/* for good: this guest has no more tests than these */
	ASSERT_EQ(0, write_file(SCOPE, "3"));
	EXPECT_EQ(-EPERM, attach_by_another(self->task));
}

TEST_MAIN
