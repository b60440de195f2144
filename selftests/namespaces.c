// SPDX-License-Identifier: GPL-2.0 OR MIT
/* CLONE_NEW*: what the chain and its program find themselves in. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include "lib/fixture.h"
#include "targets/report.h"

RING_FIXTURE_2(namespaces)

static const struct {
	__u64		flag;
	const char	*name;
} kinds[] = {
	{ CLONE_NEWNS, "mnt" },		{ CLONE_NEWCGROUP, "cgroup" },	{ CLONE_NEWUTS, "uts" },
	{ CLONE_NEWIPC, "ipc" },	{ CLONE_NEWUSER, "user" },
	{ CLONE_NEWPID, "pid_for_children" },				{ CLONE_NEWNET, "net" },
};
#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool same_namespace(pid_t a, pid_t b, const char *name)
{
	char path[64];
	struct stat sa, sb;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", a, name);
	if (stat(path, &sa))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", b, name);
	return !stat(path, &sb) && sa.st_ino == sb.st_ino;
}

/* Those asked for are new, from before the first SQE on, and no other is. */
TEST_F(namespaces, each_is_new_before_the_chain_runs)
{
	struct io_uring_cqe cqe;
	struct chain c;
	unsigned int i, j;
	char byte;
	int go[2];
	pid_t pid;

	for (i = 0; i < NR_KINDS; i++) {
		ASSERT_EQ(0, pipe(go));
		chain_init(&c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
		c.args.flags = kinds[i].flag;
		chain_read(&c, go[0], &byte, 1);
		ASSERT_EQ(0, chain_submit(&self->ring, &c));
		pid = ASSERT_BORN(&self->ring);
		for (j = 0; j < NR_KINDS; j++)
			EXPECT_EQ(i != j, same_namespace(getpid(), pid, kinds[j].name)) {
				TH_LOG("CLONE flag of %s, namespace %s", kinds[i].name,
				       kinds[j].name);
			}
		ASSERT_EQ(1, write(go[1], "x", 1));
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		EXPECT_EQ(0, cqe.res);
		close(go[0]);
		close(go[1]);
	}
}

TEST_F(namespaces, in_a_new_pid_namespace_the_program_is_one)
{
	char path[256], fd[8], *argv[] = { "report", fd, "3", NULL };
	struct report r = {};
	struct chain c;
	int out[2];
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "report"));
	ASSERT_EQ(0, pipe(out));
	snprintf(fd, sizeof(fd), "%d", out[1]);
	chain_init(&c, true, 0);
	c.args.flags = CLONE_NEWPID;
	chain_exec(&c, path, argv);
	pid = ASSERT_EXECED(&self->ring, &c);
	EXPECT_LT(1, pid);
	EXPECT_EQ(3, wait_exit(pid));
	ASSERT_EQ(sizeof(r), read(out[0], &r, sizeof(r)));
	EXPECT_EQ(1, r.pid);
	EXPECT_EQ(0, r.ppid);
}

/* It is init there, which ignores what it doesn't handle, but not this. */
TEST_F(namespaces, init_of_a_pid_namespace_is_cancelled)
{
	struct chain c;
	int go[2];
	char byte;

	ASSERT_EQ(0, pipe(go));
	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	c.args.flags = CLONE_NEWPID;
	chain_read(&c, go[0], &byte, 1);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	io_uring_prep_cancel64(get_sqe(&self->ring), UD_CLONE, 0);
	ASSERT_EQ(0, submit_all(&self->ring));
	{
		struct io_uring_cqe a, b;

		ASSERT_EQ(0, next_cqe(&self->ring, &a));
		ASSERT_EQ(0, next_cqe(&self->ring, &b));
		EXPECT_EQ(-ECANCELED, a.user_data == UD_CLONE ? a.res : b.res);
		EXPECT_EQ(0, a.user_data == UD_CLONE ? b.res : a.res);
	}
	EXPECT_TRUE(no_child_left());
}

static int as_nobody(const struct chain *c)
{
	struct io_uring ring;
	struct chain copy = *c;
	int ret = -EINVAL;

	if (setgid(65534) || setuid(65534) || ring_init(&ring, 0))
		return 255;
	ret = chain_outcome(&ring, &copy).res;
	return ret < 0 ? -ret : 0;
}

static int outcome_as_nobody(__u64 flags)
{
	struct chain c;
	pid_t pid;

	chain_init(&c, true, 0);
	c.args.flags = flags;
	chain_nop(&c, 0);
	pid = fork();
	if (!pid)
		_exit(as_nobody(&c));
	return wait_exit(pid);
}

TEST_F(namespaces, without_privilege_eperm_but_in_a_new_user_namespace_ok)
{
	unsigned int i;

	EXPECT_EQ(0, outcome_as_nobody(0));
	for (i = 0; i < NR_KINDS; i++) {
		if (kinds[i].flag == CLONE_NEWUSER)
			continue;
		EXPECT_EQ(EPERM, outcome_as_nobody(kinds[i].flag)) {
			TH_LOG("%s", kinds[i].name);
		}
		EXPECT_EQ(0, outcome_as_nobody(kinds[i].flag | CLONE_NEWUSER)) {
			TH_LOG("user and %s", kinds[i].name);
		}
	}
}

/* A chain in a user namespace has no more rights outside than its submitter. */
TEST_F(namespaces, new_user_namespace_gives_nothing_outside)
{
	char dir[] = "/tmp/userns-XXXXXX", file[64];
	struct chain c;
	pid_t pid;

	ASSERT_NE(NULL, mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/new", dir);
	chain_init(&c, true, 0);
	c.args.flags = CLONE_NEWUSER;
	io_uring_prep_openat(chain_add(&c), AT_FDCWD, file, O_CREAT | O_WRONLY, 0600);
	c.sqe[0].user_data = 0;
	pid = fork();
	if (!pid)
		_exit(as_nobody(&c));
	EXPECT_EQ(EACCES, wait_exit(pid));
	EXPECT_EQ(0, rmdir(dir));
}

TEST_F(namespaces, flags_that_are_not_namespaces_einval)
{
	static const __u64 not[] = {
		CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_SIGHAND, CLONE_THREAD, CLONE_PARENT,
		CLONE_SYSVSEM, CLONE_SETTLS, CLONE_UNTRACED, CLONE_IO, CLONE_VFORK, CLONE_PTRACE,
		0x80 /* CLONE_NEWTIME */, 0xff,
	};
	struct chain c;
	unsigned int i;

	for (i = 0; i < sizeof(not) / sizeof(not[0]); i++) {
		chain_init(&c, true, 0);
		c.args.flags = not[i];
		chain_nop(&c, 0);
		EXPECT_EQ(-EINVAL, chain_outcome(&self->ring, &c).res) {
			TH_LOG("flag %#llx", not[i]);
		}
	}
}

TEST_MAIN
