// SPDX-License-Identifier: GPL-2.0 OR MIT
/* CLONE_PIDFD and CLONE_INTO_CGROUP in CLONE's argument. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "lib/fixture.h"

RING_FIXTURE_2(clone_flags)

#define INTO_CGROUP	0x200000000ULL

static char *quick_argv[] = { "quick", NULL };

TEST_F(clone_flags, pidfd_is_the_spawned_process)
{
	struct pollfd p = { .events = POLLIN };
	char path[256];
	int pidfd = -1;
	struct chain c;
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	chain_init(&c, true, 0);
	c.args.flags = CLONE_PIDFD;
	c.args.pidfd = U64(&pidfd);
	chain_exec(&c, path, quick_argv);
	pid = ASSERT_EXECED(&self->ring, &c);
	ASSERT_LE(0, pidfd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(pidfd, F_GETFD));
	p.fd = pidfd;
	EXPECT_EQ(1, poll(&p, 1, WAIT_MS));
	EXPECT_EQ(0, wait_exit(pid));
	EXPECT_EQ(-1, syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0));
	EXPECT_EQ(ESRCH, errno);
}

TEST_F(clone_flags, pidfd_is_there_with_the_first_cqe)
{
	struct io_uring_cqe cqe;
	int pidfd = -1, fds[2];
	struct chain c;
	char byte;

	ASSERT_EQ(0, pipe(fds));
	chain_init(&c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	c.args.flags = CLONE_PIDFD;
	c.args.pidfd = U64(&pidfd);
	chain_read(&c, fds[0], &byte, 1);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_LE(0, pidfd);
	EXPECT_EQ(0, syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(-EINTR, cqe.res);
}

TEST_F(clone_flags, pidfd_nowhere_to_be_written_efault)
{
	struct chain c;

	chain_init(&c, true, 0);
	c.args.flags = CLONE_PIDFD;
	c.args.pidfd = 4096;
	chain_nop(&c, 0);
	ASSERT_OUTCOME(&self->ring, &c, -EFAULT, STEP_NONE);
	EXPECT_TRUE(no_child_left());
}

TEST_F(clone_flags, pidfd_without_its_flag_einval)
{
	struct chain c;
	int pidfd;

	chain_init(&c, true, 0);
	c.args.pidfd = U64(&pidfd);
	chain_nop(&c, 0);
	EXPECT_EQ(-EINVAL, chain_outcome(&self->ring, &c).res);
}

TEST_F(clone_flags, cgroup_without_its_flag_einval)
{
	struct chain c;

	chain_init(&c, true, 0);
	c.args.cgroup = 3;
	chain_nop(&c, 0);
	EXPECT_EQ(-EINVAL, chain_outcome(&self->ring, &c).res);
}

TEST_F(clone_flags, cgroup_that_is_none_ebadf)
{
	struct chain c;

	chain_init(&c, true, 0);
	c.args.flags = INTO_CGROUP;
	c.args.cgroup = 999;
	chain_nop(&c, 0);
	ASSERT_OUTCOME(&self->ring, &c, -EBADF, STEP_NONE);
}

TEST_F(clone_flags, cgroup_holds_the_spawned_process)
{
	char dir[] = "/sys/fs/cgroup/spawn-XXXXXX", file[64], procs[32] = "", byte;
	struct io_uring_cqe cqe;
	struct chain c;
	int fds[2], in;
	pid_t pid;

	ASSERT_NE(NULL, mkdtemp(dir)) {
		TH_LOG("%s: %s: is cgroup2 mounted?", dir, strerror(errno));
	}
	ASSERT_EQ(0, pipe(fds));
	chain_init(&c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	c.args.flags = INTO_CGROUP;
	c.args.cgroup = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	chain_read(&c, fds[0], &byte, 1);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	snprintf(file, sizeof(file), "%s/cgroup.procs", dir);
	in = open(file, O_RDONLY | O_CLOEXEC);
	ASSERT_LT(0, read(in, procs, sizeof(procs) - 1));
	close(in);
	EXPECT_EQ(pid, atoi(procs));
	ASSERT_EQ(1, write(fds[1], "x", 1));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(0, wait_gone(pid));
	EXPECT_EQ(0, rmdir(dir));
}

TEST_MAIN
