// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 100 000 spawns leave memory, open files and tasks where they were. */
#include <errno.h>
#include "lib/memory.h"
#include "lib/policy.h"

POLICY_FIXTURE_2(leak)

#define BATCH		8
/*
 * A tenth of it on the debug kernel, where one takes ten times as long, and on the second type of
 * ring.
 */
#define SPAWNS		100000
/* What slabs and per-CPU lists hold back: 35 bytes a spawn, less than any object of one. */
#define KB_OF_ITS_OWN	3072

static char *quick_argv[] = { "quick", NULL };

static unsigned int how_many(unsigned int ring_flags)
{
	return rounds(debug_kernel() || ring_flags ? SPAWNS / 10 : SPAWNS);
}

/*
 * Six kinds in turn: a program, none, one that is missing, one chosen by a policy, an error, a
 * long chain.
 */
static void build(struct chain *c, unsigned int i, const char *path)
{
	unsigned int n;

	chain_init(c, i % 2, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	switch (i % 6) {
	case 0:
		chain_exec(c, path, quick_argv);
		break;
	case 1:
		chain_nop(c, 0);
		break;
	case 2:
		chain_exec(c, "/nowhere/quick", quick_argv);
		break;
	case 3:
		chain_policy(c, 0, NULL, 0);
		c->nr_submit = 1;
		chain_exec(c, path, quick_argv);
		break;
	case 4:
		chain_nop(c, -5);
		chain_exec(c, path, quick_argv);
		break;
	default:
		for (n = 0; n < 40; n++)
			chain_nop(c, 0);
		chain_exec(c, path, quick_argv);
	}
	if (i % 6 != 3)
		chain_link(c, IOSQE_IO_LINK);
}

static bool spawn_batch(struct io_uring *ring, unsigned int first, const char *path)
{
	static const int failures[6] = { 0, 0, -ENOENT, 0, -5, 0 };
	struct io_uring_cqe cqe;
	static struct chain c;
	unsigned int i;

	for (i = first; i < first + BATCH; i++) {
		build(&c, i, path);
		c.base = (__u64)(i % 6) << 32;
		if (chain_submit(ring, &c))
			return false;
	}
	for (i = 0; i < BATCH; i++) {
		if (next_cqe(ring, &cqe))
			return false;
		if (cqe.res < 0 && cqe.res != failures[cqe.user_data >> 32]) {
			fprintf(stderr, "# kind %llu: %d\n", cqe.user_data >> 32, cqe.res);
			return false;
		}
	}
	while (waitpid(-1, NULL, 0) > 0)
		;
	return true;
}

TEST_F(leak, spawns_leave_nothing_behind)
{
	unsigned int i, n = how_many(variant->ring_flags);
	struct memory before = {};
	struct usage usage = {};
	char path[256];

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, script_attach(&self->script));
	SCRIPT(&self->script, { S_QUEUE, 1 }, S_END(RET_CONTINUE), S_END(RET_EXIT));
	for (i = 0; i < n; i += BATCH) {
		/* the first tenth warms up what is kept on purpose */
		if (i / BATCH == n / BATCH / 10) {
			before = memory_now();
			usage = usage_now();
		}
		ASSERT_TRUE(spawn_batch(&self->ring, i, path));
	}
	EXPECT_TRUE(usage_settles(&usage));
	EXPECT_TRUE(memory_settles(&before, KB_OF_ITS_OWN));
	EXPECT_TRUE(no_child_left());
}

TEST_F(leak, rings_leave_nothing_behind)
{
	unsigned int i, n = rounds(1000);
	struct memory before = {};
	struct usage usage = {};
	char path[256];

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	for (i = 0; i < n; i++) {
		struct io_uring ring;
		struct chain c;

		if (i == n / 10) {
			before = memory_now();
			usage = usage_now();
		}
		ASSERT_EQ(0, ring_init(&ring, variant->ring_flags));
		chain_init(&c, true, 0);
		chain_exec(&c, path, quick_argv);
		ASSERT_EQ(0, wait_exit(ASSERT_EXECED(&ring, &c)));
		io_uring_queue_exit(&ring);
	}
	EXPECT_TRUE(usage_settles(&usage));
	EXPECT_TRUE(memory_settles(&before, KB_OF_ITS_OWN));
}

TEST_MAIN
