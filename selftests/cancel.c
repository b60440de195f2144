// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Cancelling a spawn: by user_data, all of them, by a timeout linked to CLONE; and when it is too
 * late.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include "lib/policy.h"

POLICY_FIXTURE_2(cancel)

#define UD_CANCEL	0x77

struct hang {
	struct chain	chain;
	int		pipe[2];
	char		byte;
};

/* A chain that waits for ever. */
static int start_hanging(struct io_uring *ring, struct hang *h, __u32 flags)
{
	if (pipe(h->pipe))
		return -errno;
	chain_init(&h->chain, true, flags);
	chain_read(&h->chain, h->pipe[0], &h->byte, 1);
	return chain_submit(ring, &h->chain);
}

static int send_cancel(struct io_uring *ring, __u64 user_data, unsigned int flags)
{
	struct io_uring_sqe *sqe = get_sqe(ring);

	io_uring_prep_cancel64(sqe, user_data, flags);
	sqe->user_data = UD_CANCEL;
	return submit_all(ring);
}

/* Both CQEs, in any order: what cancel found, and CLONE's outcome. */
static int both(struct io_uring *ring, int *found, struct io_uring_cqe *outcome)
{
	struct io_uring_cqe cqe;
	int i, ret;

	for (i = 0; i < 2; i++) {
		ret = next_cqe(ring, &cqe);
		if (ret)
			return ret;
		if (cqe.user_data == UD_CANCEL)
			*found = cqe.res;
		else
			*outcome = cqe;
	}
	return 0;
}

TEST_F(cancel, by_user_data_ok)
{
	struct io_uring_cqe outcome = {};
	struct hang h;
	int found = -1;

	ASSERT_EQ(0, start_hanging(&self->ring, &h, IORING_CLONE_DEFER | IORING_CLONE_QUIET));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_EQ(0, send_cancel(&self->ring, UD_CLONE, 0));
	ASSERT_EQ(0, both(&self->ring, &found, &outcome));
	EXPECT_EQ(0, found);
	EXPECT_EQ(UD_CLONE, outcome.user_data);
	EXPECT_EQ(-ECANCELED, outcome.res);
	EXPECT_EQ(STEP_NONE, IORING_CQE_STEP(&outcome));
}

TEST_F(cancel, any_ok)
{
	struct io_uring_cqe outcome = {};
	struct hang h;
	int found = -1;

	ASSERT_EQ(0, start_hanging(&self->ring, &h, IORING_CLONE_DEFER | IORING_CLONE_QUIET));
	ASSERT_EQ(0, send_cancel(&self->ring, 0, IORING_ASYNC_CANCEL_ANY));
	ASSERT_EQ(0, both(&self->ring, &found, &outcome));
	EXPECT_LE(0, found);
	EXPECT_EQ(-ECANCELED, outcome.res);
}

TEST_F(cancel, all_of_one_user_data_counts_them)
{
	struct io_uring_cqe cqe;
	struct hang h[4];
	unsigned int i, ended = 0;
	int found = -1;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, start_hanging(&self->ring, &h[i],
					   IORING_CLONE_DEFER | IORING_CLONE_QUIET));
	ASSERT_EQ(0, send_cancel(&self->ring, UD_CLONE, IORING_ASYNC_CANCEL_ALL));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		if (cqe.user_data == UD_CANCEL)
			found = cqe.res;
		else
			ended += cqe.res == -ECANCELED;
	}
	EXPECT_EQ(4, found);
	EXPECT_EQ(4, ended);
}

TEST_F(cancel, synchronously_ok)
{
	struct io_uring_sync_cancel_reg reg = { .addr = UD_CLONE, .timeout = { -1, -1 } };
	struct hang h;

	ASSERT_EQ(0, start_hanging(&self->ring, &h, IORING_CLONE_DEFER | IORING_CLONE_QUIET));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	EXPECT_LE(0, io_uring_register_sync_cancel(&self->ring, &reg));
	ASSERT_CQE(&self->ring, UD_CLONE, -ECANCELED);
}

TEST_F(cancel, chain_sqes_are_told_ecanceled)
{
	struct io_uring_cqe cqe;
	struct hang h;
	int i, cancelled = 0;

	ASSERT_EQ(0, pipe(h.pipe));
	chain_init(&h.chain, true, IORING_CLONE_DEFER);
	chain_read(&h.chain, h.pipe[0], &h.byte, 1);
	chain_nop(&h.chain, 0);
	chain_nop(&h.chain, 0);
	chain_link(&h.chain, IOSQE_IO_HARDLINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &h.chain));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_EQ(0, send_cancel(&self->ring, UD_CLONE, 0));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		cancelled += cqe.user_data < 3 && cqe.res == -ECANCELED;
	}
	EXPECT_EQ(3, cancelled);
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_F(cancel, of_a_birth_that_was_told_enoent)
{
	struct hang h;
	pid_t pid;

	/* neither FINAL nor DEFER: as far as the ring goes, CLONE is complete */
	ASSERT_EQ(0, start_hanging(&self->ring, &h, IORING_CLONE_QUIET));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_EQ(0, send_cancel(&self->ring, UD_CLONE, 0));
	ASSERT_CQE(&self->ring, UD_CANCEL, -ENOENT);
	EXPECT_EQ(0, wait_state(pid, 'S'));
	ASSERT_EQ(1, write(h.pipe[1], "x", 1));
	EXPECT_EQ(0, wait_gone(pid));
}

TEST_F(cancel, after_exec_enoent)
{
	char path[256], fd[8], *argv[] = { "report", fd, "0", NULL };
	struct chain c;
	int fds[2];
	char report[4096];

	ASSERT_EQ(0, target(path, sizeof(path), "report"));
	ASSERT_EQ(0, pipe(fds));
	snprintf(fd, sizeof(fd), "%d", fds[1]);
	chain_init(&c, true, 0);
	chain_exec(&c, path, argv);
	ASSERT_LT(0, chain_outcome(&self->ring, &c).res);
	ASSERT_EQ(0, send_cancel(&self->ring, UD_CLONE, 0));
	ASSERT_CQE(&self->ring, UD_CANCEL, -ENOENT);
	EXPECT_LT(0, read(fds[0], report, sizeof(report)));
	while (wait(NULL) > 0)
		;
}

static int with_timeout(struct io_uring *ring, struct chain *c, struct __kernel_timespec *ts)
{
	struct io_uring_sqe *sqe;

	c->clone.flags |= IOSQE_IO_LINK;
	chain_queue(ring, c);
	sqe = get_sqe(ring);
	io_uring_prep_link_timeout(sqe, ts, 0);
	sqe->user_data = UD_CANCEL;
	return submit_all(ring);
}

TEST_F(cancel, linked_timeout_kills_the_task)
{
	struct __kernel_timespec ts = { .tv_nsec = 50000000 };
	struct io_uring_cqe outcome = {};
	struct hang h;
	int found = 0;

	ASSERT_EQ(0, pipe(h.pipe));
	chain_init(&h.chain, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_read(&h.chain, h.pipe[0], &h.byte, 1);
	ASSERT_EQ(0, with_timeout(&self->ring, &h.chain, &ts));
	ASSERT_EQ(0, both(&self->ring, &found, &outcome));
	EXPECT_EQ(-ETIME, found);
	EXPECT_EQ(-ECANCELED, outcome.res);
	EXPECT_TRUE(no_child_left());
}

TEST_F(cancel, linked_timeout_is_disarmed_by_the_outcome)
{
	struct __kernel_timespec ts = { .tv_sec = 3600 };
	struct io_uring_cqe outcome = {};
	struct chain c;
	int found = 0;

	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_nop(&c, 0);
	ASSERT_EQ(0, with_timeout(&self->ring, &c, &ts));
	ASSERT_EQ(0, both(&self->ring, &found, &outcome));
	EXPECT_EQ(-ECANCELED, found);
	EXPECT_EQ(0, outcome.res);
}

TEST_F(cancel, reaches_a_waiting_policy)
{
	struct io_uring_cqe outcome = {};
	struct chain c;
	int found = -1;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	c.clone.rw_flags = IORING_CLONE_DEFER | IORING_CLONE_QUIET;
	SCRIPT(&self->script,
	       { S_POST, 1, 0xa }, { S_TIMEOUT, .b = 3600000000000ULL }, S_END(RET_CONTINUE),
	       S_END(RET_EXIT));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_CQE(&self->ring, 0xa, 1);
	ASSERT_EQ(0, send_cancel(&self->ring, UD_CLONE, 0));
	ASSERT_EQ(0, both(&self->ring, &found, &outcome));
	EXPECT_EQ(0, found);
	EXPECT_EQ(-ECANCELED, outcome.res);
	EXPECT_EQ(1, self->script.skel->bss->nr_steps);
}

TEST_F(cancel, reaches_an_operation_that_blocks_the_task)
{
	struct io_uring_cqe outcome = {};
	struct hang h;
	int found = -1, out[2];

	ASSERT_EQ(0, pipe(h.pipe));
	ASSERT_EQ(0, pipe(out));
	chain_init(&h.chain, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	io_uring_prep_splice(chain_add(&h.chain), h.pipe[0], -1, out[1], -1, 1, 0);
	ASSERT_EQ(0, chain_submit(&self->ring, &h.chain));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_EQ(0, send_cancel(&self->ring, UD_CLONE, 0));
	ASSERT_EQ(0, both(&self->ring, &found, &outcome));
	EXPECT_EQ(0, found);
	EXPECT_EQ(-ECANCELED, outcome.res);
}

struct thread_arg {
	struct io_uring	*ring;
	struct hang	hang;
	int		ret;
};

static void *start_and_exit(void *p)
{
	struct thread_arg *arg = p;

	arg->ret = start_hanging(arg->ring, &arg->hang, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	return NULL;
}

/* The thread that submitted a chain is its submitter, not the process. */
TEST(end_of_the_submitting_thread_ends_its_chain)
{
	struct io_uring_cqe cqe;
	struct thread_arg arg;
	struct io_uring ring;
	pthread_t thread;

	ASSERT_EQ(0, ring_init(&ring, 0));
	arg.ring = &ring;
	ASSERT_EQ(0, pthread_create(&thread, NULL, start_and_exit, &arg));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_EQ(0, arg.ret);
	ASSERT_EQ(0, next_cqe(&ring, &cqe));
	EXPECT_EQ(UD_CLONE, cqe.user_data);
	EXPECT_EQ(-ECANCELED, cqe.res);
	EXPECT_EQ(STEP_NONE, IORING_CQE_STEP(&cqe));
	EXPECT_TRUE(no_child_left());
	io_uring_queue_exit(&ring);
}

TEST_F(cancel, stopped_task_can_be_cancelled)
{
	struct io_uring_cqe outcome = {};
	struct hang h;
	int found = -1;
	pid_t pid;

	ASSERT_EQ(0, start_hanging(&self->ring, &h, IORING_CLONE_FINAL | IORING_CLONE_QUIET));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_EQ(0, kill(pid, SIGSTOP));
	ASSERT_EQ(0, wait_state(pid, 'T'));
	ASSERT_EQ(0, send_cancel(&self->ring, UD_CLONE, 0));
	ASSERT_EQ(0, both(&self->ring, &found, &outcome));
	EXPECT_EQ(0, found);
	EXPECT_EQ(-ECANCELED, outcome.res);
	EXPECT_EQ(0, wait_gone(pid));
}

TEST_MAIN
