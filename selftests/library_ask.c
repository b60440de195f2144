// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy ask: answers, silence, second questions, and what happens to a task that is asking. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include "lib/library.h"
#include "testing/ask.h"
#include "testing/ask.skel.h"

LIBRARY_FIXTURE(ask)

#define MS	1000000ULL
#define A	40	/* what the programs exit with */
#define B	41
#define NOP	0x0b	/* user_data of what has nothing to do with it */

static struct ask_arg region;
static struct coded program[2];

static int prepare(struct chain *c)
{
	int i, err = 0;

	for (i = 0; i < 2 && !err; i++)
		err = coded_init(&program[i], open("/dev/null", O_WRONLY), A + i);
	memset(&region, 0, sizeof(region));
	policy_chain(c, &region, sizeof(region));
	c->clone.rw_flags = IORING_CLONE_FINAL | IORING_CLONE_QUIET;
	for (i = 0; i < 2; i++)
		chain_exec(c, program[i].path, program[i].argv);
	return err;
}

/* What an application does when it has thought it over. */
static void reply(__u32 question, __s32 answer)
{
	region.answer = answer;
	__atomic_store_n(&region.word, question, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &region.word, FUTEX_WAKE_PRIVATE, 1);
}

#define ASSERT_ASKED(nr, why) do {						\
	struct io_uring_cqe __cqe;						\
	ASSERT_EQ(0, next_cqe(&self->ring, &__cqe));				\
	EXPECT_EQ(0, __cqe.user_data);						\
	EXPECT_EQ(why, __cqe.res);						\
	EXPECT_EQ(nr, ASK_QUESTION(__cqe.flags));				\
	EXPECT_EQ(IORING_CQE_F_MORE, __cqe.flags & IORING_CQE_F_MORE);		\
} while (0)

#define ASSERT_RUNS(code) do {							\
	struct io_uring_cqe __cqe;						\
	ASSERT_EQ(0, next_cqe(&self->ring, &__cqe));				\
	EXPECT_EQ(UD_CLONE, __cqe.user_data);					\
	ASSERT_LT(0, __cqe.res);						\
	EXPECT_EQ(code, wait_exit(__cqe.res));					\
	EXPECT_EQ(0, region.report.error);					\
} while (0)

TEST_F(ask, answer_is_the_template_that_runs)
{
	struct chain c;
	int i;

	LIBRARY_ATTACH(ask);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, prepare(&c));
		ASSERT_EQ(0, chain_submit(&self->ring, &c));
		ASSERT_BORN(&self->ring);
		ASSERT_ASKED(1, 0);
		EXPECT_TRUE(no_more_cqes(&self->ring));	/* it waits */
		reply(1, i);
		ASSERT_RUNS(A + i);
		EXPECT_EQ(i, region.report.answer);
		EXPECT_EQ(1, region.report.questions);
		EXPECT_EQ(0, region.report.silent);
	}
}

TEST_F(ask, answered_before_the_question)
{
	struct chain c;

	LIBRARY_ATTACH(ask);
	ASSERT_EQ(0, prepare(&c));
	reply(1, 1);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_ASKED(1, 0);
	ASSERT_RUNS(B);
}

TEST_F(ask, woken_for_nothing_waits_on)
{
	struct chain c;

	LIBRARY_ATTACH(ask);
	ASSERT_EQ(0, prepare(&c));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_ASKED(1, 0);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	reply(0, 0);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	reply(1, 1);
	ASSERT_RUNS(B);
}

TEST_F(ask, errno_as_answer_ends_it)
{
	struct chain c;

	LIBRARY_ATTACH(ask);
	ASSERT_EQ(0, prepare(&c));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_ASKED(1, 0);
	reply(1, -EPERM);
	ASSERT_CQE(&self->ring, UD_CLONE, -EPERM);
	EXPECT_EQ(-EPERM, region.report.error);
	EXPECT_TRUE(no_child_left());
}

TEST_F(ask, bad_answers_are_told_apart)
{
	struct chain c;

	LIBRARY_ATTACH(ask);
	ASSERT_EQ(0, prepare(&c));
	reply(1, 2);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_ASKED(1, 0);
	ASSERT_CQE(&self->ring, UD_CLONE, -ERANGE);

	ASSERT_EQ(0, prepare(&c));
	reply(2, 0);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_ASKED(1, 0);
	ASSERT_CQE(&self->ring, UD_CLONE, -EINVAL);
	EXPECT_TRUE(no_child_left());
}

TEST_F(ask, silence_etimedout_or_the_default)
{
	struct chain c;

	self->skel->rodata->patience_ns = 50 * MS;
	LIBRARY_ATTACH(ask);
	ASSERT_EQ(0, prepare(&c));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_ASKED(1, 0);
	ASSERT_CQE(&self->ring, UD_CLONE, -ETIMEDOUT);
	EXPECT_EQ(-ETIMEDOUT, region.report.error);
	EXPECT_EQ(1, region.report.silent);
	EXPECT_TRUE(no_child_left());
}

TEST_F(ask, after_silence_the_default_template_runs)
{
	struct chain c;

	self->skel->rodata->patience_ns = 50 * MS;
	self->skel->rodata->default_answer = 1;
	LIBRARY_ATTACH(ask);
	ASSERT_EQ(0, prepare(&c));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_ASKED(1, 0);
	ASSERT_RUNS(B);		/* its EXEC had to cancel the futex wait */
	EXPECT_EQ(1, region.report.silent);
}

TEST_F(ask, failure_is_the_next_question)
{
	struct chain c;

	self->skel->rodata->max_questions = 3;
	LIBRARY_ATTACH(ask);
	ASSERT_EQ(0, prepare(&c));
	unlink("/tmp/ask_mended");
	c.sqe[1].addr = U64("/tmp/ask_mended");
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_ASKED(1, 0);
	reply(1, 0);
	ASSERT_ASKED(2, -ENOENT);
	reply(2, 0);
	ASSERT_ASKED(3, -ENOENT);
	/* the application mends it, the same task tries again */
	ASSERT_EQ(0, copy_file(program[0].path, "/tmp/ask_mended", 0755));
	reply(3, 0);
	ASSERT_RUNS(A);
	EXPECT_EQ(3, region.report.questions);
}

TEST_F(ask, silence_and_failure_and_another_question)
{
	struct chain c;

	self->skel->rodata->max_questions = 2;
	self->skel->rodata->patience_ns = 50 * MS;
	self->skel->rodata->default_answer = 0;
	LIBRARY_ATTACH(ask);
	ASSERT_EQ(0, prepare(&c));
	c.sqe[1].addr = U64("/no/such/program");
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_ASKED(1, 0);
	ASSERT_ASKED(2, -ENOENT);
	ASSERT_CQE(&self->ring, UD_CLONE, -ENOENT);
	EXPECT_EQ(2, region.report.silent);
	EXPECT_TRUE(no_child_left());
}

TEST_F(ask, full_completion_queue_delays_the_question)
{
	struct io_uring small;
	struct chain c;
	unsigned int i;

	ASSERT_EQ(0, ring_init_sized(&small, 0, 4, 4));
	self->skel->struct_ops.ask_ops->ring_fd = small.ring_fd;
	LIBRARY_ATTACH(ask);
	ASSERT_EQ(0, prepare(&c));
	c.clone.rw_flags = IORING_CLONE_DEFER | IORING_CLONE_QUIET;
	for (i = 0; i < 4; i++) {
		struct io_uring_sqe *sqe = get_sqe(&small);

		io_uring_prep_nop(sqe);
		sqe->user_data = NOP;
	}
	ASSERT_EQ(0, submit_all(&small));
	ASSERT_EQ(0, chain_submit(&small, &c));
	for (i = 0; i < 4; i++)
		ASSERT_CQE(&small, NOP, 0);
	ASSERT_CQE(&small, 0, 0);
	reply(1, -EPERM);
	ASSERT_CQE(&small, UD_CLONE, -EPERM);
	EXPECT_EQ(1, region.report.questions);
	io_uring_queue_exit(&small);
}

TEST_F(ask, cancelled_or_ring_closed_while_it_waits)
{
	struct io_uring_sqe *sqe;
	struct io_uring other;
	struct usage before;
	struct ask_bpf *skel;
	struct bpf_link *link;
	struct chain c;

	LIBRARY_ATTACH(ask);
	ASSERT_EQ(0, prepare(&c));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_ASKED(1, 0);
	sqe = get_sqe(&self->ring);
	io_uring_prep_cancel64(sqe, UD_CLONE, 0);
	sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CQE(&self->ring, UD_CLONE, -ECANCELED);
	EXPECT_TRUE(no_child_left());

	before = usage_now();
	ASSERT_EQ(0, ring_init(&other, 0));
	skel = ask_bpf__open();
	ASSERT_NE(NULL, skel);
	skel->struct_ops.ask_ops->ring_fd = other.ring_fd;
	ASSERT_EQ(0, ask_bpf__load(skel));
	link = bpf_map__attach_struct_ops(skel->maps.ask_ops);
	ASSERT_NE(NULL, link);
	ASSERT_EQ(0, prepare(&c));
	ASSERT_EQ(0, chain_submit(&other, &c));
	ASSERT_BORN(&other);
	io_uring_queue_exit(&other);
	EXPECT_TRUE(no_child_left());
	bpf_link__destroy(link);
	ask_bpf__destroy(skel);
	EXPECT_TRUE(usage_settles(&before));
}

TEST_F(ask, bad_regions_are_told_apart)
{
	struct chain c;

	LIBRARY_ATTACH(ask);
	ASSERT_EQ(0, prepare(&c));
	c.clone.rw_flags = 0;
	c.sqe[0].len--;
	ASSERT_OUTCOME(&self->ring, &c, -ERANGE, 0);
	c.sqe[0].addr = 4096;
	ASSERT_OUTCOME(&self->ring, &c, -EFAULT, 0);
}

TEST_MAIN
