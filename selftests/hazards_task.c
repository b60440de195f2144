// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What may go wrong around the task: signals meant for a whole group, memory that two processes
 * have, a program that must not gain privileges.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include "lib/fixture.h"
#include "lib/waiting.h"
#include "targets/report.h"

#define NOBODY	65534

WAITING_FIXTURE(task)

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
	caught++;
}

/* In a process group of its own. Returns what became of the program, or -errno of the chain. */
static int signal_the_group(FIXTURE_DATA(task) *self, int sig)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct io_uring_cqe cqe;
	struct io_uring ring;

	if (setpgid(0, 0) || sigaction(sig, &sa, NULL) || ring_init(&ring, 0) ||
	    chain_submit(&ring, &self->chain) || next_cqe(&ring, &cqe) ||
	    wait_state(cqe.res, 'S'))
		return -EIO;
	if (kill(0, sig) || write(self->gate[1], "x", 1) != 1 || next_cqe(&ring, &cqe))
		return -EIO;
	if (caught != 1)
		return -EPROTO;
	return cqe.res < 0 ? cqe.res : wait_exit(cqe.res);
}

/*
 * Ctrl-C while a chain runs: its requests are not interrupted, exec does not fail with EINTR, and
 * the program, in which nobody catches it, gets it.
 */
TEST_F(task, signal_to_the_group_is_for_the_program)
{
	pid_t pid = fork();

	if (!pid)
		_exit(signal_the_group(self, SIGTERM) == 128 + SIGTERM ? 0 : 1);
	EXPECT_EQ(0, wait_exit(pid));
}

TEST_F(task, signal_to_the_group_that_is_ignored_by_default_changes_nothing)
{
	pid_t pid = fork();

	if (!pid)
		_exit(signal_the_group(self, SIGWINCH) == 0 ? 0 : 1);
	EXPECT_EQ(0, wait_exit(pid));
}

static int read_adj(const char *pid)
{
	char path[64], text[16] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/oom_score_adj", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return -10000;
	close(fd);
	return atoi(text);
}

/* For processes that share memory for good, a new value of one is that of all. */
TEST_F(task, oom_score_adj_is_not_that_of_the_submitter)
{
	char name[16], path[64];
	pid_t pid;

	ASSERT_EQ(0, write_file("/proc/self/oom_score_adj", "100"));
	ASSERT_EQ(0, chain_submit(&self->ring, &self->chain));
	pid = ASSERT_BORN(&self->ring);
	snprintf(name, sizeof(name), "%d", pid);
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	EXPECT_EQ(100, read_adj(name));

	ASSERT_EQ(0, write_file("/proc/self/oom_score_adj", "200"));
	EXPECT_EQ(100, read_adj(name));
	ASSERT_EQ(0, write_file(path, "300"));
	EXPECT_EQ(200, read_adj("self"));
	EXPECT_EQ(300, read_adj(name));

	ASSERT_EQ(1, write(self->gate[1], "x", 1));
	ASSERT_CQE(&self->ring, UD_CLONE, pid);
	EXPECT_EQ(0, wait_exit(pid));
	EXPECT_EQ(200, read_adj("self"));
}

/* Lets everybody go on until all have ended; 0 if a task was followed into the program. */
static int trace_all(pid_t submitter)
{
	bool born = false, execed = false;
	int status, event, sig;
	pid_t pid;

	if (waitpid(submitter, NULL, WUNTRACED) != submitter ||
	    ptrace(PTRACE_SEIZE, submitter, 0, PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC) ||
	    kill(submitter, SIGCONT))
		return 10;
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (!WIFSTOPPED(status))
			continue;
		event = status >> 16;
		sig = event ? 0 : WSTOPSIG(status);
		born |= event == PTRACE_EVENT_VFORK;
		execed |= event == PTRACE_EVENT_EXEC && pid != submitter;
		ptrace(PTRACE_CONT, pid, 0, sig);
	}
	return born && execed ? 0 : 11;
}

static void submit_when_continued(struct chain *c)
{
	struct io_uring ring;
	struct outcome o;

	raise(SIGSTOP);
	if (ring_init(&ring, 0))
		_exit(1);
	o = chain_outcome(&ring, c);
	_exit(o.res < 0 ? 2 : wait_exit(o.res));
}

/* A debugger of the user could make it do anything. Not traced, it gains: see limits.c. */
TEST_F(task, set_uid_program_of_a_traced_task_gains_nothing)
{
	char copy[] = "/hazards-setuid", fd[8], *argv[] = { "report", fd, "0", NULL };
	pid_t tracer, submitter;
	struct report r;
	int fds[2];

	ASSERT_EQ(0, target(self->path, sizeof(self->path), "report"));
	ASSERT_EQ(0, copy_file(self->path, copy, 04755));
	ASSERT_EQ(0, pipe(fds));
	snprintf(fd, sizeof(fd), "%d", fds[1]);
	chain_init(&self->chain, true, 0);
	chain_exec(&self->chain, copy, argv);
	tracer = fork();
	if (!tracer) {
		if (setresuid(NOBODY, NOBODY, NOBODY) || prctl(PR_SET_DUMPABLE, 1))
			_exit(1);
		submitter = fork();
		if (!submitter)
			submit_when_continued(&self->chain);
		_exit(trace_all(submitter));
	}
	EXPECT_EQ(0, wait_exit(tracer));
	EXPECT_EQ(0, unlink(copy));
	ASSERT_EQ(sizeof(r), read(fds[0], &r, sizeof(r)));
	EXPECT_EQ(NOBODY, r.uid);
	EXPECT_EQ(NOBODY, r.euid);
}

TEST_MAIN
