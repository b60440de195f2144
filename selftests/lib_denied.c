// SPDX-License-Identifier: GPL-2.0 OR MIT
/* libspawn_bpf where io_uring is denied: it falls back and says so, or says why not. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "lib/command.h"
#include "lib/fixture.h"

#define DISABLED	"/proc/sys/kernel/io_uring_disabled"
#define SPAWN		"/proc/sys/kernel/io_uring_spawn"

FIXTURE(denied) {
	struct command any, io_uring;
};

/* Whether the ring of this thread is there already makes a difference to some. */
FIXTURE_VARIANT(denied) {
	bool has_ring;
};
FIXTURE_VARIANT_ADD(denied, from_the_start) { .has_ring = false };
FIXTURE_VARIANT_ADD(denied, later) { .has_ring = true };

FIXTURE_SETUP(denied)
{
	self->any.backend = SPAWN_BPF_BACKEND_CLONE;
	ASSERT_EQ(0, command_init(&self->any));
	self->io_uring = self->any;
	self->io_uring.flags = SPAWN_BPF_NO_FALLBACK;
	if (variant->has_ring) {
		ASSERT_EQ(0, spawn_bpf__probe());
		/* or its task, which has not quite ended, is a child that a test finds */
		ASSERT_TRUE(no_child_left());
	}
}

FIXTURE_TEARDOWN(denied)
{
	/* a test under a filter has changed none of them */
	write_file(DISABLED, "0");
	write_file(SPAWN, "0");
	command_fini(&self->any);
}

/* Three times: the first may leave something behind. */
#define EXPECT_FALLS_BACK(why) do {						\
	unsigned int __i;							\
	for (__i = 0; __i < 3; __i++) {						\
		EXPECT_RUNS(&self->any);					\
		EXPECT_EQ(why, spawn_by(&self->io_uring, self->io_uring.cmd,	\
					&self->io_uring.res, 0));		\
		EXPECT_EQ(SPAWN_BPF_STEP_CLONE, self->io_uring.res.step);	\
		EXPECT_EQ(why, spawn_bpf__probe());				\
	}									\
	EXPECT_FALSE(has_child());						\
} while (0)

/* What becomes of every io_uring_*(2), and of what else is named. */
static int install_filter(unsigned int action, int call)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, __NR_io_uring_setup, 0, 1),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, __NR_io_uring_register, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, action),
	};
	struct sock_fprog prog = { ARRAY_SIZE(filter), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		return -errno;
	return 0;
}

/* Not for ever: who allows it again is believed. */
TEST_F(denied, for_a_while)
{
	if (!variant->has_ring) {
		ASSERT_EQ(0, write_file(DISABLED, "2"));
		EXPECT_FALLS_BACK(-EPERM);
		ASSERT_EQ(0, write_file(DISABLED, "0"));
	}
	EXPECT_EQ(0, spawn_bpf__probe());
	EXPECT_EQ(0, spawn_by(&self->io_uring, self->io_uring.cmd, &self->io_uring.res, 0));
	EXPECT_LT(0, wait(NULL));
}

TEST_F(denied, by_a_filter_eperm)
{
	ASSERT_EQ(0, install_filter(SECCOMP_RET_ERRNO | EPERM, -1));
	EXPECT_FALLS_BACK(-EPERM);
}

TEST_F(denied, by_a_filter_enosys)
{
	ASSERT_EQ(0, install_filter(SECCOMP_RET_ERRNO | ENOSYS, -1));
	EXPECT_FALLS_BACK(-EPERM);
}

/* Nobody calls what is not of use. */
TEST_F(denied, by_a_filter_that_kills)
{
	ASSERT_EQ(0, install_filter(SECCOMP_RET_KILL_PROCESS, -1));
	EXPECT_FALLS_BACK(-EPERM);
}

TEST_F(denied, queue_by_a_filter_that_kills)
{
	struct spawn_bpf_queue *q = spawn_bpf_queue__new(3, NULL);
	struct spawn_bpf_cmd *cmd = exit_command("7");
	LIBSPAWN_BPF_RESULT(res);
	unsigned int i;

	ASSERT_LE(0, spawn_bpf_queue__fd(q));
	if (variant->has_ring) {	/* it runs, and nobody will ever know */
		ASSERT_EQ(0, spawn_bpf_queue__add(q, cmd, NULL));
		ASSERT_EQ(1, spawn_bpf_queue__submit(q));
	}
	ASSERT_EQ(0, spawn_bpf_queue__add(q, cmd, NULL));
	ASSERT_EQ(0, install_filter(SECCOMP_RET_KILL_PROCESS, -1));
	if (variant->has_ring) {
		ASSERT_EQ(0, spawn_bpf_queue__wait(q, -1, &res, NULL));
		EXPECT_EQ(-EIO, res.error);
		EXPECT_EQ(SPAWN_BPF_STEP_CLONE, res.step);
		EXPECT_EQ(SPAWN_BPF_BACKEND_IO_URING, res.backend);
	}
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, spawn_bpf_queue__wait(q, -1, &res, NULL));
		EXPECT_EQ(0, res.error);
		EXPECT_EQ(SPAWN_BPF_BACKEND_CLONE, res.backend);
		EXPECT_EQ(7, wait_exit(res.pid));
		EXPECT_EQ(-ECHILD, spawn_bpf_queue__wait(q, -1, &res, NULL));
		EXPECT_EQ(0, spawn_bpf_queue__cancel(q));
		ASSERT_EQ(0, spawn_bpf_queue__add(q, cmd, NULL));
	}
	if (variant->has_ring)		/* last, when nobody's else is left: it has no pid */
		EXPECT_LT(0, wait(NULL));
	spawn_bpf_queue__free(q);
	spawn_bpf_cmd__free(cmd);
}

/* What had come before the filter did is not lost. */
TEST_F(denied, queue_with_a_result)
{
	struct spawn_bpf_queue *q = spawn_bpf_queue__new(3, NULL);
	struct spawn_bpf_cmd *cmd = exit_command("7");
	struct pollfd told = { .fd = spawn_bpf_queue__fd(q), .events = POLLIN };
	unsigned int i, nr[3] = {};
	LIBSPAWN_BPF_RESULT(res);

	ASSERT_EQ(0, spawn_bpf_queue__add(q, cmd, NULL));
	ASSERT_EQ(1, spawn_bpf_queue__submit(q));
	ASSERT_EQ(1, poll(&told, 1, WAIT_MS));
	/* with this it is in the ring, and the second one is not made before it returns */
	ASSERT_EQ(0, spawn_bpf_queue__add(q, cmd, NULL));
	ASSERT_EQ(1, spawn_bpf_queue__submit(q));
	ASSERT_EQ(0, install_filter(SECCOMP_RET_KILL_PROCESS, -1));
	ASSERT_EQ(0, spawn_bpf_queue__add(q, cmd, NULL));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, spawn_bpf_queue__wait(q, -1, &res, NULL));
		nr[res.error == -EIO ? 0 : res.backend]++;
		if (!res.error) {
			EXPECT_EQ(7, wait_exit(res.pid));
		}
	}
	/* the first was there, of the second nobody knows */
	EXPECT_EQ(1, nr[SPAWN_BPF_BACKEND_IO_URING]);
	EXPECT_EQ(1, nr[0]);
	EXPECT_EQ(1, nr[SPAWN_BPF_BACKEND_CLONE]);
	EXPECT_LT(0, wait(NULL));
	spawn_bpf_queue__free(q);
	spawn_bpf_cmd__free(cmd);
}

TEST_F(denied, queue_that_may_not_fall_back)
{
	struct spawn_bpf_queue_opts opts = { .sz = sizeof(opts), .flags = SPAWN_BPF_NO_FALLBACK };
	struct spawn_bpf_queue *q = spawn_bpf_queue__new(3, &opts);
	LIBSPAWN_BPF_RESULT(res);

	ASSERT_NE(NULL, q);
	ASSERT_EQ(0, spawn_bpf_queue__add(q, self->any.cmd, NULL));
	ASSERT_EQ(0, install_filter(SECCOMP_RET_ERRNO | ENOSYS, -1));
	ASSERT_EQ(0, spawn_bpf_queue__wait(q, -1, &res, NULL));
	EXPECT_EQ(-EPERM, res.error);
	EXPECT_EQ(SPAWN_BPF_STEP_CLONE, res.step);
	EXPECT_EQ(SPAWN_BPF_BACKEND_NONE, res.backend);
	EXPECT_TRUE(no_child_left());
	spawn_bpf_queue__free(q);
}

/* One that has nothing against io_uring: the kernel has. */
TEST_F(denied, under_any_filter)
{
	ASSERT_EQ(0, install_filter(SECCOMP_RET_ERRNO | EPERM, __NR_acct));
	EXPECT_FALLS_BACK(-EPERM);
}

/* What failed has failed, and is reaped by other means. */
TEST_F(denied, waiting_too)
{
	struct spawn_bpf_cmd *cmd = spawn_bpf_cmd__new("/nowhere", NULL, NULL, NULL);
	LIBSPAWN_BPF_RESULT(res);
	unsigned int i;

	ASSERT_EQ(0, install_filter(SECCOMP_RET_ERRNO | EPERM, __NR_wait4));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-ENOENT, spawn_bpf_cmd__spawn(cmd, &res, NULL));
		EXPECT_EQ(SPAWN_BPF_STEP_EXEC, res.step);
		EXPECT_EQ(SPAWN_BPF_BACKEND_CLONE, res.backend);
		EXPECT_FALSE(has_child());
	}
	spawn_bpf_cmd__free(cmd);
}

TEST_F(denied, close_range_too)
{
	struct spawn_bpf_cmd *cmd = self->any.cmd;

	ASSERT_EQ(0, install_filter(SECCOMP_RET_ERRNO | EPERM, __NR_close_range));
	ASSERT_EQ(10, dup2(1, 10));
	ASSERT_EQ(27, dup2(1, 27));
	EXPECT_EQ(0, spawn_bpf_cmd__close_range(cmd, 3, REPORT_FD - 2, 0));
	EXPECT_EQ(1, spawn_bpf_cmd__close_range(cmd, REPORT_FD + 1, ~0U, 0));
	EXPECT_RUNS(&self->any);
	EXPECT_EQ(-EBADF, self->any.state.fds[10].flags);
	EXPECT_EQ(-EBADF, self->any.state.fds[27].flags);
	EXPECT_LE(0, self->any.state.fds[TTY_FD].flags);
	ASSERT_EQ(0, command_new(&self->any, self->any.program, SPAWN_BPF_NO_FILES, NULL));
	EXPECT_EQ(0, spawn_bpf_cmd__fd(self->any.cmd, REPORT_FD, REPORT_FD));
	EXPECT_RUNS(&self->any);
	EXPECT_EQ(-EBADF, self->any.state.fds[0].flags);
	EXPECT_EQ(-EBADF, self->any.state.fds[10].flags);
}

/* It is about making rings, not about those there are. */
TEST_F(denied, by_io_uring_disabled)
{
	ASSERT_EQ(0, write_file(DISABLED, "2"));
	if (variant->has_ring) {
		EXPECT_EQ(0, spawn_bpf__probe());
		return;
	}
	EXPECT_FALLS_BACK(-EPERM);
}

TEST_F(denied, by_io_uring_spawn)
{
	ASSERT_EQ(0, write_file(SPAWN, "2"));
	EXPECT_FALLS_BACK(-EPERM);
	ASSERT_EQ(0, write_file(SPAWN, "0"));
	EXPECT_EQ(0, spawn_bpf__probe());
}

TEST_MAIN
