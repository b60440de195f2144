// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Nothing more than the submitter could: its resource limits hold in the chain. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include "lib/fixture.h"

CHAIN_FIXTURE_2(rlimits)

#define SOMEBODY	4321	/* with no process but ours */

static int lower(int resource, rlim_t to)
{
	struct rlimit r = { to, to };

	return setrlimit(resource, &r) ? -errno : 0;
}

TEST_F(rlimits, descriptors_of_the_chain_emfile)
{
	int low = dup(0), i;
	struct io_uring_cqe cqe;
	struct chain c;

	ASSERT_LT(self->ring.ring_fd, low);
	close(low);
	ASSERT_EQ(0, lower(RLIMIT_NOFILE, low + 1));
	chain_init(&c, variant->array, 0);
	for (i = 0; i < 3; i++) {
		io_uring_prep_openat(chain_add(&c), AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
		c.sqe[i].user_data = i;
	}
	chain_link(&c, IOSQE_IO_LINK);
	c.clone.rw_flags = IORING_CLONE_FINAL;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	/* the ring's own descriptor is closed in the task, which makes room for one more */
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		ASSERT_EQ((__u64)i, cqe.user_data);
		EXPECT_EQ(i == 0 ? self->ring.ring_fd : i == 1 ? low : -EMFILE, cqe.res);
	}
}

TEST_F(rlimits, file_size_efbig_and_no_signal_for_the_program)
{
	char name[] = "/rlimits-XXXXXX", path[256], *argv[] = { "quick", NULL };
	struct chain c;
	pid_t pid;
	int fd;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	fd = mkstemp(name);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, lower(RLIMIT_FSIZE, 0));
	chain_init(&c, variant->array, IORING_CLONE_FINAL);
	chain_write(&c, fd, "x", 1);
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_HARDLINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 0, -EFBIG);
	ASSERT_CQE(&self->ring, 1, 0);
	ASSERT_CQE(&self->ring, UD_CLONE, pid);
	EXPECT_EQ(0, wait_exit(pid));
	unlink(name);
}

/* Of the user, not only of the submitter; counted down when a task ends. */
TEST_F(rlimits, processes_of_the_user_eagain_until_one_ends)
{
	struct io_uring_cqe cqe;
	struct chain c;
	int i, fds[2];
	char byte;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, lower(RLIMIT_NPROC, 3));
	ASSERT_EQ(0, setresuid(SOMEBODY, SOMEBODY, SOMEBODY));
	for (i = 0; i < 4; i++) {
		chain_init(&c, variant->array, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
		chain_read(&c, fds[0], &byte, 1);
		ASSERT_EQ(0, chain_submit(&self->ring, &c));
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		ASSERT_EQ(i < 2, cqe.res > 0);
		ASSERT_EQ(i >= 2, cqe.res == -EAGAIN);
	}
	ASSERT_EQ(2, write(fds[1], "xx", 2));
	for (i = 0; i < 2; i++)
		ASSERT_CQE(&self->ring, UD_CLONE, 0);
	ASSERT_TRUE(no_child_left());
	for (i = 0; i < 4; i++) {
		chain_init(&c, variant->array, 0);
		chain_nop(&c, 0);
		ASSERT_OUTCOME(&self->ring, &c, 0, 0);
		ASSERT_TRUE(no_child_left());
	}
}

/* Private rings are not locked memory: those who may have none can spawn as well. */
TEST_F(rlimits, no_locked_memory_ok)
{
	struct chain c;
	int i;

	ASSERT_EQ(0, lower(RLIMIT_MEMLOCK, 0));
	ASSERT_EQ(0, setresuid(SOMEBODY, SOMEBODY, SOMEBODY));
	for (i = 0; i < 5; i++) {
		chain_init(&c, variant->array, 0);
		chain_nop(&c, 0);
		ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	}
}

/* Of the new program's stack a quarter may be arguments, or 128 KiB. */
TEST_F(rlimits, arguments_larger_than_the_stack_allows_e2big)
{
	static char large[100 << 10];
	char path[256], *argv[] = { "quick", large, large, NULL };
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	memset(large, 'a', sizeof(large) - 1);
	ASSERT_EQ(0, lower(RLIMIT_STACK, 512 << 10));
	chain_init(&c, variant->array, 0);
	chain_exec(&c, path, argv);
	ASSERT_OUTCOME(&self->ring, &c, -E2BIG, 0);
}

TEST_MAIN
