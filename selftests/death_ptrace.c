// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A debugger at work: at the task of a chain, at its submitter, at both. What it may see, and that
 * chains go on, or end, as they would.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include "lib/fixture.h"
#include "lib/waiting.h"

#define FOLLOW	(PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |	\
		 PTRACE_O_TRACEEXEC | PTRACE_O_TRACEVFORKDONE | PTRACE_O_TRACEEXIT)
#define EVENT(status)	((status) >> 16)

WAITING_FIXTURE(debugger)

static int open_gate(FIXTURE_DATA(debugger) *self)
{
	return write(self->gate[1], "x", 1) == 1 ? 0 : -errno;
}

/* Every stop comes; waitpid(2) that hangs is caught by the test's time limit. */
#define ASSERT_STOP(pid, event) do {						\
	int __status = 0;							\
	ASSERT_EQ(pid, waitpid(pid, &__status, __WALL));			\
	ASSERT_TRUE(WIFSTOPPED(__status)) {					\
		TH_LOG("status %#x", __status);					\
	}									\
	ASSERT_EQ((event), EVENT(__status));					\
} while (0)

#define ASSERT_STARTED() ({							\
	ASSERT_EQ(0, chain_submit(&self->ring, &self->chain));			\
	pid_t __pid = ASSERT_BORN(&self->ring);					\
	ASSERT_EQ(0, wait_state(__pid, 'S'));					\
	__pid;									\
})

#define ASSERT_SEIZED(pid, options) do {					\
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, pid, 0, options));			\
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, pid, 0, 0));			\
	ASSERT_STOP(pid, PTRACE_EVENT_STOP);					\
} while (0)

TEST_F(debugger, interrupted_chain_stands_still_and_goes_on)
{
	pid_t pid = ASSERT_STARTED();

	ASSERT_SEIZED(pid, PTRACE_O_TRACEEXEC);
	ASSERT_EQ(0, open_gate(self));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
	ASSERT_STOP(pid, PTRACE_EVENT_EXEC);
	ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
	ASSERT_CQE(&self->ring, UD_CLONE, pid);
	EXPECT_EQ(0, wait_exit(pid));
}

TEST_F(debugger, detached_chain_goes_on)
{
	pid_t pid = ASSERT_STARTED();

	ASSERT_SEIZED(pid, 0);
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, pid, 0, 0));
	ASSERT_EQ(0, open_gate(self));
	ASSERT_CQE(&self->ring, UD_CLONE, pid);
	EXPECT_EQ(0, wait_exit(pid));
}

TEST_F(debugger, killed_in_a_stop_is_told_eintr)
{
	pid_t pid = ASSERT_STARTED();

	ASSERT_SEIZED(pid, 0);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_CQE(&self->ring, UD_CLONE, -EINTR);
	waitpid(pid, NULL, __WALL);
}

TEST_F(debugger, cancelled_in_a_stop_is_told_ecanceled)
{
	struct io_uring_sync_cancel_reg reg = { .addr = UD_CLONE, .timeout = { -1, -1 } };
	pid_t pid = ASSERT_STARTED();

	ASSERT_SEIZED(pid, 0);
	EXPECT_LE(0, io_uring_register_sync_cancel(&self->ring, &reg));
	ASSERT_CQE(&self->ring, UD_CLONE, -ECANCELED);
	waitpid(pid, NULL, __WALL);
}

/* As long as there is no program there is nothing to set, and whatever is set goes with exec. */
TEST_F(debugger, registers_of_the_task_do_not_reach_the_program)
{
	struct user_regs_struct regs;
	pid_t pid = ASSERT_STARTED();

	ASSERT_SEIZED(pid, PTRACE_O_TRACEEXEC);
	ASSERT_EQ(0, ptrace(PTRACE_GETREGS, pid, 0, &regs));
	regs.rip = 0x1234;
	regs.rsp = 8;
	regs.rax = ~0UL;
	ASSERT_EQ(0, ptrace(PTRACE_SETREGS, pid, 0, &regs));
	ASSERT_EQ(0, open_gate(self));
	/* single steps and system calls are of user mode, where it is not yet */
	ASSERT_EQ(0, ptrace(PTRACE_SINGLESTEP, pid, 0, 0));
	ASSERT_STOP(pid, PTRACE_EVENT_EXEC);
	ASSERT_EQ(0, ptrace(PTRACE_GETREGS, pid, 0, &regs));
	EXPECT_LT(0x1000, regs.rip);
	EXPECT_NE(0x1234, regs.rip);
	EXPECT_LT(0x1000, regs.rsp);
	ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
	ASSERT_CQE(&self->ring, UD_CLONE, pid);
	EXPECT_EQ(0, wait_exit(pid));
}

TEST_F(debugger, death_of_one_that_kills_on_exit_ends_the_chain)
{
	pid_t pid = ASSERT_STARTED(), tracer = fork();

	if (!tracer) {
		if (ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_EXITKILL))
			_exit(1);
		_exit(0);
	}
	EXPECT_EQ(0, wait_exit(tracer));
	ASSERT_CQE(&self->ring, UD_CLONE, -EINTR);
	EXPECT_EQ(0, wait_gone(pid));
}

TEST_F(debugger, death_of_one_with_the_chain_stopped_lets_it_go_on)
{
	pid_t pid = ASSERT_STARTED(), tracer = fork();

	if (!tracer) {
		if (ptrace(PTRACE_SEIZE, pid, 0, 0) || ptrace(PTRACE_INTERRUPT, pid, 0, 0) ||
		    waitpid(pid, NULL, __WALL) != pid)
			_exit(1);
		_exit(0);
	}
	EXPECT_EQ(0, wait_exit(tracer));
	ASSERT_EQ(0, open_gate(self));
	ASSERT_CQE(&self->ring, UD_CLONE, pid);
	EXPECT_EQ(0, wait_exit(pid));
}

/* The submitter is another process, the debugger is us. */
static pid_t start_submitter(FIXTURE_DATA(debugger) *self)
{
	struct io_uring_cqe cqe;
	struct io_uring ring;
	pid_t pid = fork();

	if (pid)
		return pid;
	raise(SIGSTOP);
	if (ring_init(&ring, 0) || chain_submit(&ring, &self->chain) || next_cqe(&ring, &cqe) ||
	    cqe.res <= 0)
		_exit(1);
	if (next_cqe(&ring, &cqe) || cqe.res <= 0)
		_exit(2);
	_exit(wait_exit(cqe.res));
}

/* What "strace -f" does. */
TEST_F(debugger, follows_the_task_from_its_birth_to_its_end)
{
	pid_t pid = start_submitter(self);
	unsigned long child = 0, code = 0;

	ASSERT_EQ(pid, waitpid(pid, NULL, WUNTRACED));
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, pid, 0, FOLLOW));
	ASSERT_EQ(0, open_gate(self));
	ASSERT_EQ(0, kill(pid, SIGCONT));
	for (;;) {
		int status;

		ASSERT_EQ(pid, waitpid(pid, &status, __WALL));
		ASSERT_TRUE(WIFSTOPPED(status));
		if (EVENT(status) == PTRACE_EVENT_VFORK)
			break;
		ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
	}
	ASSERT_EQ(0, ptrace(PTRACE_GETEVENTMSG, pid, 0, &child));
	ASSERT_LT(0, child);
	/* attached by itself, stopped before it has done anything */
	ASSERT_STOP((pid_t)child, PTRACE_EVENT_STOP);
	ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
	ASSERT_STOP(pid, PTRACE_EVENT_VFORK_DONE);
	ASSERT_EQ(0, ptrace(PTRACE_GETEVENTMSG, pid, 0, &code));
	EXPECT_EQ(child, code);
	ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
	ASSERT_EQ(0, ptrace(PTRACE_CONT, child, 0, 0));
	ASSERT_STOP((pid_t)child, PTRACE_EVENT_EXEC);
	ASSERT_EQ(0, ptrace(PTRACE_CONT, child, 0, 0));
	ASSERT_STOP((pid_t)child, PTRACE_EVENT_EXIT);
	ASSERT_EQ(0, ptrace(PTRACE_GETEVENTMSG, child, 0, &code));
	EXPECT_EQ(0, code);
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, child, 0, 0));
	for (;;) {
		int status;

		ASSERT_EQ(pid, waitpid(pid, &status, __WALL));
		if (WIFEXITED(status)) {
			EXPECT_EQ(0, WEXITSTATUS(status));
			break;
		}
		ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
	}
}

/* Stopped while it waits for CQEs; its chain does not care. */
TEST_F(debugger, interrupted_submitter_hears_of_it_later)
{
	pid_t pid = start_submitter(self);
	int status;

	ASSERT_EQ(pid, waitpid(pid, NULL, WUNTRACED));
	ASSERT_EQ(0, kill(pid, SIGCONT));
	ASSERT_EQ(0, wait_state(pid, 'S'));
	ASSERT_SEIZED(pid, 0);
	ASSERT_EQ(0, open_gate(self));
	usleep(20000);
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, pid, 0, 0));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(debugger, interrupted_submitter_killed_ends_its_chain)
{
	pid_t pid = start_submitter(self);

	ASSERT_EQ(pid, waitpid(pid, NULL, WUNTRACED));
	ASSERT_EQ(0, kill(pid, SIGCONT));
	usleep(20000);
	ASSERT_SEIZED(pid, 0);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, NULL, __WALL));
}

TEST_MAIN
