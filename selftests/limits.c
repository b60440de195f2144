// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Nothing more than system calls would allow: seccomp, the sysctl, process limits, credentials. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "lib/fixture.h"
#include "targets/report.h"

CHAIN_FIXTURE_2(limits)

#define SYSCTL	"/proc/sys/kernel/io_uring_spawn"
#define NOBODY	1000

TEST_F(limits, under_a_seccomp_filter_eperm)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog prog = { 1, &allow };
	struct chain c;

	ASSERT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	ASSERT_EQ(0, prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog));
	chain_init(&c, variant->array, 0);
	chain_nop(&c, 0);
	ASSERT_OUTCOME(&self->ring, &c, -EPERM, STEP_NONE);
	EXPECT_TRUE(no_child_left());
}

FIXTURE(sysctl) {
	struct io_uring ring;
};

FIXTURE_SETUP(sysctl)
{
	ASSERT_EQ(0, ring_init(&self->ring, 0));
}

FIXTURE_TEARDOWN(sysctl)
{
	ASSERT_EQ(0, setresuid(0, 0, 0));
	EXPECT_EQ(0, write_file(SYSCTL, "0"));
	io_uring_queue_exit(&self->ring);
}

static int try_clone(struct io_uring *ring)
{
	struct chain c;

	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	return chain_outcome(ring, &c).res;
}

TEST_F(sysctl, zero_lets_everybody_ok)
{
	ASSERT_EQ(0, write_file(SYSCTL, "0"));
	EXPECT_EQ(0, try_clone(&self->ring));
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, 0));
	EXPECT_EQ(0, try_clone(&self->ring));
}

TEST_F(sysctl, one_lets_cap_sys_admin_others_eperm)
{
	ASSERT_EQ(0, write_file(SYSCTL, "1"));
	EXPECT_EQ(0, try_clone(&self->ring));
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, 0));
	EXPECT_EQ(-EPERM, try_clone(&self->ring));
}

TEST_F(sysctl, two_lets_nobody_eperm)
{
	ASSERT_EQ(0, write_file(SYSCTL, "2"));
	EXPECT_EQ(-EPERM, try_clone(&self->ring));
}

TEST_F(sysctl, other_values_einval)
{
	EXPECT_EQ(-EINVAL, write_file(SYSCTL, "3"));
	EXPECT_EQ(-EINVAL, write_file(SYSCTL, "-1"));
}

TEST_F(limits, rlimit_nproc_eagain)
{
	struct rlimit one = { 1, 1 };
	struct chain c;

	ASSERT_EQ(0, setrlimit(RLIMIT_NPROC, &one));
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, NOBODY));
	chain_init(&c, variant->array, 0);
	chain_nop(&c, 0);
	ASSERT_OUTCOME(&self->ring, &c, -EAGAIN, STEP_NONE);
	EXPECT_TRUE(no_child_left());
}

TEST_F(limits, chain_has_the_callers_credentials)
{
	char dir[] = "/limits-XXXXXX", file[64];
	struct chain c;

	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, chmod(dir, 0700));
	snprintf(file, sizeof(file), "%s/file", dir);
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, 0));
	chain_init(&c, variant->array, 0);
	io_uring_prep_openat(chain_add(&c), AT_FDCWD, file, O_CREAT | O_WRONLY, 0600);
	ASSERT_OUTCOME(&self->ring, &c, -EACCES, 0);
	ASSERT_EQ(0, setresuid(0, 0, 0));
	EXPECT_EQ(0, rmdir(dir));
}

/* Credentials are those at CLONE, whoever issues it. */
TEST_F(limits, async_clone_has_the_callers_credentials)
{
	char path[256], fd[8], *argv[] = { "report", fd, "0", NULL };
	struct report r;
	struct chain c;
	int fds[2];

	ASSERT_EQ(0, target(path, sizeof(path), "report"));
	ASSERT_EQ(0, pipe(fds));
	snprintf(fd, sizeof(fd), "%d", fds[1]);
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, 0));
	chain_init(&c, variant->array, 0);
	c.clone.flags = IOSQE_ASYNC;
	chain_exec(&c, path, argv);
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	ASSERT_EQ(sizeof(r), read(fds[0], &r, sizeof(r)));
	EXPECT_EQ(NOBODY, r.uid);
	EXPECT_EQ(NOBODY, r.euid);
	ASSERT_EQ(0, setresuid(0, 0, 0));
}

TEST_F(limits, set_uid_program_gains_its_owner)
{
	char path[256], copy[] = "/limits-setuid", fd[8], *argv[] = { "report", fd, "0", NULL };
	struct report r;
	struct chain c;
	int fds[2];

	ASSERT_EQ(0, target(path, sizeof(path), "report"));
	ASSERT_EQ(0, copy_file(path, copy, 04755));
	ASSERT_EQ(0, pipe(fds));
	snprintf(fd, sizeof(fd), "%d", fds[1]);
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, 0));
	chain_init(&c, variant->array, 0);
	chain_exec(&c, copy, argv);
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	ASSERT_EQ(sizeof(r), read(fds[0], &r, sizeof(r)));
	EXPECT_EQ(NOBODY, r.uid);
	EXPECT_EQ(0, r.euid);
	ASSERT_EQ(0, setresuid(0, 0, 0));
	unlink(copy);
}

TEST_F(limits, no_new_privs_holds_for_a_set_uid_program)
{
	char path[256], copy[] = "/limits-nnp", fd[8], *argv[] = { "report", fd, "0", NULL };
	struct report r;
	struct chain c;
	int fds[2];

	ASSERT_EQ(0, target(path, sizeof(path), "report"));
	ASSERT_EQ(0, copy_file(path, copy, 04755));
	ASSERT_EQ(0, pipe(fds));
	snprintf(fd, sizeof(fd), "%d", fds[1]);
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, 0));
	ASSERT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	chain_init(&c, variant->array, 0);
	chain_exec(&c, copy, argv);
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	ASSERT_EQ(sizeof(r), read(fds[0], &r, sizeof(r)));
	EXPECT_EQ(NOBODY, r.euid);
	ASSERT_EQ(0, setresuid(0, 0, 0));
	unlink(copy);
}

TEST_MAIN
