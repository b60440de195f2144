// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy pool: tasks that wait to be told what to run. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include "lib/library.h"
#include "targets/report.h"
#include "testing/pool.h"
#include "testing/pool.skel.h"

LIBRARY_FIXTURE(pool)

#define NR	8
#define FIRST	40	/* exit status of the first program */

static struct pool_arg region[NR];
static struct chain chains[NR];
static char *envp[] = { "POOL=yes", NULL };

/* A task that waits: its first CQE says that it is there. */
static int add(struct io_uring *ring, unsigned int i)
{
	memset(&region[i], 0, sizeof(region[i]));
	policy_chain(&chains[i], &region[i], sizeof(region[i]));
	chains[i].clone.rw_flags = IORING_CLONE_FINAL | IORING_CLONE_QUIET;
	chains[i].base = (__u64)i << 20;
	chain_exec(&chains[i], NULL, NULL);
	return chain_submit(ring, &chains[i]);
}

static void wake(unsigned int i, __u32 word)
{
	__atomic_store_n(&region[i].word, word, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &region[i].word, FUTEX_WAKE_PRIVATE, 1);
}

static void run(unsigned int i, const char *path, char **argv)
{
	region[i].path = U64(path);
	region[i].argv = U64(argv);
	region[i].envp = U64(envp);
	wake(i, POOL_RUN);
}

/* The pid of a new task, or an error. */
static int born(struct io_uring *ring, unsigned int i)
{
	struct io_uring_cqe cqe = {};
	int err = next_cqe(ring, &cqe);

	if (err)
		return err;
	return cqe.user_data == UD_CLONE + chains[i].base ? cqe.res : -EBADMSG;
}

TEST_F(pool, eight_are_named_in_another_order)
{
	static const unsigned int order[NR] = { 5, 0, 7, 2, 1, 6, 3, 4 };
	static struct coded program[NR];
	pid_t pid[NR];
	unsigned int i, k;
	int null = open("/dev/null", O_WRONLY);

	LIBRARY_ATTACH(pool);
	for (i = 0; i < NR; i++) {
		ASSERT_EQ(0, coded_init(&program[i], null, FIRST + i));
		ASSERT_EQ(0, add(&self->ring, i));
		pid[i] = born(&self->ring, i);
		ASSERT_LT(0, pid[i]);
	}
	EXPECT_TRUE(no_more_cqes(&self->ring));
	for (k = 0; k < NR; k++) {
		i = order[k];
		run(i, program[k].path, program[k].argv);
		ASSERT_CQE(&self->ring, UD_CLONE + chains[i].base, pid[i]);
		EXPECT_EQ(FIRST + k, wait_exit(pid[i]));
		EXPECT_EQ(0, region[i].report.error);
		EXPECT_EQ(1, region[i].report.named);
	}
}

TEST_F(pool, argv_and_envp_are_those_named)
{
	int pid, fds[2];
	struct coded program;
	struct report r;
	char fd[16], *argv[] = { "report", fd, "0", "text", NULL };

	LIBRARY_ATTACH(pool);
	ASSERT_EQ(0, pipe(fds));
	snprintf(fd, sizeof(fd), "%d", fds[1]);
	ASSERT_EQ(0, coded_init(&program, fds[1], 0));
	ASSERT_EQ(0, add(&self->ring, 0));
	pid = born(&self->ring, 0);
	ASSERT_LT(0, pid);
	run(0, program.path, argv);
	EXPECT_EQ(0, wait_exit(pid));
	ASSERT_EQ(sizeof(r), read(fds[0], &r, sizeof(r)));
	EXPECT_EQ(pid, r.pid);
	EXPECT_EQ(0, strcmp("text", r.arg));
	EXPECT_EQ(0, strcmp("POOL=yes", r.env));
}

TEST_F(pool, named_before_it_waits)
{
	static struct coded program;
	int pid;

	LIBRARY_ATTACH(pool);
	ASSERT_EQ(0, coded_init(&program, open("/dev/null", O_WRONLY), FIRST));
	memset(&region[0], 0, sizeof(region[0]));
	policy_chain(&chains[0], &region[0], sizeof(region[0]));
	chain_exec(&chains[0], NULL, NULL);
	run(0, program.path, program.argv);
	pid = ASSERT_EXECED(&self->ring, &chains[0]);
	EXPECT_EQ(FIRST, wait_exit(pid));
}

TEST_F(pool, woken_for_nothing_waits_on)
{
	static struct coded program;
	int pid;

	LIBRARY_ATTACH(pool);
	ASSERT_EQ(0, coded_init(&program, open("/dev/null", O_WRONLY), FIRST));
	ASSERT_EQ(0, add(&self->ring, 0));
	pid = born(&self->ring, 0);
	ASSERT_LT(0, pid);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	wake(0, POOL_WAIT);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	run(0, program.path, program.argv);
	EXPECT_EQ(FIRST, wait_exit(pid));
}

TEST_F(pool, ends_are_told_apart)
{
	LIBRARY_ATTACH(pool);
	ASSERT_EQ(0, add(&self->ring, 0));
	ASSERT_LT(0, born(&self->ring, 0));
	wake(0, POOL_STOP);
	ASSERT_CQE(&self->ring, UD_CLONE, -ECANCELED);
	EXPECT_EQ(-ECANCELED, region[0].report.error);

	ASSERT_EQ(0, add(&self->ring, 0));
	ASSERT_LT(0, born(&self->ring, 0));
	run(0, "/no/such/program", envp);
	ASSERT_CQE(&self->ring, UD_CLONE, -ENOENT);
	EXPECT_EQ(-ENOENT, region[0].report.error);
	EXPECT_EQ(1, region[0].report.named);

	ASSERT_EQ(0, add(&self->ring, 0));
	ASSERT_LT(0, born(&self->ring, 0));
	wake(0, 3);
	ASSERT_CQE(&self->ring, UD_CLONE, -EINVAL);
	EXPECT_TRUE(no_child_left());
}

TEST_F(pool, bad_regions_are_told_apart)
{
	struct chain *c = &chains[0];

	LIBRARY_ATTACH(pool);
	policy_chain(c, &region[0], sizeof(region[0]) - 1);
	chain_exec(c, NULL, NULL);
	ASSERT_OUTCOME(&self->ring, c, -ERANGE, 0);
	c->sqe[0].addr = 4096;
	ASSERT_OUTCOME(&self->ring, c, -EFAULT, 0);
}

/* A ring of its own, since the fixture's must outlive the link. */
static struct pool_bpf *attach_to(struct io_uring *ring, struct bpf_link **link)
{
	struct pool_bpf *skel = pool_bpf__open();

	if (!skel)
		return NULL;
	skel->struct_ops.pool_ops->ring_fd = ring->ring_fd;
	if (pool_bpf__load(skel))
		return NULL;
	*link = bpf_map__attach_struct_ops(skel->maps.pool_ops);
	return *link ? skel : NULL;
}

TEST_F(pool, ring_closed_with_waiting_ones_leaves_nothing)
{
	struct usage before = usage_now();
	struct bpf_link *link = NULL;
	struct io_uring ring;
	struct pool_bpf *skel;
	pid_t pid[NR];
	unsigned int i;

	ASSERT_EQ(0, ring_init(&ring, 0));
	skel = attach_to(&ring, &link);
	ASSERT_NE(NULL, skel);
	for (i = 0; i < NR; i++) {
		ASSERT_EQ(0, add(&ring, i));
		pid[i] = born(&ring, i);
		ASSERT_LT(0, pid[i]);
	}
	io_uring_queue_exit(&ring);
	for (i = 0; i < NR; i++)
		EXPECT_EQ(0, wait_gone(pid[i]));
	EXPECT_TRUE(no_child_left());
	bpf_link__destroy(link);
	pool_bpf__destroy(skel);
	EXPECT_TRUE(usage_settles(&before));
}

TEST_F(pool, submitter_that_ends_leaves_nothing)
{
	struct usage before = usage_now();
	unsigned int i;
	pid_t pid;

	pid = fork();
	if (!pid) {
		struct bpf_link *link = NULL;
		struct io_uring ring;

		if (ring_init(&ring, 0) || !attach_to(&ring, &link))
			_exit(1);
		for (i = 0; i < NR; i++)
			if (add(&ring, i) || born(&ring, i) < 0)
				_exit(2);
		_exit(0);
	}
	EXPECT_EQ(0, wait_exit(pid));
	EXPECT_TRUE(usage_settles(&before));
}

TEST_MAIN
