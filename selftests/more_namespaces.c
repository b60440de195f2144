// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Nothing more than the submitter could: a submitter that is in PID, user and mount namespaces of
 * its own, with or without privilege outside.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "lib/fixture.h"
#include "targets/report.h"

#define SOMEBODY	4321

FIXTURE(inside) {
	struct chain chain;
	char report[256], quick[256];
	int gate[2], out[2];
	char byte;
};

FIXTURE_SETUP(inside)
{
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, target(self->report, sizeof(self->report), "report"));
	ASSERT_EQ(0, target(self->quick, sizeof(self->quick), "quick"));
	ASSERT_EQ(0, pipe(self->gate));
	ASSERT_EQ(0, pipe(self->out));
}

FIXTURE_TEARDOWN(inside)
{
	EXPECT_TRUE(all_children_gone());
}

static void wait_chain(FIXTURE_DATA(inside) *self)
{
	chain_init(&self->chain, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	chain_read(&self->chain, self->gate[0], &self->byte, 1);
}

static void report_chain(FIXTURE_DATA(inside) *self)
{
	static char fd[8], *argv[] = { "report", fd, "0", NULL };

	snprintf(fd, sizeof(fd), "%d", self->out[1]);
	chain_init(&self->chain, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	chain_exec(&self->chain, self->report, argv);
}

/* First process of new namespaces; what it does there is the test. Exits with its result. */
static pid_t enter(int flags, int (*run)(FIXTURE_DATA(inside) *self), FIXTURE_DATA(inside) *self)
{
	pid_t outer = fork(), inner;

	if (outer)
		return outer;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(flags))
		_exit(90);
	inner = fork();
	if (!inner)
		_exit(run(self));
	_exit(wait_exit(inner));
}

static int spawns_by_its_own_numbers(FIXTURE_DATA(inside) *self)
{
	struct io_uring_cqe born, over;
	struct io_uring ring;
	struct report r;

	report_chain(self);
	if (ring_init(&ring, 0) || chain_submit(&ring, &self->chain) || next_cqe(&ring, &born) ||
	    next_cqe(&ring, &over))
		return 1;
	/* we are the first process here, so this is the second */
	if (getpid() != 1 || born.res != 2 || over.res != 2)
		return 2;
	if (wait_exit(2))
		return 3;
	if (read(self->out[0], &r, sizeof(r)) != sizeof(r) || r.pid != 2 || r.ppid != 1)
		return 4;
	return 0;
}

TEST_F(inside, pid_is_that_of_the_submitters_namespace)
{
	EXPECT_EQ(0, wait_exit(enter(CLONE_NEWPID, spawns_by_its_own_numbers, self)));
}

static int spawns_and_waits(FIXTURE_DATA(inside) *self)
{
	struct io_uring_cqe cqe;
	struct io_uring ring;
	pid_t pid = fork();

	if (pid) {
		/* the first process; it says who is to be killed when there is a chain */
		for (;;)
			pause();
	}
	wait_chain(self);
	if (ring_init(&ring, 0) || chain_submit(&ring, &self->chain) || next_cqe(&ring, &cqe))
		_exit(1);
	if (write(self->out[1], &cqe.res, sizeof(cqe.res)) != sizeof(cqe.res))
		_exit(2);
	next_cqe(&ring, &cqe);
	_exit(3);
}

/* The pid, as we see it, of the only child of one of ours. */
static pid_t only_child(pid_t pid)
{
	char path[64];
	int child = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	f = fopen(path, "r");
	if (f && fscanf(f, "%d", &child) != 1)
		child = 0;
	if (f)
		fclose(f);
	return child;
}

TEST_F(inside, killed_init_ends_submitter_and_chain)
{
	pid_t outer = enter(CLONE_NEWPID, spawns_and_waits, self), init, submitter, task;
	int seen_inside;

	ASSERT_EQ(sizeof(seen_inside), read(self->out[0], &seen_inside, sizeof(seen_inside)));
	EXPECT_EQ(3, seen_inside);
	init = only_child(outer);
	submitter = only_child(init);
	task = only_child(submitter);
	ASSERT_LT(0, task);
	ASSERT_EQ(0, kill(init, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, wait_exit(outer));
	EXPECT_EQ(0, wait_gone(task));
	EXPECT_EQ(0, wait_gone(submitter));
}

/* After unshare(CLONE_NEWPID) the next child is the first process of a new namespace. */
TEST_F(inside, task_is_the_first_process_of_the_namespace_for_children)
{
	struct io_uring_cqe cqe;
	struct io_uring ring;
	struct report r;
	pid_t pid;

	ASSERT_EQ(0, ring_init(&ring, 0));
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	report_chain(self);
	ASSERT_EQ(0, chain_submit(&ring, &self->chain));
	pid = ASSERT_BORN(&ring);
	EXPECT_LT(1, pid);
	ASSERT_CQE(&ring, UD_CLONE, pid);
	EXPECT_EQ(0, wait_exit(pid));
	ASSERT_EQ(sizeof(r), read(self->out[0], &r, sizeof(r)));
	EXPECT_EQ(1, r.pid);
	EXPECT_EQ(0, r.ppid);
	/* it was the first, so there is no second: as for fork(2) */
	report_chain(self);
	ASSERT_EQ(0, chain_submit(&ring, &self->chain));
	ASSERT_EQ(0, next_cqe(&ring, &cqe));
	EXPECT_EQ(-ENOMEM, cqe.res);
	EXPECT_EQ(-1, fork());
	EXPECT_EQ(ENOMEM, errno);
	io_uring_queue_exit(&ring);
}

/* Root in a user namespace: there, and nowhere else. */
static int map_root(pid_t pid, unsigned int id)
{
	char path[64], map[32];

	snprintf(map, sizeof(map), "0 %u 1", id);
	snprintf(path, sizeof(path), "/proc/%d/setgroups", pid);
	if (write_file(path, "deny"))
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	if (write_file(path, map))
		return -2;
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	return write_file(path, map) ? -3 : 0;
}

static int outcome_of(struct io_uring *ring, struct chain *c)
{
	return chain_outcome(ring, c).res;
}

static int acts_as_root_inside(FIXTURE_DATA(inside) *self)
{
	char *argv[] = { "quick", NULL };
	struct io_uring ring;
	struct report r;
	struct chain c;
	pid_t pid;

	if (geteuid() || ring_init(&ring, 0))
		return 1;
	/* its own mounts: it may make them, and its chains see them */
	if (mount("tmpfs", "/mnt", "tmpfs", 0, NULL))
		return 2;
	chain_init(&c, true, 0);
	io_uring_prep_openat(chain_add(&c), AT_FDCWD, "/mnt/file", O_CREAT | O_WRONLY, 0600);
	if (outcome_of(&ring, &c) || access("/mnt/file", F_OK))
		return 3;
	/* what is root's outside is not its own */
	chain_init(&c, true, 0);
	io_uring_prep_openat(chain_add(&c), AT_FDCWD, "/spawn-outside", O_WRONLY, 0);
	if (outcome_of(&ring, &c) != -EACCES)
		return 4;
	chain_init(&c, true, 0);
	chain_exec(&c, "/spawn-outside", argv);
	if (outcome_of(&ring, &c) != -EACCES)
		return 5;
	report_chain(self);
	self->chain.clone.rw_flags = 0;
	pid = outcome_of(&ring, &self->chain);
	if (pid < 2 || wait_exit(pid) || read(self->out[0], &r, sizeof(r)) != sizeof(r))
		return 6;
	return r.uid || r.euid || r.pid != pid ? 7 : 0;
}

TEST_F(inside, unprivileged_root_of_its_own_namespaces)
{
	int ready[2], go[2];
	pid_t pid, inner;
	char byte;

	ASSERT_EQ(0, write_file("/spawn-outside", ""));
	ASSERT_EQ(0, chmod("/spawn-outside", 0700));
	mkdir("/mnt", 0755);
	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	pid = fork();
	if (!pid) {
		if (setresgid(SOMEBODY, SOMEBODY, SOMEBODY) ||
		    setresuid(SOMEBODY, SOMEBODY, SOMEBODY) || prctl(PR_SET_DUMPABLE, 1) ||
		    unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS))
			_exit(90);
		if (write(ready[1], "x", 1) != 1 || read(go[0], &byte, 1) != 1)
			_exit(91);
		inner = fork();
		if (!inner)
			_exit(acts_as_root_inside(self));
		_exit(wait_exit(inner));
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	ASSERT_EQ(0, map_root(pid, SOMEBODY));
	ASSERT_EQ(1, write(go[1], "x", 1));
	EXPECT_EQ(0, wait_exit(pid));
	unlink("/spawn-outside");
}

/* 1 asks for CAP_SYS_ADMIN of the whole machine. */
static int cannot_spawn(FIXTURE_DATA(inside) *self)
{
	struct io_uring ring;
	struct chain c;

	(void)self;
	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	return ring_init(&ring, 0) || outcome_of(&ring, &c) != -EPERM;
}

TEST_F(inside, capability_in_a_user_namespace_is_not_for_the_sysctl_eperm)
{
	ASSERT_EQ(0, write_file("/proc/sys/kernel/io_uring_spawn", "1"));
	EXPECT_EQ(0, wait_exit(enter(CLONE_NEWUSER, cannot_spawn, self)));
	EXPECT_EQ(0, write_file("/proc/sys/kernel/io_uring_spawn", "0"));
}

TEST_MAIN
