// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Nothing more than the submitter could: what its control group may have, tasks and memory. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include "lib/cgroup.h"
#include "lib/fixture.h"

#define INTO_CGROUP	0x200000000ULL

FIXTURE(pids) {
	struct io_uring ring;
	struct cgroup cg;
	struct chain chain;
	char path[256];
	int gate[2];
	char byte;
};

FIXTURE_VARIANT(pids) {
	bool array;
};
FIXTURE_VARIANT_ADD(pids, links) {};
FIXTURE_VARIANT_ADD(pids, array) { .array = true };

FIXTURE_SETUP(pids)
{
	ASSERT_EQ(0, ring_init(&self->ring, 0));
	ASSERT_EQ(0, target(self->path, sizeof(self->path), "quick"));
	ASSERT_EQ(0, pipe(self->gate));
	ASSERT_EQ(0, cgroup_make(&self->cg, "pids"));
	ASSERT_EQ(0, cgroup_enter(&self->cg, getpid()));
}

FIXTURE_TEARDOWN(pids)
{
	ASSERT_EQ(0, write_file("/sys/fs/cgroup/cgroup.procs", "0"));
	cgroup_remove(&self->cg);
	io_uring_queue_exit(&self->ring);
}

/* The test itself is one. */
#define EXPECT_PIDS(n)	EXPECT_TRUE(cgroup_becomes(&self->cg, "pids.current", NULL, 1 + (n)))

static int start_waiting(FIXTURE_DATA(pids) *self, bool array)
{
	struct io_uring_cqe cqe;

	chain_init(&self->chain, array, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	chain_read(&self->chain, self->gate[0], &self->byte, 1);
	return chain_submit(&self->ring, &self->chain) ?: next_cqe(&self->ring, &cqe) ?: cqe.res;
}

TEST_F(pids, one_too_many_eagain)
{
	int i, pids[3];

	ASSERT_EQ(0, cgroup_write(&self->cg, "pids.max", "4"));
	for (i = 0; i < 3; i++) {
		pids[i] = start_waiting(self, variant->array);
		ASSERT_LT(0, pids[i]);
	}
	EXPECT_PIDS(3);
	EXPECT_EQ(-EAGAIN, start_waiting(self, variant->array));
	EXPECT_EQ(-EAGAIN, start_waiting(self, variant->array));
	EXPECT_PIDS(3);
	/* one of them ends: there is room for one */
	ASSERT_EQ(1, write(self->gate[1], "x", 1));
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	EXPECT_PIDS(2);
	EXPECT_LT(0, start_waiting(self, variant->array));
	EXPECT_EQ(-EAGAIN, start_waiting(self, variant->array));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(1, write(self->gate[1], "x", 1));
		ASSERT_CQE(&self->ring, UD_CLONE, 0);
	}
	EXPECT_PIDS(0);
}

TEST_F(pids, count_comes_back_however_they_end)
{
	char *argv[] = { "quick", NULL };
	unsigned int i, n = rounds(100);
	struct io_uring_sqe *sqe;
	struct io_uring_cqe cqe;
	int pid;

	for (i = 0; i < n; i++) {
		chain_init(&self->chain, variant->array, 0);
		chain_exec(&self->chain, self->path, argv);
		EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &self->chain)));
		chain_init(&self->chain, variant->array, 0);
		chain_exec(&self->chain, "/none", argv);
		ASSERT_OUTCOME(&self->ring, &self->chain, -ENOENT, 0);
		pid = start_waiting(self, variant->array);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_CQE(&self->ring, UD_CLONE, -EINTR);
		start_waiting(self, variant->array);
		sqe = get_sqe(&self->ring);
		io_uring_prep_cancel64(sqe, UD_CLONE, 0);
		ASSERT_EQ(0, submit_all(&self->ring));
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	}
	EXPECT_PIDS(0);
}

/* Not only the submitter's own. */
TEST(group_born_into_has_its_limit_too_eagain)
{
	struct io_uring ring;
	struct cgroup full;
	struct chain c;

	ASSERT_EQ(0, ring_init(&ring, 0));
	ASSERT_EQ(0, cgroup_make(&full, "pids"));
	ASSERT_EQ(0, cgroup_write(&full, "pids.max", "0"));
	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	c.args.flags = INTO_CGROUP;
	c.args.cgroup = full.fd;
	EXPECT_EQ(-EAGAIN, chain_outcome(&ring, &c).res);
	EXPECT_EQ(0, cgroup_number(&full, "pids.current", NULL));
	cgroup_remove(&full);
	io_uring_queue_exit(&ring);
}

#define NR_CHAINS	16
#define NR_SQES		IORING_SPAWN_MAX_SQES

/* What a chain takes, SQEs, ring, completions, is charged to the submitter's group. */
TEST(memory_of_chains_is_charged)
{
	long before, during, least = NR_CHAINS * NR_SQES * (long)sizeof(struct io_uring_sqe);
	static struct chain c;
	struct io_uring ring;
	struct cgroup cg;
	unsigned int i;
	int gate[2], ret;
	char byte;

	ret = cgroup_make(&cg, "memory");
	if (ret == -EOPNOTSUPP)
		SKIP(return, "this kernel has no memory controller");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, cgroup_enter(&cg, getpid()));
	ASSERT_EQ(0, pipe(gate));
	ASSERT_EQ(0, ring_init(&ring, 0));
	before = cgroup_number(&cg, "memory.stat", "kernel");
	ASSERT_LE(0, before);
	during = before;
	for (i = 0; i < NR_CHAINS; i++) {
		chain_init(&c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
		while (c.nr < NR_SQES)
			chain_read(&c, gate[0], &byte, 1);
		chain_link(&c, IOSQE_IO_LINK);
		ASSERT_EQ(0, chain_submit(&ring, &c));
		ASSERT_LT(0, ASSERT_BORN(&ring));
	}
	/* at least the SQEs, twice: the chain's copy and the private ring's queue */
	for (i = 0; i < WAIT_MS && during - before < 2 * least; i += 50) {
		usleep(50000);	/* what is counted per processor is summed up every two seconds */
		during = cgroup_number(&cg, "memory.stat", "kernel");
	}
	EXPECT_LE(2 * least, during - before);
	io_uring_queue_exit(&ring);
	EXPECT_TRUE(no_child_left());
	ASSERT_EQ(0, write_file("/sys/fs/cgroup/cgroup.procs", "0"));
	cgroup_remove(&cg);
}

TEST_MAIN
