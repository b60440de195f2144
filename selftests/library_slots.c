// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Policies of the library beside each other: several slots of one ring at once, a slot that gets
 * another policy while a spawn of the old one runs, what outlives a spawn, a program on two rings.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/stat.h>
#include "lib/library.h"
#include "testing/ask.h"
#include "testing/ask.skel.h"
#include "testing/by_stat.h"
#include "testing/by_stat.skel.h"
#include "testing/pool.h"
#include "testing/pool.skel.h"
#include "testing/rate_limit.h"
#include "testing/rate_limit.skel.h"
#include "testing/wait_ready.h"
#include "testing/wait_ready.skel.h"

#define CODE	40	/* + number of the spawn: what its program exits with */

/* Load one more policy of the library for a slot of @ring; evaluates to its link. */
#define ATTACH(name, skel, ring, nr) ({						\
	struct bpf_link *__link = NULL;						\
	skel = name##_bpf__open();						\
	if (skel) {								\
		skel->struct_ops.name##_ops->ring_fd = (ring)->ring_fd;		\
		skel->struct_ops.name##_ops->slot = nr;				\
		if (!name##_bpf__load(skel))					\
			__link = bpf_map__attach_struct_ops(skel->maps.name##_ops); \
	}									\
	__link;									\
})

enum { SLOT_ASK, SLOT_POOL, SLOT_WAIT, SLOT_STAT, NR_SLOTS };

FIXTURE(slots) {
	struct io_uring ring;
	struct ask_bpf *ask;
	struct pool_bpf *pool;
	struct wait_ready_bpf *wait_ready;
	struct by_stat_bpf *by_stat;
	struct bpf_link *link[NR_SLOTS];
};

FIXTURE_SETUP(slots)
{
	unsigned int i;

	ASSERT_EQ(0, ring_init(&self->ring, 0));
	self->link[SLOT_ASK] = ATTACH(ask, self->ask, &self->ring, SLOT_ASK);
	self->link[SLOT_POOL] = ATTACH(pool, self->pool, &self->ring, SLOT_POOL);
	self->link[SLOT_WAIT] = ATTACH(wait_ready, self->wait_ready, &self->ring, SLOT_WAIT);
	self->link[SLOT_STAT] = ATTACH(by_stat, self->by_stat, &self->ring, SLOT_STAT);
	for (i = 0; i < NR_SLOTS; i++)
		ASSERT_NE(NULL, self->link[i]);
}

FIXTURE_TEARDOWN(slots)
{
	unsigned int i;

	for (i = 0; i < NR_SLOTS; i++)
		bpf_link__destroy(self->link[i]);
	ask_bpf__destroy(self->ask);
	pool_bpf__destroy(self->pool);
	wait_ready_bpf__destroy(self->wait_ready);
	by_stat_bpf__destroy(self->by_stat);
	EXPECT_TRUE(all_children_gone());
	io_uring_queue_exit(&self->ring);
}

static struct {
	struct ask_arg		ask;
	struct pool_arg		pool;
	struct wait_ready_arg	wait_ready;
	struct by_stat_arg	by_stat;
} region;
static struct chain chains[NR_SLOTS];
static struct coded program[NR_SLOTS];

/* Spawn number @i, under the policy of @slot: its program is the template, one CQE the outcome. */
static int start_in(struct io_uring *ring, unsigned int i, unsigned int slot, void *arg,
		    unsigned int len)
{
	static int null = -1;
	int err;

	if (null < 0)
		null = open("/dev/null", O_WRONLY);
	err = coded_init(&program[i], null, CODE + i);
	chain_init(&chains[i], true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_policy(&chains[i], slot, arg, len);
	chain_exec(&chains[i], program[i].path, program[i].argv);
	chains[i].nr_submit = 1;
	chains[i].base = (__u64)i << 20;
	return err ?: chain_submit(ring, &chains[i]);
}

static int start(struct io_uring *ring, unsigned int slot, void *arg, unsigned int len)
{
	return start_in(ring, slot, slot, arg, len);
}

static void wake(__u32 *word, __u32 value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1);
}

#define ASSERT_RUNS(i) do {							\
	struct io_uring_cqe __cqe = {};						\
	ASSERT_EQ(0, next_cqe(&self->ring, &__cqe));				\
	EXPECT_EQ(UD_CLONE + chains[i].base, __cqe.user_data);			\
	ASSERT_LT(0, __cqe.res);						\
	EXPECT_EQ(CODE + (i), wait_exit(__cqe.res));				\
} while (0)

static void name_program(unsigned int i)
{
	region.pool.path = U64(program[i].path);
	region.pool.argv = U64(program[i].argv);
	wake(&region.pool.word, POOL_RUN);
}

TEST_F(slots, four_policies_of_one_ring_at_once)
{
	int fds[2];

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	memset(&region, 0, sizeof(region));
	region.wait_ready.want.fd = fds[0];
	region.wait_ready.want.events = POLLIN;
	region.by_stat.want.path = U64("/tmp");
	region.by_stat.want.dfd = AT_FDCWD;
	ASSERT_EQ(0, start(&self->ring, SLOT_POOL, &region.pool, sizeof(region.pool)));
	ASSERT_EQ(0, start(&self->ring, SLOT_WAIT, &region.wait_ready, sizeof(region.wait_ready)));
	ASSERT_EQ(0, start(&self->ring, SLOT_ASK, &region.ask, sizeof(region.ask)));
	ASSERT_CQE(&self->ring, chains[SLOT_ASK].base, 0);	/* the question */
	ASSERT_EQ(0, start(&self->ring, SLOT_STAT, &region.by_stat, sizeof(region.by_stat)));
	ASSERT_RUNS(SLOT_STAT);
	EXPECT_TRUE(no_more_cqes(&self->ring));			/* three wait */
	ASSERT_EQ(1, write(fds[1], "\n", 1));
	ASSERT_RUNS(SLOT_WAIT);
	wake(&region.ask.word, 1);
	ASSERT_RUNS(SLOT_ASK);
	name_program(SLOT_POOL);
	ASSERT_RUNS(SLOT_POOL);
}

TEST_F(slots, slot_gets_another_policy_while_a_spawn_of_the_old_one_waits)
{
	struct by_stat_bpf *skel;

	memset(&region, 0, sizeof(region));
	region.by_stat.want.path = U64("/tmp");
	region.by_stat.want.dfd = AT_FDCWD;
	ASSERT_EQ(0, start(&self->ring, SLOT_POOL, &region.pool, sizeof(region.pool)));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	/* it takes the policy from the slot when it is issued, and sleeps behind its first step */
	ASSERT_EQ(0, wait_state(child_of(getpid()), 'S'));
	/* the waiting task has a copy of the link's descriptor: closing ours would not be enough */
	ASSERT_EQ(0, bpf_link__detach(self->link[SLOT_POOL]));
	bpf_link__destroy(self->link[SLOT_POOL]);
	self->link[SLOT_POOL] = ATTACH(by_stat, skel, &self->ring, SLOT_POOL);
	ASSERT_NE(NULL, self->link[SLOT_POOL]);
	/* even its object may go: the spawn holds what it runs */
	pool_bpf__destroy(self->pool);
	self->pool = NULL;

	ASSERT_EQ(0, start_in(&self->ring, SLOT_STAT, SLOT_POOL, &region.by_stat,
			      sizeof(region.by_stat)));
	ASSERT_RUNS(SLOT_STAT);
	EXPECT_EQ(1, region.by_stat.report.chosen);

	name_program(SLOT_POOL);
	ASSERT_RUNS(SLOT_POOL);
	EXPECT_EQ(1, region.pool.report.named);
	bpf_link__destroy(self->link[SLOT_POOL]);
	self->link[SLOT_POOL] = NULL;
	by_stat_bpf__destroy(skel);
}

TEST_F(slots, same_policy_in_two_slots_with_parameters_of_its_own)
{
	struct chain c;
	struct ask_bpf *quick;
	struct bpf_link *link;

	/* another load of ask, which answers itself at once */
	quick = ask_bpf__open();
	ASSERT_NE(NULL, quick);
	quick->rodata->patience_ns = 1;
	quick->rodata->default_answer = -EPERM;
	quick->struct_ops.ask_ops->ring_fd = self->ring.ring_fd;
	quick->struct_ops.ask_ops->slot = NR_SLOTS;
	ASSERT_EQ(0, ask_bpf__load(quick));
	link = bpf_map__attach_struct_ops(quick->maps.ask_ops);
	ASSERT_NE(NULL, link);

	memset(&region, 0, sizeof(region));
	ASSERT_EQ(0, start(&self->ring, SLOT_ASK, &region.ask, sizeof(region.ask)));
	ASSERT_CQE(&self->ring, chains[SLOT_ASK].base, 0);
	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_policy(&c, NR_SLOTS, &region.ask, sizeof(region.ask));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_CQE(&self->ring, 0, 0);
	ASSERT_CQE(&self->ring, UD_CLONE, -EPERM);
	wake(&region.ask.word, 1);
	ASSERT_RUNS(SLOT_ASK);
	bpf_link__destroy(link);
	ask_bpf__destroy(quick);
}

/* ---- State that outlives a spawn, and a ring ---------------------------------------------- */

LIBRARY_FIXTURE(rate_limit)

static int try_missing(struct io_uring *ring)
{
	char *argv[] = { "x", NULL };
	struct chain c;

	chain_init(&c, true, 0);
	chain_policy(&c, 0, NULL, 0);
	chain_exec(&c, "/no/such/program", argv);
	c.nr_submit = 1;
	return chain_outcome(ring, &c).res;
}

TEST_F(rate_limit, one_program_on_two_rings_counts_what_both_did)
{
	struct io_uring other;
	struct bpf_link *link;
	__u32 err = ENOENT;
	__u64 nr = 0;

	ASSERT_EQ(0, ring_init(&other, 0));
	self->skel->rodata->interval_ns = 1;
	bpf_map__set_autocreate(self->skel->maps.rate_limit_second_ops, true);
	self->skel->struct_ops.rate_limit_second_ops->ring_fd = other.ring_fd;
	LIBRARY_ATTACH(rate_limit);
	link = bpf_map__attach_struct_ops(self->skel->maps.rate_limit_second_ops);
	ASSERT_NE(NULL, link);
	EXPECT_EQ(-ENOENT, try_missing(&self->ring));
	EXPECT_EQ(-ENOENT, try_missing(&other));
	EXPECT_EQ(2, self->skel->bss->rate_limit.failed);

	/* the first ring loses its policy, the second one does not notice */
	bpf_link__destroy(self->link);
	self->link = NULL;
	EXPECT_EQ(-ENOENT, try_missing(&self->ring));		/* slot 0 is empty */
	EXPECT_EQ(2, self->skel->bss->rate_limit.failed);
	EXPECT_EQ(-ENOENT, try_missing(&other));
	EXPECT_EQ(3, self->skel->bss->rate_limit.failed);

	/* and the second ring closed: what was counted stays */
	bpf_link__destroy(link);
	io_uring_queue_exit(&other);
	EXPECT_EQ(0, bpf_map__lookup_elem(self->skel->maps.errors, &err, sizeof(err), &nr,
					  sizeof(nr), 0));
	EXPECT_EQ(3, nr);
}

TEST_F(rate_limit, attached_again_it_goes_on_counting)
{
	unsigned int i;

	self->skel->rodata->interval_ns = 1;
	LIBRARY_ATTACH(rate_limit);
	for (i = 1; i <= 5; i++) {
		EXPECT_EQ(-ENOENT, try_missing(&self->ring));
		EXPECT_EQ(i, self->skel->bss->rate_limit.failed);
		bpf_link__destroy(self->link);
		self->link = bpf_map__attach_struct_ops(self->skel->maps.rate_limit_ops);
		ASSERT_NE(NULL, self->link);
	}
}

TEST_MAIN
