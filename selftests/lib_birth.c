// SPDX-License-Identifier: GPL-2.0 OR MIT
/* libspawn_bpf: what is so from the birth of a process, by both backends. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "lib/command.h"
#include "lib/cgroup.h"
#include "lib/fixture.h"

COMMAND_FIXTURE(birth)

/* Regular files of size 1, 2 ... under the numbers 10, 11 ..., close-on-exec. */
static int make_files(unsigned int nr)
{
	unsigned int i;
	int fd;

	for (i = 0; i < nr; i++) {
		fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
		if (fd < 0 || ftruncate(fd, i + 1) || dup3(fd, 10 + i, O_CLOEXEC) < 0 || close(fd))
			return -errno;
	}
	return 0;
}

/* The number of the file, or 0. */
static unsigned int file_at(const struct state *s, int fd)
{
	return s->fds[fd].flags >= 0 && s->fds[fd].type == S_IFREG ? s->fds[fd].id : 0;
}

static unsigned int nr_open(const struct state *s)
{
	unsigned int nr = 0, fd;

	for (fd = 0; fd < STATE_FDS; fd++)
		nr += s->fds[fd].flags != -EBADF;
	return nr;
}

TEST_F(birth, fds_are_looked_up_before_one_is_set)
{
	struct command *c = &self->c;

	ASSERT_EQ(0, make_files(5));
	/* a swap, a circle of three that feeds a fourth, one onto itself */
	EXPECT_EQ(0, spawn_bpf_cmd__fd(c->cmd, 10, 11));
	EXPECT_EQ(0, spawn_bpf_cmd__fd(c->cmd, 11, 10));
	EXPECT_EQ(0, spawn_bpf_cmd__fd(c->cmd, 12, 20));
	EXPECT_EQ(0, spawn_bpf_cmd__fd(c->cmd, 12, 13));
	EXPECT_EQ(0, spawn_bpf_cmd__fd(c->cmd, 13, 0));
	EXPECT_EQ(0, spawn_bpf_cmd__fd(c->cmd, 0, 12));
	EXPECT_EQ(0, spawn_bpf_cmd__fd(c->cmd, 14, 14));
	EXPECT_RUNS(c);
	EXPECT_EQ(2, file_at(&c->state, 10));
	EXPECT_EQ(1, file_at(&c->state, 11));
	EXPECT_EQ(3, file_at(&c->state, 20));
	EXPECT_EQ(3, file_at(&c->state, 13));
	EXPECT_EQ(4, file_at(&c->state, 0));
	EXPECT_EQ(S_IFCHR, c->state.fds[12].type);
	EXPECT_EQ(5, file_at(&c->state, 14));
	EXPECT_EQ(0, spawn_bpf_cmd__fd(c->cmd, 25, 25));
	EXPECT_FAILS(c, -EBADF, SPAWN_BPF_STEP_CLONE);
	EXPECT_EQ(-EEXIST, spawn_bpf_cmd__fd(c->cmd, 10, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__fd(c->cmd, -1, 3));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__fd(c->cmd, 1, -1));
	EXPECT_REFUSED(c, -EEXIST, SPAWN_BPF_STEP_CLONE);
}

TEST_F(birth, fds_when_all_numbers_are_taken)
{
	struct rlimit few;
	struct command *c = &self->c;
	int fd;

	ASSERT_EQ(0, make_files(2));
	while ((fd = dup(1)) >= 0 && fd < 31)
		;
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &few));
	few.rlim_cur = 32;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	while (dup(1) >= 0)
		;
	EXPECT_EQ(0, spawn_bpf_cmd__fd(c->cmd, 10, 11));
	EXPECT_EQ(0, spawn_bpf_cmd__fd(c->cmd, 11, 10));
	EXPECT_RUNS(c);
	EXPECT_EQ(2, file_at(&c->state, 10));
	EXPECT_EQ(1, file_at(&c->state, 11));
	EXPECT_EQ(32, c->state.limits[RLIMIT_NOFILE][0]);
	EXPECT_EQ(0, spawn_bpf_cmd__fd(c->cmd, 1, 32));
	EXPECT_FAILS(c, -EBADF, SPAWN_BPF_STEP_CLONE);
}

TEST_F(birth, fds_as_many_as_there_may_be)
{
	struct command *c = &self->c;
	int i;

	ASSERT_EQ(0, make_files(1));
	for (i = 0; i < (int)IORING_SPAWN_MAX_FDS; i++)
		ASSERT_EQ(0, spawn_bpf_cmd__fd(c->cmd, 10, 100 + i));
	EXPECT_EQ(0, spawn_bpf_cmd__dup2(c->cmd, 100 + IORING_SPAWN_MAX_FDS - 1, 12));
	EXPECT_RUNS(c);
	EXPECT_EQ(1, file_at(&c->state, 12));
	EXPECT_EQ(-E2BIG, spawn_bpf_cmd__fd(c->cmd, 10, 99));
	EXPECT_REFUSED(c, -E2BIG, SPAWN_BPF_STEP_CLONE);
}

TEST_F(birth, no_files_but_those_named)
{
	struct command *c = &self->c;

	ASSERT_EQ(0, make_files(2));
	ASSERT_EQ(0, command_new(c, c->program, SPAWN_BPF_NO_FILES, NULL));
	EXPECT_EQ(0, spawn_bpf_cmd__fd(c->cmd, REPORT_FD, REPORT_FD));
	EXPECT_EQ(0, spawn_bpf_cmd__fd(c->cmd, 10, 11));
	EXPECT_EQ(0, spawn_bpf_cmd__fd(c->cmd, 11, 5));
	EXPECT_RUNS(c);
	EXPECT_EQ(3, nr_open(&c->state));
	EXPECT_EQ(1, file_at(&c->state, 11));
	EXPECT_EQ(2, file_at(&c->state, 5));
	EXPECT_EQ(0, spawn_bpf_cmd__dup2(c->cmd, 10, 12));
	EXPECT_FAILS(c, -EBADF, 0);
}

TEST_F(birth, no_files_at_all)
{
	struct command *c = &self->c;

	ASSERT_EQ(0, command_new(c, c->program, SPAWN_BPF_NO_FILES, NULL));
	/* state cannot report, and says so by its status */
	ASSERT_EQ(0, spawn_by(c, c->cmd, &c->res, 0));
	EXPECT_EQ(98, wait_exit(c->res.pid));
}

static struct spawn_bpf_cmd *sleep_command(void)
{
	static char *argv[] = { "sleep", "100", NULL };

	return spawn_bpf_cmd__new("/bin/sleep", argv, environ, NULL);
}

TEST_F(birth, cgroup)
{
	struct spawn_bpf_cmd *cmd = sleep_command();
	struct command *c = &self->c;
	struct cgroup cg;
	int dir;

	ASSERT_EQ(0, cgroup_make(&cg, NULL));
	EXPECT_EQ(0, spawn_bpf_cmd__cgroup(c->cmd, cg.fd));
	EXPECT_RUNS(c);
	EXPECT_EQ(0, spawn_bpf_cmd__cgroup(cmd, cg.fd));
	ASSERT_EQ(0, spawn_by(c, cmd, &c->res, 0));
	EXPECT_EQ(c->res.pid, cgroup_number(&cg, "cgroup.procs", NULL));
	kill(c->res.pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_exit(c->res.pid));
	spawn_bpf_cmd__free(cmd);
	dir = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	EXPECT_EQ(0, spawn_bpf_cmd__cgroup(c->cmd, dir));
	EXPECT_FAILS(c, -EBADF, SPAWN_BPF_STEP_CLONE);
	EXPECT_EQ(0, spawn_bpf_cmd__cgroup(c->cmd, 99));
	EXPECT_FAILS(c, -EBADF, SPAWN_BPF_STEP_CLONE);
	EXPECT_EQ(0, spawn_bpf_cmd__cgroup(c->cmd, cg.fd));
	ASSERT_EQ(0, rmdir(cg.dir));
	EXPECT_FAILS(c, -ENOENT, SPAWN_BPF_STEP_CLONE);
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__cgroup(c->cmd, -1));
	EXPECT_REFUSED(c, -EINVAL, SPAWN_BPF_STEP_CLONE);
}

/* Of both together the cgroup is the root of the namespace, as with clone3(2). */
TEST_F(birth, cgroup_and_its_namespace)
{
	char *argv[] = { "sh", "-c", "read line </proc/self/cgroup; [ \"$line\" = 0::/ ]", NULL };
	struct spawn_bpf_cmd *cmd = spawn_bpf_cmd__new("/bin/sh", argv, environ, NULL);
	struct command *c = &self->c;
	struct cgroup cg;

	ASSERT_EQ(0, cgroup_make(&cg, NULL));
	EXPECT_EQ(0, spawn_bpf_cmd__cgroup(cmd, cg.fd));
	ASSERT_EQ(0, spawn_by(c, cmd, &c->res, 0));
	EXPECT_EQ(1, wait_exit(c->res.pid));
	EXPECT_EQ(0, spawn_bpf_cmd__namespaces(cmd, CLONE_NEWCGROUP));
	ASSERT_EQ(0, spawn_by(c, cmd, &c->res, 0));
	EXPECT_EQ(0, wait_exit(c->res.pid));
	spawn_bpf_cmd__free(cmd);
	cgroup_remove(&cg);
}

static ino_t namespace_of(pid_t pid, const char *which)
{
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, which);
	return stat(path, &st) ? 0 : st.st_ino;
}

TEST_F(birth, namespaces)
{
	struct command *c = &self->c;
	struct spawn_bpf_cmd *cmd = sleep_command();

	EXPECT_EQ(0, spawn_bpf_cmd__namespaces(cmd, CLONE_NEWUTS | CLONE_NEWNS));
	ASSERT_EQ(0, spawn_by(c, cmd, &c->res, 0));
	EXPECT_NE(0, namespace_of(c->res.pid, "uts"));
	EXPECT_NE(namespace_of(getpid(), "uts"), namespace_of(c->res.pid, "uts"));
	EXPECT_NE(namespace_of(getpid(), "mnt"), namespace_of(c->res.pid, "mnt"));
	EXPECT_EQ(namespace_of(getpid(), "ipc"), namespace_of(c->res.pid, "ipc"));
	kill(c->res.pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_exit(c->res.pid));
	spawn_bpf_cmd__free(cmd);
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__namespaces(c->cmd, CLONE_VM));
	EXPECT_REFUSED(c, -EINVAL, SPAWN_BPF_STEP_CLONE);
}

TEST_F(birth, namespaces_eperm)
{
	struct command *c = &self->c;

	EXPECT_EQ(0, spawn_bpf_cmd__namespaces(c->cmd, CLONE_NEWUTS));
	ASSERT_EQ(0, seteuid(65534));
	EXPECT_EQ(-EPERM, spawn_by(c, c->cmd, &c->res, 0));
	EXPECT_EQ(SPAWN_BPF_STEP_CLONE, c->res.step);
	ASSERT_EQ(0, seteuid(0));
}

TEST_MAIN
