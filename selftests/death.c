// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Life and death: the ring is closed, the submitter is killed, exits or execs, the task is killed,
 * stopped and continued, a policy's link is destroyed, each 1 000 times, with one chain in every
 * state a spawn can be in. Nothing hangs, nobody is left over, and what can still be told is told
 * in order and number. On the debug kernel, which is ten times as slow, the states take turns: two
 * of them in a round.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include "lib/fixture.h"
#include "lib/scripted.h"

enum state {
	WAITS,			/* for a pipe nobody writes to */
	BLOCKS,			/* in an operation that sleeps in the task itself */
	RUNS,			/* one request after the other, then becomes a program */
	POLICY_WAITS,
	POLICY_STEPS,
	EXEC_WAITS,		/* behind the barrier */
	EXECS,
	NR_STATES,
};

#define RING_FD		100	/* of every submitter, set in the policies before they are loaded */
#define BASE(state)	((__u64)((state) + 1) << 32)
#define STATE_OF(ud)	((enum state)((ud) >> 32) - 1)
#define LONGEST_US	6000	/* about how long it takes to start them all */

FIXTURE(death) {
	struct script waits, steps;
	char quick[256];
	int empty[2], sink[2];	/* pipes */
	struct usage before;
};

FIXTURE_VARIANT(death) {
	unsigned int ring_flags;
};
FIXTURE_VARIANT_ADD(death, plain) { .ring_flags = 0 };
FIXTURE_VARIANT_ADD(death, defer) { .ring_flags = RING_DEFER };

static int load(struct script *s, unsigned int slot)
{
	int ret = script_open(s, RING_FD, slot);

	if (!ret)
		s->skel->struct_ops.script_ops->max_steps = 65536;
	return ret ?: script_bpf__load(s->skel);
}

FIXTURE_SETUP(death)
{
	ASSERT_EQ(0, target(self->quick, sizeof(self->quick), "quick"));
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, pipe(self->empty));
	ASSERT_EQ(0, pipe(self->sink));
	ASSERT_EQ(0, load(&self->waits, 0));
	ASSERT_EQ(0, load(&self->steps, 1));
	SCRIPT(&self->waits,
	       { S_TIMEOUT, .b = 3600000000000ULL }, S_END(RET_CONTINUE),
	       S_END(RET_EXIT));
	/* the pause is for the other CPU users of an emulated machine */
	SCRIPT(&self->steps, { S_TIMEOUT, .b = 20000 }, S_END(RET_CONTINUE), { S_GOTO, 0 });
	self->before = usage_now();
}

FIXTURE_TEARDOWN(death)
{
	EXPECT_TRUE(all_children_gone());
	EXPECT_TRUE(usage_settles(&self->before));
	script_close(&self->waits);
	script_close(&self->steps);
}

static int open_ring(FIXTURE_DATA(death) *self, struct io_uring *ring, unsigned int flags)
{
	return ring_init_small(ring, flags) ?: ring_move(ring, RING_FD) ?:
	       script_link(&self->waits) ?: script_link(&self->steps);
}

static void close_ring(FIXTURE_DATA(death) *self, struct io_uring *ring)
{
	io_uring_queue_exit(ring);
	script_detach(&self->waits);
	script_detach(&self->steps);
}

static void build(FIXTURE_DATA(death) *self, struct chain *c, enum state state)
{
	static char *argv[] = { "quick", NULL };
	static char byte;
	unsigned int i;

	chain_init(c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	c->base = BASE(state);
	switch (state) {
	case WAITS:
		chain_read(c, self->empty[0], &byte, 1);
		break;
	case BLOCKS:
		io_uring_prep_splice(chain_add(c), self->empty[0], -1, self->sink[1], -1, 1, 0);
		break;
	case RUNS:
		for (i = 0; i < 30; i++)
			chain_nop(c, 0);
		chain_exec(c, self->quick, argv);
		chain_link(c, IOSQE_IO_LINK);
		break;
	case POLICY_WAITS:
		chain_policy(c, 0, NULL, 0);
		break;
	case POLICY_STEPS:
		chain_policy(c, 1, NULL, 0);
		break;
	case EXEC_WAITS:
		chain_read(c, self->empty[0], &byte, 1);
		chain_exec(c, self->quick, argv);
		break;
	default:
		chain_exec(c, self->quick, argv);
	}
}

static bool takes_part(enum state state, unsigned int round)
{
	return !debug_kernel() || (state + round) % NR_STATES < 2;
}

#define FOR_EACH_STATE(state, round)							\
	for (enum state state = 0; state < NR_STATES; state++)				\
		if (takes_part(state, round))

static unsigned int nr_states(void)
{
	return debug_kernel() ? 2 : NR_STATES;
}

static bool becomes_a_program(enum state state)
{
	return state == RUNS || state == EXECS;
}

static int start_all(FIXTURE_DATA(death) *self, struct io_uring *ring, unsigned int round)
{
	static struct chain c;

	FOR_EACH_STATE(state, round) {
		build(self, &c, state);
		chain_queue(ring, &c);
		/* the array is copied by then */
		if (submit_all(ring))
			return -EIO;
	}
	return 0;
}

static void linger(unsigned int round)
{
	usleep(round * 7919 % LONGEST_US);
}

/* A submitter in a process of its own; what it does when its chains run is the test. */
static pid_t submitter(FIXTURE_DATA(death) *self, const FIXTURE_VARIANT(death) *variant,
		       unsigned int round, void (*end)(FIXTURE_DATA(death) *self))
{
	struct io_uring ring;
	pid_t pid = fork();

	if (pid)
		return pid;
	if (open_ring(self, &ring, variant->ring_flags) || start_all(self, &ring, round))
		_exit(1);
	linger(round);
	end(self);
	_exit(2);
}

#define FOR_EACH_ROUND(round)								\
	for (unsigned int round = 0, __n = rounds(1000); round < __n; round++)

static void just_exit(FIXTURE_DATA(death) *self)
{
	(void)self;
	_exit(0);
}

TEST_F(death, submitter_exits_many_times)
{
	FOR_EACH_ROUND(round) {
		ASSERT_EQ(0, wait_exit(submitter(self, variant, round, just_exit)));
		ASSERT_TRUE(all_children_gone());
	}
}

static void become_quick(FIXTURE_DATA(death) *self)
{
	execl(self->quick, "quick", NULL);
}

TEST_F(death, submitter_execs_many_times)
{
	FOR_EACH_ROUND(round) {
		ASSERT_EQ(0, wait_exit(submitter(self, variant, round, become_quick)));
		ASSERT_TRUE(all_children_gone());
	}
}

static void kill_itself(FIXTURE_DATA(death) *self)
{
	(void)self;
	kill(getpid(), SIGKILL);
}

TEST_F(death, submitter_killed_many_times)
{
	FOR_EACH_ROUND(round) {
		ASSERT_EQ(128 + SIGKILL, wait_exit(submitter(self, variant, round, kill_itself)));
		ASSERT_TRUE(all_children_gone());
	}
}

/* Killed from outside, while it may be in the middle of submitting. */
TEST_F(death, submitter_killed_while_submitting_many_times)
{
	FOR_EACH_ROUND(round) {
		struct io_uring ring;
		pid_t pid = fork();

		if (!pid) {
			if (open_ring(self, &ring, variant->ring_flags))
				_exit(1);
			raise(SIGSTOP);
			for (;;)
				start_all(self, &ring, round);
		}
		ASSERT_EQ(pid, waitpid(pid, NULL, WUNTRACED));
		ASSERT_EQ(0, kill(pid, SIGCONT));
		linger(round);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(128 + SIGKILL, wait_exit(pid));
		ASSERT_TRUE(all_children_gone());
	}
}

TEST_F(death, ring_closed_many_times)
{
	struct io_uring ring;

	FOR_EACH_ROUND(round) {
		ASSERT_EQ(0, open_ring(self, &ring, variant->ring_flags));
		ASSERT_EQ(0, start_all(self, &ring, round));
		linger(round);
		close_ring(self, &ring);
		/* the ring's own end is asynchronous; the tasks' is what we wait for */
		ASSERT_TRUE(all_children_gone());
	}
}

/* What has come, by state. Every CLONE: first the pid, then the outcome. */
struct spawns {
	pid_t		pid[NR_STATES];
	bool		over[NR_STATES];
	int		outcome[NR_STATES];
	unsigned int	nr_born, nr_over;
};

static bool take(struct io_uring *ring, struct spawns *s)
{
	struct io_uring_cqe cqe;
	enum state state;

	if (next_cqe(ring, &cqe) || (__u32)cqe.user_data != UD_CLONE)
		return false;
	state = STATE_OF(cqe.user_data);
	if (state >= NR_STATES)
		return false;
	if (cqe.flags & IORING_CQE_F_MORE) {
		if (s->pid[state] || cqe.res <= 0)
			return false;
		s->pid[state] = cqe.res;
		s->nr_born++;
		return true;
	}
	if (!s->pid[state] || s->over[state])
		return false;
	s->over[state] = true;
	s->outcome[state] = cqe.res;
	s->nr_over++;
	return true;
}

static bool outcome_ok(const struct spawns *s, enum state state)
{
	int res = s->outcome[state];

	if (res == -EINTR || res == -ECANCELED)
		return true;
	if (becomes_a_program(state))
		return res == s->pid[state];
	return state == POLICY_STEPS && res == -ELOOP;
}

static bool all_end(struct io_uring *ring, struct spawns *s, unsigned int round)
{
	while (s->nr_over < nr_states())
		if (!take(ring, s)) {
			fprintf(stderr, "# born %u over %u\n", s->nr_born, s->nr_over);
			return false;
		}
	FOR_EACH_STATE(state, round)
		if (!outcome_ok(s, state)) {
			fprintf(stderr, "# state %u: outcome %d\n", state, s->outcome[state]);
			return false;
		}
	return true;
}

TEST_F(death, tasks_killed_many_times)
{
	struct io_uring ring;

	ASSERT_EQ(0, open_ring(self, &ring, variant->ring_flags));
	FOR_EACH_ROUND(round) {
		struct spawns s = {};

		ASSERT_EQ(0, start_all(self, &ring, round));
		while (s.nr_born < nr_states())
			ASSERT_TRUE(take(&ring, &s));
		linger(round);
		FOR_EACH_STATE(state, round)
			kill(s.pid[state], SIGKILL);
		ASSERT_TRUE(all_end(&ring, &s, round));
		ASSERT_TRUE(all_children_gone());
	}
	EXPECT_TRUE(no_more_cqes(&ring));
	close_ring(self, &ring);
}

TEST_F(death, tasks_stopped_and_continued_many_times)
{
	struct io_uring ring;

	ASSERT_EQ(0, open_ring(self, &ring, variant->ring_flags));
	FOR_EACH_ROUND(round) {
		struct spawns s = {};
		int i;

		ASSERT_EQ(0, start_all(self, &ring, round));
		while (s.nr_born < nr_states())
			ASSERT_TRUE(take(&ring, &s));
		for (i = 0; i < 2; i++) {
			FOR_EACH_STATE(state, round)
				kill(s.pid[state], SIGSTOP);
			linger(round);
			FOR_EACH_STATE(state, round)
				kill(s.pid[state], SIGCONT);
		}
		FOR_EACH_STATE(state, round)
			if (!becomes_a_program(state))
				kill(s.pid[state], SIGKILL);
		ASSERT_TRUE(all_end(&ring, &s, round));
		FOR_EACH_STATE(state, round)
			if (becomes_a_program(state))
				ASSERT_EQ(s.pid[state], s.outcome[state]);
		ASSERT_TRUE(all_children_gone());
	}
	EXPECT_TRUE(no_more_cqes(&ring));
	close_ring(self, &ring);
}

TEST_F(death, links_destroyed_while_policies_run_many_times)
{
	struct io_uring ring;

	ASSERT_EQ(0, open_ring(self, &ring, variant->ring_flags));
	FOR_EACH_ROUND(round) {
		struct spawns s = {};

		ASSERT_EQ(0, start_all(self, &ring, round));
		linger(round);
		script_detach(&self->waits);
		script_detach(&self->steps);
		while (s.nr_born < nr_states())
			ASSERT_TRUE(take(&ring, &s));
		FOR_EACH_STATE(state, round)
			if (!becomes_a_program(state))
				kill(s.pid[state], SIGKILL);
		while (s.nr_over < nr_states())
			ASSERT_TRUE(take(&ring, &s));
		/* -ENOENT if the policy had not been picked up yet */
		FOR_EACH_STATE(state, round)
			if (becomes_a_program(state))
				ASSERT_EQ(s.pid[state], s.outcome[state]);
		ASSERT_EQ(0, script_link(&self->waits));
		ASSERT_EQ(0, script_link(&self->steps));
		ASSERT_TRUE(all_children_gone());
	}
	close_ring(self, &ring);
}

/* All of it cancelled at once, wherever it is. */
TEST_F(death, cancelled_by_any_many_times)
{
	struct io_uring ring;

	ASSERT_EQ(0, open_ring(self, &ring, variant->ring_flags));
	FOR_EACH_ROUND(round) {
		struct io_uring_sqe *sqe;
		struct io_uring_cqe cqe;
		unsigned int over = 0, hanging = 0;
		int found = -1;

		ASSERT_EQ(0, start_all(self, &ring, round));
		linger(round);
		sqe = get_sqe(&ring);
		io_uring_prep_cancel64(sqe, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
		sqe->user_data = 0x77;
		ASSERT_EQ(0, submit_all(&ring));
		while (over < nr_states() || found < 0) {
			ASSERT_EQ(0, next_cqe(&ring, &cqe));
			if (cqe.user_data == 0x77) {
				found = cqe.res;
				continue;
			}
			/* one that was cancelled before its task was made has only an outcome */
			ASSERT_EQ(UD_CLONE, (__u32)cqe.user_data);
			over += !(cqe.flags & IORING_CQE_F_MORE);
		}
		FOR_EACH_STATE(state, round)
			hanging += !becomes_a_program(state);
		ASSERT_LE((int)hanging, found);
		ASSERT_TRUE(all_children_gone());
	}
	EXPECT_TRUE(no_more_cqes(&ring));
	close_ring(self, &ring);
}

/* The ring overflows; the kernel's own buffers do not grow without end. */
TEST_F(death, submitter_that_never_reaps_many_spawns)
{
	struct io_uring_params p = { .flags = variant->ring_flags | IORING_SETUP_CQSIZE,
				     .cq_entries = 8 };
	unsigned int i, n = rounds(1000);
	static struct chain c;
	char *argv[] = { "quick", NULL };
	struct io_uring ring;

	ASSERT_EQ(0, io_uring_queue_init_params(4, &ring, &p));
	for (i = 0; i < n; i++) {
		chain_init(&c, true, IORING_CLONE_FINAL);
		chain_nop(&c, 0);
		chain_exec(&c, self->quick, argv);
		chain_link(&c, IOSQE_IO_LINK);
		chain_queue(&ring, &c);
		/* a ring that has overflowed refuses to take more until it is looked at */
		if (io_uring_submit(&ring) == -EBUSY)
			break;
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	EXPECT_LT(8, i);
	io_uring_queue_exit(&ring);
	EXPECT_TRUE(all_children_gone());
}

TEST_MAIN
