// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The spawned task as others see it: parent, wait(2), SIGCHLD, signals and their handlers, /proc.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include "lib/fixture.h"
#include "targets/report.h"

RING_FIXTURE_2(process)

static volatile sig_atomic_t got_sigchld;

static void on_signal(int sig)
{
	got_sigchld += sig == SIGCHLD;
}

static void handle(int sig)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(sig, &sa, NULL);
}

/* Spawn targets/report, with what the caller put into the chain before it; its report. */
static int spawn_report(struct io_uring *ring, struct chain *c, struct report *r)
{
	static char path[256], fd[8];
	static char *argv[] = { "report", fd, "0", NULL };
	struct outcome o;
	int fds[2], status;

	if (target(path, sizeof(path), "report") || pipe(fds))
		return -errno;
	snprintf(fd, sizeof(fd), "%d", fds[1]);
	chain_exec(c, path, argv);
	chain_link(c, IOSQE_IO_HARDLINK);
	o = chain_outcome(ring, c);
	if (o.res < 0)
		return o.res;
	status = wait_exit(o.res);
	if (status || read(fds[0], r, sizeof(*r)) != sizeof(*r) || r->pid != o.res)
		return -EPROTO;
	close(fds[0]);
	close(fds[1]);
	return 0;
}

#define BIT_OF(sig)	(1ULL << ((sig) - 1))

TEST_F(process, is_a_child_of_the_submitter)
{
	struct report r;
	struct chain c;

	chain_init(&c, true, 0);
	ASSERT_EQ(0, spawn_report(&self->ring, &c, &r));
	EXPECT_EQ(getpid(), r.ppid);
	EXPECT_EQ(getpgrp(), r.pgid);
	EXPECT_EQ(getsid(0), r.sid);
	EXPECT_EQ(geteuid(), r.euid);
}

TEST_F(process, program_raises_sigchld_when_it_ends)
{
	struct report r;
	struct chain c;

	handle(SIGCHLD);
	got_sigchld = 0;
	chain_init(&c, true, 0);
	ASSERT_EQ(0, spawn_report(&self->ring, &c, &r));
	EXPECT_EQ(1, got_sigchld);
}

TEST_F(process, chain_without_exec_leaves_no_zombie_and_no_sigchld)
{
	struct chain c;
	unsigned int i;

	handle(SIGCHLD);
	got_sigchld = 0;
	for (i = 0; i < 20; i++) {
		chain_init(&c, true, 0);
		chain_nop(&c, i % 2 ? -5 : 0);
		chain_outcome(&self->ring, &c);
	}
	EXPECT_TRUE(no_child_left());
	EXPECT_EQ(0, got_sigchld);
}

TEST_F(process, killed_before_exec_leaves_no_zombie_and_no_sigchld)
{
	struct io_uring_cqe cqe;
	struct chain c;
	int fds[2];
	char byte;
	pid_t pid;

	handle(SIGCHLD);
	got_sigchld = 0;
	ASSERT_EQ(0, pipe(fds));
	chain_init(&c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	chain_read(&c, fds[0], &byte, 1);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	kill(pid, SIGKILL);
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(0, wait_gone(pid));
	EXPECT_TRUE(no_child_left());
	EXPECT_EQ(0, got_sigchld);
}

TEST_F(process, running_chain_is_a_child_but_leaves_nothing_to_wait_for)
{
	struct io_uring_cqe cqe;
	struct chain c;
	int fds[2];
	char byte;

	ASSERT_EQ(0, pipe(fds));
	chain_init(&c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	chain_read(&c, fds[0], &byte, 1);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	EXPECT_EQ(0, waitpid(-1, NULL, WNOHANG));
	ASSERT_EQ(1, write(fds[1], "x", 1));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(0, cqe.res);
	EXPECT_EQ(-1, waitpid(-1, NULL, 0));
	EXPECT_EQ(ECHILD, errno);
}

TEST_F(process, ignored_signals_stay_ignored_caught_ones_become_default)
{
	struct report r;
	struct chain c;

	signal(SIGHUP, SIG_IGN);
	handle(SIGUSR1);
	chain_init(&c, true, 0);
	ASSERT_EQ(0, spawn_report(&self->ring, &c, &r));
	EXPECT_TRUE(r.ignored & BIT_OF(SIGHUP));
	EXPECT_FALSE(r.ignored & BIT_OF(SIGUSR1));
	EXPECT_EQ(0, r.caught);
}

TEST_F(process, mask_is_the_callers)
{
	struct report r;
	struct chain c;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGWINCH);
	ASSERT_EQ(0, sigprocmask(SIG_SETMASK, &set, NULL));
	chain_init(&c, true, 0);
	ASSERT_EQ(0, spawn_report(&self->ring, &c, &r));
	EXPECT_EQ(BIT_OF(SIGUSR2) | BIT_OF(SIGWINCH), r.blocked);
	EXPECT_EQ(0, r.pending);
}

TEST_F(process, async_clone_takes_nothing_from_a_worker)
{
	struct report r;
	struct chain c;

	chain_init(&c, true, 0);
	c.clone.flags = IOSQE_ASYNC;
	ASSERT_EQ(0, spawn_report(&self->ring, &c, &r));
	EXPECT_EQ(0, r.blocked);
	EXPECT_EQ(getpid(), r.ppid);
}

/* A task copied from a worker thread would take SIGKILL for none of its business. */
TEST_F(process, task_of_an_async_clone_can_be_killed)
{
	struct io_uring_cqe cqe;
	struct chain c;
	int fds[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(fds));
	chain_init(&c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	c.clone.flags = IOSQE_ASYNC;
	chain_read(&c, fds[0], &byte, 1);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(-EINTR, cqe.res);
	EXPECT_EQ(0, wait_gone(pid));
}

/* The mask of a wait with a signal set is a temporary one; the program must get the real one. */
TEST_F(process, mask_of_a_wait_in_progress_is_not_inherited)
{
	struct __kernel_timespec ts = { .tv_sec = 10 };
	char path[256], fd[8], *argv[] = { "report", fd, "0", NULL };
	struct io_uring_cqe *cqe;
	struct report r;
	struct chain c;
	sigset_t all;
	int fds[2];

	ASSERT_EQ(0, target(path, sizeof(path), "report"));
	ASSERT_EQ(0, pipe(fds));
	snprintf(fd, sizeof(fd), "%d", fds[1]);
	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	/* from a worker, so that it is made while we wait */
	c.clone.flags = IOSQE_ASYNC;
	chain_exec(&c, path, argv);
	chain_queue(&self->ring, &c);
	sigfillset(&all);
	ASSERT_LE(0, io_uring_submit_and_wait_timeout(&self->ring, &cqe, 1, &ts, &all));
	ASSERT_LT(0, cqe->res);
	EXPECT_EQ(0, wait_exit(cqe->res));
	io_uring_cqe_seen(&self->ring, cqe);
	ASSERT_EQ(sizeof(r), read(fds[0], &r, sizeof(r)));
	EXPECT_EQ(0, r.blocked);
}

TEST_F(process, sigpipe_raised_by_the_chain_does_not_kill_the_program)
{
	struct report r;
	struct chain c;
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	close(fds[0]);
	chain_init(&c, true, 0);
	chain_write(&c, fds[1], "x", 1);
	ASSERT_EQ(0, spawn_report(&self->ring, &c, &r));
	EXPECT_EQ(0, r.pending & BIT_OF(SIGPIPE));
}

TEST_F(process, signal_sent_to_a_running_chain_arrives_after_exec)
{
	char path[256], byte, *argv[] = { "report", "1", "0", NULL };
	struct chain c;
	int fds[2];
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "report"));
	ASSERT_EQ(0, pipe(fds));
	chain_init(&c, true, 0);
	chain_read(&c, fds[0], &byte, 1);
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_EQ(0, kill(pid, SIGTERM));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	EXPECT_EQ(0, wait_state(pid, 'S'));
	ASSERT_EQ(1, write(fds[1], "x", 1));
	ASSERT_CQE(&self->ring, 0, 1);
	ASSERT_CQE(&self->ring, 1, 0);
	EXPECT_EQ(128 + SIGTERM, wait_exit(pid));
}

TEST_F(process, handlers_pending_at_clone_are_no_eintr)
{
	unsigned int i, n = rounds(300);
	struct chain c;

	handle(SIGUSR1);
	for (i = 0; i < n; i++) {
		chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
		chain_nop(&c, 0);
		chain_queue(&self->ring, &c);
		kill(getpid(), SIGUSR1);
		ASSERT_EQ(0, submit_all(&self->ring));
		ASSERT_CQE(&self->ring, UD_CLONE, 0);
	}
}

static const struct itimerval soon = { .it_value = { 0, 500 } };
static volatile sig_atomic_t alarms_left;

/* Again and again, but not for ever: a signal may take longer than the time to the next one. */
static void on_alarm(int sig)
{
	(void)sig;
	if (alarms_left-- > 0)
		setitimer(ITIMER_REAL, &soon, NULL);
}

#define ALARMS	50	/* for each CLONE: more than come while it lasts */

TEST_F(process, storm_of_signals_at_clone_is_no_eintr_many_times)
{
	struct itimerval never = {};
	struct sigaction sa = { .sa_handler = on_alarm };
	unsigned int i, n = rounds(1000);
	struct io_uring_cqe cqe;
	struct chain c;
	int ret;

	sigaction(SIGALRM, &sa, NULL);
	for (i = 0; i < n; i++) {
		alarms_left = ALARMS;
		ASSERT_EQ(0, setitimer(ITIMER_REAL, &soon, NULL));
		chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
		chain_nop(&c, 0);
		chain_queue(&self->ring, &c);
		do {
			ret = io_uring_submit(&self->ring);
		} while (ret == -EINTR);
		ASSERT_EQ(1, ret);
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		ASSERT_EQ(0, cqe.res);
	}
	alarms_left = 0;
	setitimer(ITIMER_REAL, &never, NULL);
}

TEST_F(process, stopped_and_continued_chain_goes_on)
{
	struct io_uring_cqe cqe;
	struct chain c;
	int fds[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(fds));
	chain_init(&c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	chain_read(&c, fds[0], &byte, 1);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_EQ(0, kill(pid, SIGSTOP));
	EXPECT_EQ(0, wait_state(pid, 'T'));
	ASSERT_EQ(1, write(fds[1], "x", 1));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_EQ(0, kill(pid, SIGCONT));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(0, cqe.res);
}

/* Processor time so far, in hundredths of a second; -1: no such task. */
static long cpu_time(pid_t pid)
{
	unsigned long utime, stime;
	char path[64], line[512];
	long sum = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return -1;
	if (fgets(line, sizeof(line), f) && strrchr(line, ')') &&
	    sscanf(strrchr(line, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		   &utime, &stime) == 2)
		sum = utime + stime;
	fclose(f);
	return sum;
}

/* A task that waits must sleep: a pending blocked signal must not make it spin. */
TEST_F(process, waiting_chain_uses_no_cpu)
{
	struct io_uring_cqe cqe;
	struct chain c;
	int fds[2];
	char byte;
	pid_t pid;
	long before, after;

	ASSERT_EQ(0, pipe(fds));
	chain_init(&c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	chain_read(&c, fds[0], &byte, 1);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	kill(pid, SIGUSR1);
	/* what it takes to get there does not count */
	ASSERT_EQ(0, wait_state(pid, 'S'));
	before = cpu_time(pid);
	ASSERT_LE(0, before);
	usleep(500000);
	after = cpu_time(pid);
	ASSERT_LE(before, after);
	EXPECT_GT(10, after - before);
	ASSERT_EQ(1, write(fds[1], "x", 1));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
}

TEST_F(process, pipe_of_a_finished_chain_reaches_eof)
{
	struct chain c;
	int fds[2];
	char byte;

	ASSERT_EQ(0, pipe(fds));
	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	close(fds[1]);
	EXPECT_EQ(0, read(fds[0], &byte, 1));
}

TEST_MAIN
