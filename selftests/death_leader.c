// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The first thread of the submitting process ends, others go on. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include "lib/fixture.h"

struct work {
	struct io_uring	ring;
	struct chain	chain;
	char		path[256];
	int		gate[2], to_test[2];
	char		byte;
};

static void build(struct work *w)
{
	static char *argv[] = { "quick", NULL };

	chain_init(&w->chain, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	chain_read(&w->chain, w->gate[0], &w->byte, 1);
	chain_exec(&w->chain, w->path, argv);
	chain_link(&w->chain, IOSQE_IO_LINK);
}

static void answer(struct work *w, int value)
{
	if (write(w->to_test[1], &value, sizeof(value)) != sizeof(value))
		_exit(1);
}

/* Submitted by this thread when the first has ended: as always, and the process waits for it. */
static void *spawn_alone(void *p)
{
	struct io_uring_cqe cqe = {};
	struct work *w = p;

	if (wait_state(getpid(), 'Z') || chain_submit(&w->ring, &w->chain) ||
	    next_cqe(&w->ring, &cqe))
		_exit(1);
	answer(w, cqe.res);
	if (next_cqe(&w->ring, &cqe))
		_exit(2);
	answer(w, cqe.res);
	_exit(wait_exit(cqe.res));
}

/* Submitted by the first thread: it was the submitter, so its chain ends with it. */
static void *reap_alone(void *p)
{
	struct io_uring_cqe cqe = {};
	struct work *w = p;

	if (next_cqe(&w->ring, &cqe))
		_exit(1);
	answer(w, cqe.res);
	_exit(0);
}

static pid_t lose_leader(struct work *w, void *(*other)(void *), bool leader_submits)
{
	struct io_uring_cqe cqe;
	pid_t pid = fork();
	pthread_t thread;

	if (pid)
		return pid;
	if (ring_init(&w->ring, 0))
		_exit(3);
	if (leader_submits) {
		if (chain_submit(&w->ring, &w->chain) || next_cqe(&w->ring, &cqe))
			_exit(4);
		answer(w, cqe.res);
	}
	pthread_create(&thread, NULL, other, w);
	/* not pthread_exit(): that ends by leaving main() when the last thread is gone */
	syscall(__NR_exit, 0);
	__builtin_unreachable();
}

FIXTURE(leader) {
	struct work work;
};

FIXTURE_SETUP(leader)
{
	struct work *w = &self->work;

	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, target(w->path, sizeof(w->path), "quick"));
	ASSERT_EQ(0, pipe(w->gate));
	ASSERT_EQ(0, pipe(w->to_test));
	build(w);
}

FIXTURE_TEARDOWN(leader)
{
	EXPECT_TRUE(all_children_gone());
}

static int hear(struct work *w)
{
	int value = -EPIPE;

	return read(w->to_test[0], &value, sizeof(value)) == sizeof(value) ? value : -EPIPE;
}

TEST_F(leader, thread_spawns_when_the_leader_is_gone_ok)
{
	struct work *w = &self->work;
	pid_t pid = lose_leader(w, spawn_alone, false);
	int child = hear(w);

	ASSERT_LT(0, child);
	ASSERT_EQ(1, write(w->gate[1], "x", 1));
	EXPECT_EQ(child, hear(w));
	EXPECT_EQ(0, wait_exit(pid));
}

TEST_F(leader, chain_of_the_leader_ends_with_it)
{
	struct work *w = &self->work;
	pid_t pid = lose_leader(w, reap_alone, true);
	int child = hear(w);

	ASSERT_LT(0, child);
	EXPECT_EQ(-ECANCELED, hear(w));
	EXPECT_EQ(0, wait_exit(pid));
	EXPECT_EQ(0, wait_gone(child));
}

TEST_F(leader, process_without_a_leader_killed_ends_its_chain)
{
	struct work *w = &self->work;
	pid_t pid = lose_leader(w, spawn_alone, false);
	int child = hear(w);

	ASSERT_LT(0, child);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, wait_exit(pid));
	EXPECT_EQ(0, wait_gone(child));
}

TEST_MAIN
