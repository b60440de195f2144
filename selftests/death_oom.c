// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The submitter runs out of the memory its group may have. Needs the memory controller. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "lib/cgroup.h"
#include "lib/policy.h"

#define INTO_CGROUP	0x200000000ULL
#define LIMIT		"33554432"
#define CHUNK		(1UL << 20)
#define RING_FD		100

FIXTURE(oom) {
	struct script script;
	struct cgroup small, other;
	char quick[256];
	int empty[2], sink[2];
	struct usage before;
};

FIXTURE_VARIANT(oom) {
	bool elsewhere;		/* the tasks of the chains are in another group */
	bool whole_group;	/* memory.oom.group */
};
FIXTURE_VARIANT_ADD(oom, one_group) {};
FIXTURE_VARIANT_ADD(oom, killed_as_a_group) { .whole_group = true };
FIXTURE_VARIANT_ADD(oom, chains_in_another_group) { .elsewhere = true };

FIXTURE_SETUP(oom)
{
	int ret = cgroup_make(&self->small, "memory");

	if (ret == -EOPNOTSUPP)
		SKIP(return, "this kernel has no memory controller");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, cgroup_make(&self->other, "memory"));
	ASSERT_EQ(0, cgroup_write(&self->small, "memory.max", LIMIT));
	if (variant->whole_group)
		ASSERT_EQ(0, cgroup_write(&self->small, "memory.oom.group", "1"));
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, target(self->quick, sizeof(self->quick), "quick"));
	ASSERT_EQ(0, pipe(self->empty));
	ASSERT_EQ(0, pipe(self->sink));
	ASSERT_EQ(0, script_load(&self->script, RING_FD, 0));
	SCRIPT(&self->script, { S_TIMEOUT, .b = 20000 }, S_END(RET_CONTINUE), { S_GOTO, 0 });
	self->before = usage_now();
}

FIXTURE_TEARDOWN(oom)
{
	EXPECT_TRUE(all_children_gone());
	EXPECT_TRUE(usage_settles(&self->before));
	script_close(&self->script);
	cgroup_remove(&self->small);
	cgroup_remove(&self->other);
}

/* One that waits, one that blocks, a policy, an EXEC behind the barrier. */
static int start_chains(FIXTURE_DATA(oom) *self, struct io_uring *ring, bool elsewhere)
{
	static char *argv[] = { "quick", NULL }, byte;
	static struct chain c;
	int i;

	for (i = 0; i < 4; i++) {
		chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
		if (elsewhere) {
			c.args.flags = INTO_CGROUP;
			c.args.cgroup = self->other.fd;
		}
		if (i == 1)
			io_uring_prep_splice(chain_add(&c), self->empty[0], -1, self->sink[1], -1,
					     1, 0);
		else if (i == 2)
			chain_policy(&c, 0, NULL, 0);
		else
			chain_read(&c, self->empty[0], &byte, 1);
		if (i == 3)
			chain_exec(&c, self->quick, argv);
		if (chain_submit(ring, &c))
			return -EIO;
	}
	return 0;
}

static pid_t submitter(FIXTURE_DATA(oom) *self, bool elsewhere)
{
	struct io_uring ring;
	pid_t pid = fork();
	void *p;

	if (pid)
		return pid;
	if (cgroup_enter(&self->small, getpid()) || ring_init_small(&ring, 0) ||
	    ring_move(&ring, RING_FD) || script_link(&self->script) ||
	    start_chains(self, &ring, elsewhere))
		_exit(1);
	for (;;) {
		p = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (p == MAP_FAILED)
			_exit(2);
		memset(p, 1, CHUNK);
	}
}

/*
 * The memory is that of the submitter and of the tasks of its chains: the kernel kills all that
 * use it, wherever they are, or it would not get any back.
 */
TEST_F(oom, submitter_and_chains_are_killed)
{
	unsigned int i, n = rounds(10);

	for (i = 0; i < n; i++) {
		EXPECT_EQ(128 + SIGKILL, wait_exit(submitter(self, variant->elsewhere)));
		ASSERT_TRUE(all_children_gone());
	}
	EXPECT_LE((long)n, cgroup_number(&self->small, "memory.events", "oom_kill"));
	EXPECT_TRUE(cgroup_becomes(&self->small, "cgroup.events", "populated", 0));
	EXPECT_TRUE(cgroup_becomes(&self->other, "cgroup.events", "populated", 0));
}

TEST_MAIN
