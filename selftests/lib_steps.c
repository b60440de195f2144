// SPDX-License-Identifier: GPL-2.0 OR MIT
/* libspawn_bpf: every step does what its call does, or fails as that would, by both backends. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "lib/command.h"
#include "lib/fixture.h"

#define NOBODY	65534
#define FILE_FD	10

COMMAND_FIXTURE(steps)

/* A file of 4 bytes, and a directory, in a directory of the test's own, which is where it is. */
static int make_files(void)
{
	char dir[] = "/tmp/steps-XXXXXX";
	int fd;

	if (!mkdtemp(dir) || chmod(dir, 0777) || chdir(dir) || mkdir("dir", 0755) ||
	    write_file("file", "file"))
		return -errno;
	fd = open("file", O_RDWR);
	return dup2(fd, FILE_FD) == FILE_FD && !close(fd) ? 0 : -errno;
}

static void remove_files(void)
{
	char dir[256];

	unlink("file");
	unlink("new");
	unlink("program");
	rmdir("dir");
	if (getcwd(dir, sizeof(dir)))
		rmdir(dir);
}

static bool is_file(const struct state *s, int fd)
{
	return s->fds[fd].flags >= 0 && s->fds[fd].type == S_IFREG && s->fds[fd].id == 4;
}

static bool is_closed(const struct state *s, int fd)
{
	return s->fds[fd].flags == -EBADF;
}

static bool is_at(const unsigned long long place[2], const char *path)
{
	struct stat st;

	return !stat(path, &st) && place[0] == st.st_dev && place[1] == st.st_ino;
}

static sigset_t set_of(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	return set;
}

#define BIT_OF(sig)	(1ULL << ((sig) - 1))

/* ---- Descriptors -------------------------------------------------------------------------- */

TEST_F(steps, dup2)
{
	struct command *c = &self->c;

	ASSERT_EQ(0, make_files());
	EXPECT_EQ(0, spawn_bpf_cmd__dup2(c->cmd, FILE_FD, 12));
	EXPECT_EQ(1, spawn_bpf_cmd__dup2(c->cmd, 12, 0));
	EXPECT_RUNS(c);
	EXPECT_TRUE(is_file(&c->state, 12));
	EXPECT_TRUE(is_file(&c->state, 0));
	EXPECT_EQ(2, spawn_bpf_cmd__dup2(c->cmd, 20, 21));
	EXPECT_FAILS(c, -EBADF, 2);
	remove_files();
}

TEST_F(steps, dup2_onto_itself_is_inherited)
{
	struct command *c = &self->c;

	ASSERT_EQ(0, make_files());
	ASSERT_EQ(0, fcntl(FILE_FD, F_SETFD, FD_CLOEXEC));
	EXPECT_RUNS(c);
	EXPECT_TRUE(is_closed(&c->state, FILE_FD));
	EXPECT_EQ(0, spawn_bpf_cmd__dup2(c->cmd, FILE_FD, FILE_FD));
	EXPECT_RUNS(c);
	EXPECT_TRUE(is_file(&c->state, FILE_FD));
	remove_files();
}

TEST_F(steps, open)
{
	struct command *c = &self->c;

	ASSERT_EQ(0, make_files());
	EXPECT_EQ(0, spawn_bpf_cmd__open(c->cmd, 0, "file", O_RDONLY, 0));
	EXPECT_EQ(1, spawn_bpf_cmd__open(c->cmd, 12, "new", O_CREAT | O_EXCL | O_RDWR, 0600));
	EXPECT_EQ(2, spawn_bpf_cmd__open(c->cmd, 13, "file", O_CLOEXEC, 0));
	EXPECT_RUNS(c);
	EXPECT_TRUE(is_file(&c->state, 0));
	EXPECT_EQ(O_RDWR, c->state.fds[12].flags & O_ACCMODE);
	EXPECT_TRUE(is_closed(&c->state, 13));
	EXPECT_FAILS(c, -EEXIST, 1);
	remove_files();
}

TEST_F(steps, openat)
{
	struct command *c = &self->c;
	int dir;

	ASSERT_EQ(0, make_files());
	dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, dir);
	EXPECT_EQ(0, spawn_bpf_cmd__chdir(c->cmd, "/"));
	EXPECT_EQ(1, spawn_bpf_cmd__openat(c->cmd, 12, dir, "file", O_RDONLY, 0));
	EXPECT_RUNS(c);
	EXPECT_TRUE(is_file(&c->state, 12));
	EXPECT_EQ(2, spawn_bpf_cmd__openat(c->cmd, 12, 99, "file", O_RDONLY, 0));
	EXPECT_FAILS(c, -EBADF, 2);
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__openat(c->cmd, 12, dir, NULL, O_RDONLY, 0));
	close(dir);
	remove_files();
}

TEST_F(steps, open_what_its_target_is)
{
	struct command *c = &self->c;

	ASSERT_EQ(0, make_files());
	EXPECT_EQ(0, spawn_bpf_cmd__open(c->cmd, FILE_FD, "/proc/self/fd/10", O_RDONLY, 0));
	EXPECT_RUNS(c);
	EXPECT_TRUE(is_file(&c->state, FILE_FD));
	EXPECT_EQ(O_RDONLY, c->state.fds[FILE_FD].flags & O_ACCMODE);
	remove_files();
}

TEST_F(steps, open_onto_no_number_makes_no_file)
{
	struct command *c = &self->c;

	ASSERT_EQ(0, make_files());
	EXPECT_EQ(0, spawn_bpf_cmd__open(c->cmd, 1 << 30, "new", O_CREAT | O_RDWR, 0600));
	EXPECT_FAILS(c, -EBADF, 0);
	EXPECT_NE(0, access("new", F_OK));
	remove_files();
}

TEST_F(steps, close)
{
	struct command *c = &self->c;

	ASSERT_EQ(0, make_files());
	EXPECT_EQ(0, spawn_bpf_cmd__close(c->cmd, FILE_FD));
	EXPECT_EQ(1, spawn_bpf_cmd__close(c->cmd, FILE_FD));
	EXPECT_RUNS(c);
	EXPECT_TRUE(is_closed(&c->state, FILE_FD));
	remove_files();
}

TEST_F(steps, close_range)
{
	struct command *c = &self->c;

	ASSERT_EQ(0, make_files());
	EXPECT_EQ(0, spawn_bpf_cmd__close_range(c->cmd, 3, TTY_FD - 1, 0));
	EXPECT_EQ(1, spawn_bpf_cmd__close_range(c->cmd, REPORT_FD + 1, ~0U, 0));
	EXPECT_RUNS(c);
	EXPECT_TRUE(is_closed(&c->state, FILE_FD));
	EXPECT_EQ(2, spawn_bpf_cmd__close_range(c->cmd, 12, 11, 0));
	EXPECT_FAILS(c, -EINVAL, 2);
	remove_files();
}

TEST_F(steps, close_range_at_exec)
{
	struct command *c = &self->c;

	ASSERT_EQ(0, make_files());
	EXPECT_EQ(0, spawn_bpf_cmd__close_range(c->cmd, FILE_FD, FILE_FD, CLOSE_RANGE_CLOEXEC));
	EXPECT_EQ(1, spawn_bpf_cmd__dup2(c->cmd, FILE_FD, 12));
	EXPECT_RUNS(c);
	EXPECT_TRUE(is_closed(&c->state, FILE_FD));
	EXPECT_TRUE(is_file(&c->state, 12));
	EXPECT_EQ(2, spawn_bpf_cmd__close_range(c->cmd, 12, 12, 1));
	EXPECT_FAILS(c, -EINVAL, 2);
	remove_files();
}

/* ---- Places ------------------------------------------------------------------------------- */

TEST_F(steps, chdir)
{
	struct command *c = &self->c;

	ASSERT_EQ(0, make_files());
	EXPECT_EQ(0, spawn_bpf_cmd__chdir(c->cmd, "dir"));
	EXPECT_RUNS(c);
	EXPECT_TRUE(is_at(c->state.cwd, "dir"));
	EXPECT_EQ(1, spawn_bpf_cmd__chdir(c->cmd, "dir"));
	EXPECT_FAILS(c, -ENOENT, 1);
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__chdir(c->cmd, NULL));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__open(c->cmd, 5, NULL, O_RDONLY, 0));
	remove_files();
}

TEST_F(steps, fchdir)
{
	struct command *c = &self->c;

	ASSERT_EQ(0, make_files());
	EXPECT_EQ(0, spawn_bpf_cmd__open(c->cmd, 12, "dir", O_DIRECTORY, 0));
	EXPECT_EQ(1, spawn_bpf_cmd__fchdir(c->cmd, 12));
	EXPECT_RUNS(c);
	EXPECT_TRUE(is_at(c->state.cwd, "dir"));
	EXPECT_EQ(2, spawn_bpf_cmd__fchdir(c->cmd, FILE_FD));
	EXPECT_FAILS(c, -ENOTDIR, 2);
	remove_files();
}

TEST_F(steps, chroot)
{
	struct command *c = &self->c;

	ASSERT_EQ(0, make_files());
	ASSERT_EQ(0, copy_file(c->program, "program", 0755));
	ASSERT_EQ(0, command_new(c, "/program", 0, NULL));
	EXPECT_EQ(0, spawn_bpf_cmd__chroot(c->cmd, "."));
	EXPECT_RUNS(c);
	EXPECT_TRUE(is_at(c->state.root, "."));
	EXPECT_EQ(1, spawn_bpf_cmd__chroot(c->cmd, "/program"));
	EXPECT_FAILS(c, -ENOTDIR, 1);
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__chroot(c->cmd, NULL));
	remove_files();
}

TEST_F(steps, umask)
{
	struct command *c = &self->c;
	mode_t before = umask(022);

	EXPECT_EQ(0, spawn_bpf_cmd__umask(c->cmd, 0137));
	EXPECT_RUNS(c);
	EXPECT_EQ(0137, c->state.umask);
	EXPECT_EQ(022, umask(before));
}

/* ---- Signals ------------------------------------------------------------------------------ */

TEST_F(steps, sigmask)
{
	struct command *c = &self->c;
	sigset_t usr1 = set_of(SIGUSR1), usr2 = set_of(SIGUSR2), rt = set_of(64);

	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &usr1, NULL));
	EXPECT_RUNS(c);
	EXPECT_EQ(BIT_OF(SIGUSR1), c->state.blocked);
	EXPECT_EQ(0, spawn_bpf_cmd__sigmask(c->cmd, SIG_BLOCK, &usr2));
	EXPECT_RUNS(c);
	EXPECT_EQ(BIT_OF(SIGUSR1) | BIT_OF(SIGUSR2), c->state.blocked);
	EXPECT_EQ(1, spawn_bpf_cmd__sigmask(c->cmd, SIG_UNBLOCK, &usr1));
	EXPECT_RUNS(c);
	EXPECT_EQ(BIT_OF(SIGUSR2), c->state.blocked);
	EXPECT_EQ(2, spawn_bpf_cmd__sigmask(c->cmd, SIG_SETMASK, &rt));
	EXPECT_RUNS(c);
	EXPECT_EQ(BIT_OF(64), c->state.blocked);
	EXPECT_EQ(3, spawn_bpf_cmd__sigmask(c->cmd, 17, &usr1));
	EXPECT_FAILS(c, -EINVAL, 3);
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__sigmask(c->cmd, SIG_BLOCK, NULL));
}

static void handler(int sig)
{
}

TEST_F(steps, sigdefault)
{
	struct command *c = &self->c;
	sigset_t usr1 = set_of(SIGUSR1);

	ASSERT_NE(SIG_ERR, signal(SIGUSR1, SIG_IGN));
	ASSERT_NE(SIG_ERR, signal(SIGUSR2, SIG_IGN));
	ASSERT_NE(SIG_ERR, signal(SIGALRM, handler));
	EXPECT_RUNS(c);
	EXPECT_EQ(BIT_OF(SIGUSR1) | BIT_OF(SIGUSR2), c->state.ignored);
	EXPECT_EQ(0, c->state.caught);
	EXPECT_EQ(0, spawn_bpf_cmd__sigdefault(c->cmd, &usr1));
	EXPECT_RUNS(c);
	EXPECT_EQ(BIT_OF(SIGUSR2), c->state.ignored);
	EXPECT_EQ(SIG_IGN, signal(SIGUSR1, SIG_DFL));
	EXPECT_TRUE(signal(SIGALRM, SIG_DFL) == handler);
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__sigdefault(c->cmd, NULL));
}

/* ---- Session and terminal ----------------------------------------------------------------- */

TEST_F(steps, setsid)
{
	struct command *c = &self->c;

	EXPECT_EQ(0, spawn_bpf_cmd__setsid(c->cmd));
	EXPECT_RUNS(c);
	EXPECT_EQ(STATE_OWN, c->state.session);
	EXPECT_EQ(STATE_OWN, c->state.group);
	EXPECT_EQ(1, spawn_bpf_cmd__setsid(c->cmd));
	EXPECT_FAILS(c, -EPERM, 1);
}

TEST_F(steps, setpgid)
{
	struct command *c = &self->c;

	EXPECT_EQ(0, spawn_bpf_cmd__setpgid(c->cmd, 0));
	EXPECT_RUNS(c);
	EXPECT_EQ(STATE_PARENTS, c->state.session);
	EXPECT_EQ(STATE_OWN, c->state.group);
	EXPECT_EQ(1, spawn_bpf_cmd__setpgid(c->cmd, -1));
	EXPECT_FAILS(c, -EINVAL, 1);
}

TEST_F(steps, ctty_and_tcsetpgrp)
{
	struct command *c = &self->c;

	EXPECT_EQ(0, spawn_bpf_cmd__setsid(c->cmd));
	EXPECT_EQ(1, spawn_bpf_cmd__ctty(c->cmd, TTY_FD));
	EXPECT_EQ(2, spawn_bpf_cmd__tcsetpgrp(c->cmd, TTY_FD, 0));
	EXPECT_RUNS(c);
	EXPECT_EQ(STATE_OWN, c->state.tty_session);
	EXPECT_EQ(STATE_OWN, c->state.tty_group);
	EXPECT_EQ(3, spawn_bpf_cmd__tcsetpgrp(c->cmd, TTY_FD, -1));
	EXPECT_FAILS(c, -EINVAL, 3);
}

TEST_F(steps, ctty_without_a_session_of_its_own)
{
	struct command *c = &self->c;

	EXPECT_EQ(0, spawn_bpf_cmd__ctty(c->cmd, TTY_FD));
	EXPECT_FAILS(c, -EPERM, 0);
}

TEST_F(steps, tcsetpgrp_of_no_terminal)
{
	struct command *c = &self->c;

	EXPECT_EQ(0, spawn_bpf_cmd__tcsetpgrp(c->cmd, REPORT_FD, 0));
	EXPECT_FAILS(c, -ENOTTY, 0);
}

TEST_F(steps, refused)
{
	struct command *c = &self->c;

	EXPECT_EQ(0, spawn_bpf_cmd__umask(c->cmd, 022));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__chdir(c->cmd, NULL));
	EXPECT_EQ(1, spawn_bpf_cmd__umask(c->cmd, 022));
	EXPECT_EQ(-EEXIST, spawn_bpf_cmd__fd(c->cmd, 0, 1) ?: spawn_bpf_cmd__fd(c->cmd, 0, 1));
	EXPECT_REFUSED(c, -EINVAL, 1);
}

/* ---- Scheduling and limits ---------------------------------------------------------------- */

TEST_F(steps, sched)
{
	struct command *c = &self->c;

	EXPECT_EQ(0, spawn_bpf_cmd__sched(c->cmd, SCHED_FIFO, 5));
	EXPECT_EQ(1, spawn_bpf_cmd__sched(c->cmd, -1, 7));
	EXPECT_RUNS(c);
	EXPECT_EQ(SCHED_FIFO, c->state.scheduling.policy);
	EXPECT_EQ(7, c->state.scheduling.priority);
	EXPECT_EQ(2, spawn_bpf_cmd__sched(c->cmd, SCHED_OTHER, 1));
	EXPECT_FAILS(c, -EINVAL, 2);
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__sched(c->cmd, -2, 0));
}

TEST_F(steps, sched_of_a_caller_that_is_reset_on_fork)
{
	struct sched_param none = { 0 };
	struct command *c = &self->c;

	ASSERT_EQ(0, setpriority(PRIO_PROCESS, 0, -10));
	ASSERT_EQ(0, sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &none));
	EXPECT_EQ(0, spawn_bpf_cmd__sched(c->cmd, SCHED_BATCH, 0));
	EXPECT_RUNS(c);
	EXPECT_EQ(SCHED_BATCH, c->state.scheduling.policy);
	EXPECT_EQ(0, c->state.scheduling.nice);
}

/* What linux/sched/types.h calls struct sched_attr; it clashes with sched.h. */
struct deadline {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

TEST_F(steps, sched_attr)
{
	struct command *c = &self->c;
	struct deadline batch = { .size = sizeof(batch), .policy = SCHED_BATCH, .nice = 7 };
	struct deadline late = { .size = sizeof(late), .policy = 6 /* SCHED_DEADLINE */,
				 .runtime = 1000000, .deadline = 50000000, .period = 50000000 };

	EXPECT_EQ(0, spawn_bpf_cmd__sched_attr(c->cmd, (void *)&batch, sizeof(batch)));
	EXPECT_RUNS(c);
	EXPECT_EQ(SCHED_BATCH, c->state.scheduling.policy);
	EXPECT_EQ(7, c->state.scheduling.nice);
	/* which keeps the nice value that it has now */
	EXPECT_EQ(1, spawn_bpf_cmd__sched(c->cmd, SCHED_OTHER, 0));
	EXPECT_RUNS(c);
	EXPECT_EQ(SCHED_OTHER, c->state.scheduling.policy);
	EXPECT_EQ(7, c->state.scheduling.nice);
	EXPECT_EQ(7, batch.nice);
	EXPECT_EQ(2, spawn_bpf_cmd__sched_attr(c->cmd, (void *)&late, sizeof(late)));
	EXPECT_RUNS(c);
	EXPECT_EQ(6, c->state.scheduling.policy);
	late.size = 0;		/* would do for sched_setattr(2), but says something else */
	EXPECT_FAILS(c, -EINVAL, 2);
	late.size = sizeof(late);
	late.runtime = 60000000;
	EXPECT_FAILS(c, -EINVAL, 2);
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__sched_attr(c->cmd, NULL, sizeof(late)));
}

TEST_F(steps, sched_keeps_the_nice_value)
{
	struct command *c = &self->c;

	ASSERT_EQ(0, setpriority(PRIO_PROCESS, 0, 5));
	EXPECT_EQ(0, spawn_bpf_cmd__sched(c->cmd, SCHED_BATCH, 0));
	EXPECT_RUNS(c);
	EXPECT_EQ(SCHED_BATCH, c->state.scheduling.policy);
	EXPECT_EQ(5, c->state.nice);
	EXPECT_EQ(1, spawn_bpf_cmd__nice(c->cmd, 4));
	EXPECT_EQ(2, spawn_bpf_cmd__sched(c->cmd, -1, 0));
	EXPECT_RUNS(c);
	EXPECT_EQ(SCHED_BATCH, c->state.scheduling.policy);
	EXPECT_EQ(9, c->state.nice);
}

TEST_F(steps, sched_reset_on_fork)
{
	struct command *c = &self->c;

	EXPECT_EQ(0, spawn_bpf_cmd__sched(c->cmd, SCHED_RR | SCHED_RESET_ON_FORK, 2));
	EXPECT_RUNS(c);
	EXPECT_EQ(SCHED_RR, c->state.scheduling.policy);
	EXPECT_EQ(1, c->state.scheduling.flags);
}

TEST_F(steps, nice)
{
	struct command *c = &self->c;

	EXPECT_EQ(0, spawn_bpf_cmd__nice(c->cmd, 3));
	EXPECT_RUNS(c);
	EXPECT_EQ(3, c->state.nice);
	EXPECT_EQ(1, spawn_bpf_cmd__nice(c->cmd, 0x7fffffff));
	EXPECT_RUNS(c);
	EXPECT_EQ(19, c->state.nice);
	EXPECT_EQ(2, spawn_bpf_cmd__uid(c->cmd, NOBODY, NOBODY, NOBODY));
	EXPECT_EQ(3, spawn_bpf_cmd__nice(c->cmd, -1));
	EXPECT_FAILS(c, -EPERM, 3);
}

TEST_F(steps, affinity)
{
	struct command *c = &self->c;
	cpu_set_t one, none;

	CPU_ZERO(&none);
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	EXPECT_EQ(0, spawn_bpf_cmd__affinity(c->cmd, sizeof(one), &one));
	EXPECT_RUNS(c);
	EXPECT_EQ(1, c->state.cpus[0]);
	EXPECT_EQ(1, spawn_bpf_cmd__affinity(c->cmd, sizeof(none), &none));
	EXPECT_FAILS(c, -EINVAL, 1);
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__affinity(c->cmd, 1UL << 32, &one));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__affinity(c->cmd, 8, NULL));
}

TEST_F(steps, ioprio)
{
	struct command *c = &self->c;
	int idle = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0);

	EXPECT_EQ(0, spawn_bpf_cmd__ioprio(c->cmd, idle));
	if (syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0) < 0) {
		ASSERT_EQ(ENOSYS, errno);	/* a kernel without CONFIG_BLOCK */
		EXPECT_FAILS(c, -EOPNOTSUPP, 0);
		return;
	}
	EXPECT_RUNS(c);
	EXPECT_EQ(idle, c->state.ioprio);
	EXPECT_EQ(1, spawn_bpf_cmd__ioprio(c->cmd, IOPRIO_PRIO_VALUE(7, 0)));
	EXPECT_FAILS(c, -EINVAL, 1);
}

TEST_F(steps, rlimit)
{
	struct command *c = &self->c;
	struct rlimit cpu = { 11, 12 }, wrong = { 12, 11 }, before, after;

	ASSERT_EQ(0, getrlimit(RLIMIT_CPU, &before));
	EXPECT_EQ(0, spawn_bpf_cmd__rlimit(c->cmd, RLIMIT_CPU, &cpu));
	EXPECT_RUNS(c);
	EXPECT_EQ(11, c->state.limits[RLIMIT_CPU][0]);
	EXPECT_EQ(12, c->state.limits[RLIMIT_CPU][1]);
	EXPECT_EQ(1, spawn_bpf_cmd__rlimit(c->cmd, RLIMIT_CPU, &wrong));
	EXPECT_FAILS(c, -EINVAL, 1);
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__rlimit(c->cmd, RLIMIT_CPU, NULL));
	ASSERT_EQ(0, getrlimit(RLIMIT_CPU, &after));
	EXPECT_EQ(before.rlim_cur, after.rlim_cur);
}

/* ---- Ids ---------------------------------------------------------------------------------- */

TEST_F(steps, groups_gid_uid)
{
	struct command *c = &self->c;
	gid_t groups[] = { 7, 8 };

	EXPECT_EQ(0, spawn_bpf_cmd__groups(c->cmd, 2, groups));
	EXPECT_EQ(1, spawn_bpf_cmd__gid(c->cmd, 11, 12, 13));
	EXPECT_EQ(2, spawn_bpf_cmd__uid(c->cmd, 21, 22, -1));
	EXPECT_RUNS(c);
	EXPECT_EQ(2, c->state.nr_groups);
	EXPECT_EQ(8, c->state.groups[1]);
	EXPECT_EQ(11, c->state.gids[0]);
	EXPECT_EQ(12, c->state.gids[1]);
	EXPECT_EQ(21, c->state.uids[0]);
	EXPECT_EQ(22, c->state.uids[1]);
	EXPECT_EQ(22, c->state.uids[2]);	/* exec makes it the effective one */
	EXPECT_EQ(3, spawn_bpf_cmd__uid(c->cmd, 0, 0, 99));
	EXPECT_FAILS(c, -EPERM, 3);
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__groups(c->cmd, 1UL << 32, groups));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__groups(c->cmd, 3, NULL));
}

TEST_F(steps, groups_eperm)
{
	struct command *c = &self->c;
	gid_t groups[] = { 7, 8 };

	EXPECT_EQ(0, spawn_bpf_cmd__uid(c->cmd, NOBODY, NOBODY, NOBODY));
	EXPECT_EQ(1, spawn_bpf_cmd__groups(c->cmd, 2, groups));
	EXPECT_FAILS(c, -EPERM, 1);
}

TEST_F(steps, gid_eperm)
{
	struct command *c = &self->c;

	EXPECT_EQ(0, spawn_bpf_cmd__uid(c->cmd, NOBODY, NOBODY, NOBODY));
	EXPECT_EQ(1, spawn_bpf_cmd__gid(c->cmd, 5, 5, 5));
	EXPECT_FAILS(c, -EPERM, 1);
}

/* The memory is the caller's until exec, and the kernel would have it undumpable. */
TEST_F(steps, uid_leaves_the_caller_as_it_is)
{
	struct command *c = &self->c;

	ASSERT_EQ(1, prctl(PR_GET_DUMPABLE));
	EXPECT_EQ(0, spawn_bpf_cmd__uid(c->cmd, NOBODY, NOBODY, NOBODY));
	EXPECT_RUNS(c);
	EXPECT_EQ(1, prctl(PR_GET_DUMPABLE));
	EXPECT_EQ(0, geteuid());
}

TEST_F(steps, resetids)
{
	struct command *c = &self->c;

	ASSERT_EQ(0, setresgid(5, 6, 0));
	ASSERT_EQ(0, setresuid(7, 8, 0));
	EXPECT_EQ(0, spawn_bpf_cmd__resetids(c->cmd));
	EXPECT_RUNS(c);
	EXPECT_EQ(7, c->state.uids[1]);
	EXPECT_EQ(5, c->state.gids[1]);
	EXPECT_EQ(8, geteuid());
	ASSERT_EQ(0, seteuid(0));
}

TEST_F(steps, prctl)
{
	struct command *c = &self->c;

	EXPECT_EQ(0, spawn_bpf_cmd__prctl(c->cmd, PR_SET_NO_NEW_PRIVS, 1, 0));
	EXPECT_EQ(1, spawn_bpf_cmd__prctl(c->cmd, PR_SET_TIMERSLACK, 12345, 0));
	EXPECT_EQ(2, spawn_bpf_cmd__prctl(c->cmd, PR_SET_PDEATHSIG, SIGUSR1, 0));
	EXPECT_RUNS(c);
	EXPECT_EQ(1, c->state.no_new_privs);
	EXPECT_EQ(12345, c->state.timerslack);
	EXPECT_EQ(SIGUSR1, c->state.pdeathsig);
	EXPECT_EQ(3, spawn_bpf_cmd__prctl(c->cmd, PR_SET_PDEATHSIG, 999, 0));
	EXPECT_FAILS(c, -EINVAL, 3);
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__prctl(c->cmd, PR_SET_DUMPABLE, 0, 0));
	EXPECT_EQ(0, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

/* ---- Number and order --------------------------------------------------------------------- */

TEST_F(steps, as_many_as_a_chain_has_room_for)
{
	struct command *c = &self->c;
	int i;

	for (i = 0; i < (int)IORING_SPAWN_MAX_SQES - 1; i++)
		ASSERT_EQ(i, spawn_bpf_cmd__umask(c->cmd, i));
	EXPECT_RUNS(c);
	EXPECT_EQ(IORING_SPAWN_MAX_SQES - 2, c->state.umask);
	EXPECT_EQ(-E2BIG, spawn_bpf_cmd__umask(c->cmd, 0));
	EXPECT_EQ(-E2BIG, spawn_bpf_cmd__sched(c->cmd, SCHED_BATCH, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__chdir(c->cmd, NULL));
	EXPECT_REFUSED(c, -E2BIG, IORING_SPAWN_MAX_SQES - 1);	/* the first one */
}

TEST_F(steps, again_and_again)
{
	struct command *c = &self->c;
	unsigned int i;

	for (i = 0; i < 20; i++) {
		EXPECT_EQ((int)i, spawn_bpf_cmd__sched(c->cmd, i % 2 ? SCHED_FIFO : SCHED_RR,
						       i + 1));
		EXPECT_RUNS(c);
		EXPECT_EQ(i + 1, c->state.scheduling.priority);
	}
}

TEST_MAIN
