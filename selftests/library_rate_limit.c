// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy rate_limit: spawns that come together, several rings, and the map of errors. */
#include <errno.h>
#include <fcntl.h>
#include "lib/library.h"
#include "testing/rate_limit.h"
#include "testing/rate_limit.skel.h"

LIBRARY_FIXTURE(rate_limit)

#define MS	1000000ULL
#define MANY	8

static char quick[256], *argv[] = { "quick", NULL };

/* The outcome is the only CQE. */
static int submit(struct io_uring *ring, struct chain *c, const char *path, __u64 base)
{
	chain_init(c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_policy(c, 0, NULL, 0);
	chain_exec(c, path, argv);
	c->nr_submit = 1;
	c->base = base;
	return chain_submit(ring, c);
}

static __u64 count_of(struct rate_limit_bpf *skel, __u32 err)
{
	__u64 nr = 0;

	if (bpf_map__lookup_elem(skel->maps.errors, &err, sizeof(err), &nr, sizeof(nr), 0))
		return 0;
	return nr;
}

#define ASSERT_RUNS(ring) do {							\
	struct io_uring_cqe __cqe;						\
	ASSERT_EQ(0, next_cqe(ring, &__cqe));					\
	ASSERT_LT(0, __cqe.res);						\
	ASSERT_EQ(0, wait_exit(__cqe.res));					\
} while (0)

#define STATS	self->skel->bss->rate_limit

TEST_F(rate_limit, spawns_that_come_together_start_one_by_one)
{
	static struct chain c[MANY];
	unsigned long start;
	unsigned int i;

	self->skel->rodata->interval_ns = 20 * MS;
	LIBRARY_ATTACH(rate_limit);
	ASSERT_EQ(0, target(quick, sizeof(quick), "quick"));
	start = now_ms();
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(0, submit(&self->ring, &c[i], quick, i << 20));
	for (i = 0; i < MANY; i++)
		ASSERT_RUNS(&self->ring);
	/* a timer of the kernel is never early; submitting takes time too, which the last need not wait */
	EXPECT_LE((MANY - 1) * 20 - 1, now_ms() - start);
	EXPECT_EQ(MANY, STATS.started);
	EXPECT_EQ(0, STATS.failed);
	EXPECT_GE(MANY - 1, STATS.waited);
}

TEST_F(rate_limit, burst_does_not_wait)
{
	static struct chain c[MANY];
	unsigned int i;

	self->skel->rodata->interval_ns = 60000 * MS;
	self->skel->rodata->burst = MANY;
	LIBRARY_ATTACH(rate_limit);
	ASSERT_EQ(0, target(quick, sizeof(quick), "quick"));
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(0, submit(&self->ring, &c[i], quick, i << 20));
	for (i = 0; i < MANY; i++)
		ASSERT_RUNS(&self->ring);
	EXPECT_EQ(MANY, STATS.started);
	EXPECT_EQ(0, STATS.waited);
}

TEST_F(rate_limit, who_would_wait_too_long_is_refused)
{
	struct io_uring_cqe cqe;
	struct chain c;

	self->skel->rodata->interval_ns = 60000 * MS;
	self->skel->rodata->longest_wait_ns = 30000 * MS;
	LIBRARY_ATTACH(rate_limit);
	ASSERT_EQ(0, target(quick, sizeof(quick), "quick"));
	ASSERT_EQ(0, submit(&self->ring, &c, quick, 0));
	ASSERT_RUNS(&self->ring);
	ASSERT_EQ(0, submit(&self->ring, &c, quick, 0));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(-EAGAIN, cqe.res);
	EXPECT_EQ(0, IORING_CQE_STEP(&cqe));
	EXPECT_EQ(1, STATS.started);
	EXPECT_EQ(1, STATS.refused);
	EXPECT_TRUE(no_child_left());
}

TEST_F(rate_limit, errors_of_all_spawns_are_counted)
{
	unsigned int i, n = rounds(100);
	struct chain c;

	self->skel->rodata->interval_ns = 1;
	LIBRARY_ATTACH(rate_limit);
	ASSERT_EQ(0, target(quick, sizeof(quick), "quick"));
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, submit(&self->ring, &c, i % 2 ? "/no/such" : "/tmp", 0));
		ASSERT_CQE(&self->ring, UD_CLONE, i % 2 ? -ENOENT : -EACCES);
	}
	ASSERT_EQ(0, submit(&self->ring, &c, quick, 0));
	ASSERT_RUNS(&self->ring);
	EXPECT_EQ(n / 2, count_of(self->skel, ENOENT));
	EXPECT_EQ(n - n / 2, count_of(self->skel, EACCES));
	EXPECT_EQ(0, count_of(self->skel, ETXTBSY));
	EXPECT_EQ(n + 1, STATS.started);
	EXPECT_EQ(n, STATS.failed);
}

/* Several tasks at once on several processors: nothing may be counted twice or not at all. */
TEST_F(rate_limit, counts_are_right_with_many_at_once)
{
	unsigned int i, k, n = rounds(50);
	static struct chain c[MANY];

	self->skel->rodata->interval_ns = 1;
	LIBRARY_ATTACH(rate_limit);
	for (i = 0; i < n; i++) {
		for (k = 0; k < MANY; k++)
			ASSERT_EQ(0, submit(&self->ring, &c[k], "/no/such", k << 20));
		for (k = 0; k < MANY; k++) {
			struct io_uring_cqe cqe;

			ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
			ASSERT_EQ(-ENOENT, cqe.res);
		}
	}
	EXPECT_EQ(n * MANY, count_of(self->skel, ENOENT));
	EXPECT_EQ(n * MANY, STATS.failed);
	EXPECT_EQ(n * MANY, STATS.started);
}

TEST_F(rate_limit, chain_without_template_erange)
{
	struct chain c;

	LIBRARY_ATTACH(rate_limit);
	policy_chain(&c, NULL, 0);
	ASSERT_OUTCOME(&self->ring, &c, -ERANGE, 0);
	EXPECT_EQ(0, STATS.started);
}

/* ---- More than one ring ------------------------------------------------------------------- */

TEST_F(rate_limit, second_ring_runs_the_same_program_under_the_same_limit)
{
	struct io_uring_cqe cqe;
	struct io_uring other;
	struct bpf_link *link;
	struct chain c;

	ASSERT_EQ(0, ring_init(&other, 0));
	self->skel->rodata->interval_ns = 60000 * MS;
	self->skel->rodata->longest_wait_ns = 1;
	bpf_map__set_autocreate(self->skel->maps.rate_limit_second_ops, true);
	self->skel->struct_ops.rate_limit_second_ops->ring_fd = other.ring_fd;
	LIBRARY_ATTACH(rate_limit);
	link = bpf_map__attach_struct_ops(self->skel->maps.rate_limit_second_ops);
	ASSERT_NE(NULL, link);
	ASSERT_EQ(0, target(quick, sizeof(quick), "quick"));
	ASSERT_EQ(0, submit(&self->ring, &c, quick, 0));
	ASSERT_RUNS(&self->ring);
	ASSERT_EQ(0, submit(&other, &c, quick, 0));
	ASSERT_EQ(0, next_cqe(&other, &cqe));
	EXPECT_EQ(-EAGAIN, cqe.res);
	EXPECT_EQ(1, STATS.refused);
	bpf_link__destroy(link);
	io_uring_queue_exit(&other);
}

/* Loaded twice: a limit for each, or one for both if they share their maps. */
static struct rate_limit_bpf *load_again(struct rate_limit_bpf *first, int ring_fd, bool share)
{
	struct rate_limit_bpf *skel = rate_limit_bpf__open();

	if (!skel)
		return NULL;
	*skel->rodata = *first->rodata;
	skel->struct_ops.rate_limit_ops->ring_fd = ring_fd;
	if (share && (bpf_map__reuse_fd(skel->maps.bss, bpf_map__fd(first->maps.bss)) ||
		      bpf_map__reuse_fd(skel->maps.errors, bpf_map__fd(first->maps.errors))))
		return NULL;
	return rate_limit_bpf__load(skel) ? NULL : skel;
}

TEST_F(rate_limit, loaded_again_has_a_limit_of_its_own_unless_maps_are_shared)
{
	struct rate_limit_bpf *again;
	struct io_uring_cqe cqe;
	struct bpf_link *link;
	struct io_uring other;
	struct chain c;
	int share;

	self->skel->rodata->interval_ns = 60000 * MS;
	self->skel->rodata->longest_wait_ns = 1;
	LIBRARY_ATTACH(rate_limit);
	ASSERT_EQ(0, ring_init(&other, 0));
	ASSERT_EQ(0, target(quick, sizeof(quick), "quick"));
	ASSERT_EQ(0, submit(&self->ring, &c, quick, 0));
	ASSERT_RUNS(&self->ring);
	for (share = 0; share < 2; share++) {
		again = load_again(self->skel, other.ring_fd, share);
		ASSERT_NE(NULL, again);
		link = bpf_map__attach_struct_ops(again->maps.rate_limit_ops);
		ASSERT_NE(NULL, link);
		ASSERT_EQ(0, submit(&other, &c, quick, 0));
		if (!share)
			ASSERT_RUNS(&other);
		if (share)
			ASSERT_EQ(0, next_cqe(&other, &cqe));
		EXPECT_EQ(share ? -EAGAIN : 0, share ? cqe.res : 0);
		EXPECT_EQ(share, STATS.refused);
		bpf_link__destroy(link);
		rate_limit_bpf__destroy(again);
	}
	io_uring_queue_exit(&other);
}

TEST_MAIN
