// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Nothing more than the submitter could: a seccomp filter, or strict mode, counts when the task is
 * to be made, for the thread that submitted CLONE.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include "lib/fixture.h"

static int install_filter(unsigned int flags)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog prog = { 1, &allow };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog))
		return -errno;
	return 0;
}

static int spawn(struct io_uring *ring)
{
	struct chain c;

	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	return chain_outcome(ring, &c).res;
}

struct work {
	struct io_uring	*ring;
	unsigned int	flags;
	int		filter, before, after;
};

/* A filter in this thread, or by it in all of them. */
static void *filter_and_spawn(void *p)
{
	struct work *w = p;

	w->before = spawn(w->ring);
	w->filter = install_filter(w->flags);
	w->after = spawn(w->ring);
	return NULL;
}

static int in_thread(void *(*run)(void *), struct work *w)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, run, w) || pthread_join(thread, NULL) ? -EIO : 0;
}

TEST(filter_of_one_thread_is_no_matter_to_others)
{
	struct io_uring ring;
	struct work w = { &ring, 0, -1, -1, -1 };

	ASSERT_EQ(0, ring_init(&ring, 0));
	ASSERT_EQ(0, in_thread(filter_and_spawn, &w));
	EXPECT_EQ(0, w.before);
	EXPECT_EQ(0, w.filter);
	EXPECT_EQ(-EPERM, w.after);
	EXPECT_EQ(0, spawn(&ring));
	io_uring_queue_exit(&ring);
}

TEST(filter_for_all_threads_is_for_all_eperm)
{
	struct io_uring ring;
	struct work w = { &ring, SECCOMP_FILTER_FLAG_TSYNC, -1, -1, -1 };

	ASSERT_EQ(0, ring_init(&ring, 0));
	ASSERT_EQ(0, in_thread(filter_and_spawn, &w));
	EXPECT_EQ(0, w.before);
	EXPECT_EQ(0, w.filter);
	EXPECT_EQ(-EPERM, w.after);
	EXPECT_EQ(-EPERM, spawn(&ring));
	io_uring_queue_exit(&ring);
}

/* The rest of what would have been the chain is never run. */
TEST(filter_between_submission_and_the_task_eperm)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct chain c;
	int gate[2], out[2];
	char byte;

	ASSERT_EQ(0, ring_init(&ring, 0));
	ASSERT_EQ(0, pipe(gate));
	ASSERT_EQ(0, pipe(out));
	sqe = get_sqe(&ring);
	io_uring_prep_read(sqe, gate[0], &byte, 1, 0);
	sqe->flags = IOSQE_IO_LINK;
	sqe->user_data = 1;
	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_write(&c, out[1], "x", 1);
	ASSERT_EQ(0, chain_submit(&ring, &c));
	ASSERT_EQ(0, install_filter(0));
	ASSERT_EQ(1, write(gate[1], "x", 1));
	ASSERT_CQE(&ring, 1, 1);
	ASSERT_CQE(&ring, UD_CLONE, -EPERM);
	close(out[1]);
	EXPECT_EQ(0, read(out[0], &byte, 1));
	EXPECT_FALSE(has_child());
	io_uring_queue_exit(&ring);
}

/* As a process that was forked before: it has none. */
TEST(filter_is_not_for_a_chain_that_runs_already)
{
	char path[256], *argv[] = { "quick", NULL }, byte;
	struct io_uring ring;
	struct chain c;
	int gate[2];
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, ring_init(&ring, 0));
	ASSERT_EQ(0, pipe(gate));
	chain_init(&c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	chain_read(&c, gate[0], &byte, 1);
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&ring, &c));
	pid = ASSERT_BORN(&ring);
	ASSERT_EQ(0, install_filter(0));
	ASSERT_EQ(1, write(gate[1], "x", 1));
	ASSERT_CQE(&ring, UD_CLONE, pid);
	EXPECT_EQ(0, wait_exit(pid));
	io_uring_queue_exit(&ring);
}

static void *sync_filter(void *arg)
{
	struct timespec delay = { .tv_nsec = *(unsigned int *)arg };

	nanosleep(&delay, NULL);
	return install_filter(SECCOMP_FILTER_FLAG_TSYNC) ? arg : NULL;
}

static int seccomp_of(pid_t pid)
{
	char path[32], line[128];
	int mode = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	while (f && mode < 0 && fgets(line, sizeof(line), f))
		sscanf(line, "Seccomp: %d", &mode);
	if (f)
		fclose(f);
	return mode;
}

enum { BEFORE, AT_BIRTH, AFTER, WRONG };

/* When the filter came: 0 to 2, or what was wrong. The task has a large table to be copied. */
static int filter_at(unsigned int delay_ns)
{
	struct rlimit limit = { 1 << 17, 1 << 17 };
	struct io_uring ring;
	struct io_uring_cqe cqe;
	pthread_t thread;
	struct chain c;
	int gate[2], mode;
	void *failed;
	char byte;

	if (setrlimit(RLIMIT_NOFILE, &limit) || dup2(0, limit.rlim_cur - 1) < 0 || pipe(gate) ||
	    ring_init(&ring, 0) || pthread_create(&thread, NULL, sync_filter, &delay_ns))
		return WRONG + 1;
	chain_init(&c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	chain_read(&c, gate[0], &byte, 1);
	if (chain_submit(&ring, &c) || pthread_join(thread, &failed) || failed ||
	    next_cqe(&ring, &cqe))
		return WRONG + 2;
	if (!(cqe.flags & IORING_CQE_F_MORE))
		return cqe.res == -EPERM ? BEFORE : WRONG + 3;
	mode = seccomp_of(cqe.res);
	if (write(gate[1], "x", 1) != 1 || next_cqe(&ring, &cqe))
		return WRONG + 4;
	if (mode == SECCOMP_MODE_DISABLED)
		return cqe.res ? WRONG + 5 : AFTER;
	return cqe.res == -EPERM ? AT_BIRTH : WRONG + 6;
}

/* A task that begins with the filter of its submitter runs no chain. */
TEST(filter_synchronized_while_the_task_is_made_eperm)
{
	unsigned int i, n = rounds(200), seen[3] = {};
	unsigned int step = (debug_kernel() ? 20000000 : 2000000) / n;
	int status;
	pid_t pid;

	for (i = 0; i < n; i++) {
		pid = fork();
		if (!pid)	/* the last one comes too late in any case */
			_exit(filter_at(i + 1 < n ? i * step : 900000000));
		status = wait_exit(pid);
		ASSERT_GT(WRONG, status) {
			TH_LOG("status %d in round %u", status, i);
		}
		seen[status]++;
	}
	TH_LOG("the filter came %u times before, %u times at and %u times after birth",
	       seen[BEFORE], seen[AT_BIRTH], seen[AFTER]);
	EXPECT_NE(0, seen[AFTER]);
}

#define SPINS	(1U << 28)	/* strict mode has nothing to sleep in but read(2) */

/*
 * In strict mode there is no io_uring_enter(2), but a request from before can become ready: what
 * is linked behind it, a CLONE, is then run by this thread, on its way out of read(2).
 */
static void strict_child(int gate[2], int stop[2])
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct io_uring_cqe *cqe;
	unsigned int head, spin, seen = 0;
	static struct chain c;
	int res = 1;
	char byte;

	if (ring_init(&ring, 0))
		_exit(100);
	sqe = get_sqe(&ring);
	io_uring_prep_read(sqe, gate[0], &byte, 1, 0);
	sqe->flags = IOSQE_IO_LINK;
	sqe->user_data = 1;
	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_nop(&c, 0);
	if (chain_submit(&ring, &c) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
		_exit(101);
	syscall(__NR_read, stop[0], &byte, 1);
	for (spin = 0; spin < SPINS && seen < 2; spin++) {
		seen = 0;
		io_uring_for_each_cqe(&ring, head, cqe) {
			seen++;
			if (cqe->user_data == UD_CLONE)
				res = cqe->res;
		}
	}
	/* exit_group(2) is forbidden */
	syscall(__NR_exit, seen == 2 && res == -EPERM ? 0 : 102);
}

TEST(strict_mode_eperm)
{
	int gate[2], stop[2];
	pid_t pid;

	ASSERT_EQ(0, pipe(gate));
	ASSERT_EQ(0, pipe(stop));
	pid = fork();
	if (!pid)
		strict_child(gate, stop);
	ASSERT_EQ(0, wait_state(pid, 'S'));
	ASSERT_EQ(1, write(gate[1], "x", 1));
	usleep(QUIET_MS * 1000);
	ASSERT_EQ(1, write(stop[1], "x", 1));
	EXPECT_EQ(0, wait_exit(pid));
	EXPECT_TRUE(no_child_left());
}

TEST_MAIN
