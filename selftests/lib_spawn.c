// SPDX-License-Identifier: GPL-2.0 OR MIT
/* libspawn_bpf: commands, results, and where spawning is done from. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/command.h"
#include "lib/fixture.h"

COMMAND_FIXTURE(spawn)

/* Spawns a command that ends with 7, and waits for it. 0 or -errno, or what else it ended with. */
static int spawn_7(const struct command *c)
{
	struct spawn_bpf_cmd *cmd = exit_command("7");
	struct spawn_bpf_result res;
	int err;

	if (!cmd)
		return -ENOMEM;
	err = spawn_by(c, cmd, &res, 0);
	spawn_bpf_cmd__free(cmd);
	if (err)
		return err;
	if (res.backend != c->backend)
		return -EPROTO;
	err = wait_exit(res.pid);
	return err == 7 ? 0 : err ?: -EBADMSG;
}

/* ---- Commands and results ----------------------------------------------------------------- */

TEST_F(spawn, a_real_child)
{
	struct command *c = &self->c;
	siginfo_t info;

	ASSERT_EQ(0, spawn_by(c, c->cmd, &c->res, 0));
	EXPECT_EQ(c->backend, c->res.backend);
	EXPECT_EQ(-1, c->res.pidfd);
	EXPECT_EQ(0, c->res.step);
	ASSERT_EQ(0, waitid(P_PID, c->res.pid, &info, WEXITED));
	EXPECT_EQ(c->res.pid, info.si_pid);
	EXPECT_EQ(CLD_EXITED, info.si_code);
}

TEST_F(spawn, missing_program)
{
	struct command *c = &self->c;

	ASSERT_EQ(0, command_new(c, "/nowhere/at/all", 0, NULL));
	EXPECT_EQ(0, spawn_bpf_cmd__umask(c->cmd, 022));
	EXPECT_FAILS(c, -ENOENT, SPAWN_BPF_STEP_EXEC);
}

static unsigned int nr_sigchld;

static void count(int sig)
{
	nr_sigchld++;
}

TEST_F(spawn, sigchld_of_programs_only)
{
	struct command *c = &self->c;

	ASSERT_NE(SIG_ERR, signal(SIGCHLD, count));
	EXPECT_EQ(0, spawn_7(c));
	EXPECT_EQ(1, nr_sigchld);
	EXPECT_EQ(0, spawn_bpf_cmd__close_range(c->cmd, 2, 1, 0));
	EXPECT_FAILS(c, -EINVAL, 0);
	EXPECT_EQ(1, nr_sigchld);
}

TEST_F(spawn, sigchld_ignored)
{
	struct command *c = &self->c;

	ASSERT_NE(SIG_ERR, signal(SIGCHLD, SIG_IGN));
	EXPECT_EQ(0, spawn_bpf_cmd__close_range(c->cmd, 2, 1, 0));
	EXPECT_FAILS(c, -EINVAL, 0);
	EXPECT_EQ(-ECHILD, spawn_7(c));
}

TEST_F(spawn, pidfd)
{
	struct command *c = &self->c;
	struct pollfd p = { .events = POLLIN };
	siginfo_t info;

	ASSERT_EQ(0, spawn_by(c, c->cmd, &c->res, SPAWN_BPF_PIDFD));
	p.fd = c->res.pidfd;
	EXPECT_EQ(FD_CLOEXEC, fcntl(p.fd, F_GETFD));
	EXPECT_EQ(1, poll(&p, 1, WAIT_MS));
	EXPECT_EQ(0, waitid(P_PIDFD, p.fd, &info, WEXITED));
	EXPECT_EQ(c->res.pid, info.si_pid);
	close(p.fd);
}

TEST_F(spawn, pidfd_of_a_failure_is_closed)
{
	struct command *c = &self->c;
	int before = nr_descriptors();

	ASSERT_EQ(0, command_new(c, "/nowhere", 0, NULL));
	EXPECT_EQ(-ENOENT, spawn_by(c, c->cmd, &c->res, SPAWN_BPF_PIDFD));
	EXPECT_EQ(-1, c->res.pidfd);
	EXPECT_EQ(before, nr_descriptors());
}

TEST_F(spawn, sizes_of_structs)
{
	struct { struct spawn_bpf_result res; long later; } r = {};
	struct { struct spawn_bpf_spawn_opts opts; long later; } o = {};
	struct command *c = &self->c;

	r.res.error = 77;
	r.res.sz = sizeof(r.res) - sizeof(size_t);
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__spawn(c->cmd, &r.res, NULL));
	EXPECT_EQ(77, r.res.error);
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__spawn(c->cmd, NULL, NULL));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__spawn(NULL, &r.res, NULL));
	r.res.sz = sizeof(r);
	r.later = 99;
	o.opts.sz = sizeof(o);
	o.opts.flags = c->flags;
	ASSERT_EQ(0, spawn_bpf_cmd__spawn(c->cmd, &r.res, &o.opts));
	EXPECT_EQ(0, wait_exit(r.res.pid));
	EXPECT_EQ(sizeof(r), r.res.sz);
	EXPECT_EQ(99, r.later);
	o.later = 1;
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__spawn(c->cmd, &r.res, &o.opts));
	o.later = 0;
	o.opts.sz = 1;
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__spawn(c->cmd, &r.res, &o.opts));
	o.opts.sz = sizeof(size_t);	/* no flags in it: any backend */
	ASSERT_EQ(0, spawn_bpf_cmd__spawn(c->cmd, &r.res, &o.opts));
	EXPECT_EQ(SPAWN_BPF_BACKEND_IO_URING, r.res.backend);
	EXPECT_EQ(0, wait_exit(r.res.pid));
	o.opts.sz = sizeof(o.opts);
	o.opts.flags = 1U << 31;
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__spawn(c->cmd, &r.res, &o.opts));
}

TEST(no_command)
{
	struct rlimit limit = { 1, 1 };
	sigset_t set = {};
	cpu_set_t cpus;
	gid_t gid = 0;

	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__dup2(NULL, 0, 1));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__open(NULL, 0, "/", 0, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__openat(NULL, 0, 0, "/", 0, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__close(NULL, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__close_range(NULL, 0, 1, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__chdir(NULL, "/"));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__chdir(NULL, NULL));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__fchdir(NULL, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__chroot(NULL, "/"));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__umask(NULL, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__sigmask(NULL, SIG_BLOCK, &set));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__sigdefault(NULL, &set));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__setsid(NULL));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__setpgid(NULL, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__ctty(NULL, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__tcsetpgrp(NULL, 0, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__sched(NULL, 0, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__sched_attr(NULL, (void *)&cpus, 48));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__nice(NULL, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__affinity(NULL, sizeof(cpus), &cpus));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__ioprio(NULL, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__rlimit(NULL, 0, &limit));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__groups(NULL, 1, &gid));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__gid(NULL, 0, 0, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__uid(NULL, 0, 0, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__resetids(NULL));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__prctl(NULL, PR_SET_NO_NEW_PRIVS, 1, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__fd(NULL, 0, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__fixed_fd(NULL, 0, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__cgroup(NULL, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__namespaces(NULL, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__policy(NULL, 0, NULL, 0));
	spawn_bpf_cmd__free(NULL);
}

TEST_F(spawn, policy_needs_a_ring_of_the_callers)
{
	struct command *c = &self->c;

	EXPECT_EQ(0, spawn_bpf_cmd__policy(c->cmd, 0, NULL, 0));
	EXPECT_REFUSED(c, -EOPNOTSUPP, SPAWN_BPF_STEP_CLONE);
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__policy(c->cmd, 1, NULL, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__policy(c->cmd, IORING_SPAWN_MAX_SLOTS, NULL, 0));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__policy(c->cmd, 1, NULL, 8));
	EXPECT_REFUSED(c, -EINVAL, SPAWN_BPF_STEP_CLONE);
}

TEST_F(spawn, registered_files_need_a_ring_of_the_callers)
{
	struct command *c = &self->c;

	EXPECT_EQ(0, spawn_bpf_cmd__fixed_fd(c->cmd, 0, 5));
	EXPECT_REFUSED(c, -EOPNOTSUPP, SPAWN_BPF_STEP_CLONE);
	EXPECT_EQ(-EEXIST, spawn_bpf_cmd__fixed_fd(c->cmd, 1, 5));
	EXPECT_REFUSED(c, -EEXIST, SPAWN_BPF_STEP_CLONE);
}

/* A step that waits for ever, until another process kills the half-made one. */
TEST_F(spawn, killed)
{
	struct command *c = &self->c;
	char dir[] = "/tmp/killed-XXXXXX";
	pid_t killer, victim;

	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, chdir(dir));
	ASSERT_EQ(0, mkfifo("fifo", 0600));
	EXPECT_EQ(0, spawn_bpf_cmd__umask(c->cmd, 022));
	EXPECT_EQ(1, spawn_bpf_cmd__open(c->cmd, 0, "fifo", O_RDONLY, 0));
	killer = fork();
	if (!killer) {
		while (!(victim = child_of(getppid())))
			usleep(1000);
		usleep(300000);
		_exit(kill(victim, SIGKILL));
	}
	EXPECT_EQ(-EINTR, command_run(c));
	EXPECT_EQ(SPAWN_BPF_STEP_CLONE, c->res.step);
	EXPECT_EQ(0, c->res.pid);
	EXPECT_EQ(0, wait_exit(killer));
	EXPECT_TRUE(no_child_left());
}

static void *reap_all(void *stop)
{
	while (!*(volatile bool *)stop)
		waitpid(-1, NULL, __WALL);
	return NULL;
}

/* Another thread waits for whatever there is: what failed has failed all the same. */
TEST_F(spawn, others_wait)
{
	struct command *c = &self->c;
	volatile bool stop = false;
	pthread_t thread;
	unsigned int i;

	ASSERT_EQ(0, command_new(c, "/nowhere", 0, NULL));
	ASSERT_EQ(0, pthread_create(&thread, NULL, reap_all, (void *)&stop));
	for (i = 0; i < rounds(300); i++) {
		ASSERT_EQ(-ENOENT, spawn_by(c, c->cmd, &c->res, 0));
		ASSERT_EQ(SPAWN_BPF_STEP_EXEC, c->res.step);
		ASSERT_EQ(0, c->res.pid);
	}
	stop = true;
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_TRUE(no_child_left());
}

static volatile int forked, crashed;

/* The child comes back to the call that was interrupted. */
static void fork_in_handler(int sig)
{
	int saved = errno, status;
	pid_t pid = fork();

	if (pid) {
		forked++;
		crashed += waitpid(pid, &status, 0) != pid || status;
	} else {
		forked = -1;
	}
	errno = saved;
}

TEST_F(spawn, handlers_fork)
{
	struct sigaction act = { .sa_handler = fork_in_handler, .sa_flags = SA_RESTART };
	struct itimerval once = {};
	struct spawn_bpf_cmd *cmd = exit_command("7");
	struct command *c = &self->c;
	unsigned int i;

	ASSERT_EQ(0, sigaction(SIGALRM, &act, NULL));
	for (i = 0; forked >= 0 && forked < (int)rounds(30); i++) {
		int err, status;

		/* not again and again: a fork may take longer than the time between two */
		once.it_value.tv_usec = 100 + i * 37 % 3000;
		ASSERT_EQ(0, setitimer(ITIMER_REAL, &once, NULL));
		err = spawn_by(c, cmd, &c->res, 0);
		status = err ?: wait_exit(c->res.pid);

		if (forked < 0)
			_exit(0);
		ASSERT_EQ(7, status);
	}
	if (forked < 0)
		_exit(0);
	once.it_value.tv_usec = 0;
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &once, NULL));
	EXPECT_EQ(0, crashed);
	spawn_bpf_cmd__free(cmd);
}

/* ---- At a descriptor ---------------------------------------------------------------------- */

static int new_at(struct command *c, const char *file, int dirfd, uint32_t at_flags)
{
	struct spawn_bpf_cmd_opts opts = {
		.sz = sizeof(opts), .flags = SPAWN_BPF_AT, .dirfd = dirfd, .at_flags = at_flags
	};

	return command_new_opts(c, file, &opts);
}

TEST_F(spawn, at)
{
	struct command *c = &self->c;
	struct spawn_bpf_cmd_opts both = {
		.sz = sizeof(both), .flags = SPAWN_BPF_AT | SPAWN_BPF_SEARCH
	};
	char *name = strrchr(c->program, '/'), dir[sizeof(c->program)], link[64];
	int program = open(c->program, O_PATH | O_CLOEXEC), fd;

	snprintf(link, sizeof(link), "/tmp/at-%d", getpid());
	ASSERT_LE(0, program);
	ASSERT_NE(NULL, name);
	snprintf(dir, sizeof(dir), "%.*s", (int)(name - c->program), c->program);
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, new_at(c, name + 1, fd, 0));
	EXPECT_RUNS(c);
	ASSERT_EQ(0, new_at(c, "", program, AT_EMPTY_PATH));
	EXPECT_RUNS(c);
	/* dirfd is one of the process: this step comes before */
	EXPECT_EQ(0, spawn_bpf_cmd__dup2(c->cmd, fd, program));
	EXPECT_FAILS(c, -EACCES, SPAWN_BPF_STEP_EXEC);
	ASSERT_EQ(0, new_at(c, c->program, AT_FDCWD, 0));
	EXPECT_RUNS(c);
	ASSERT_EQ(0, new_at(c, "", program, 0));
	EXPECT_FAILS(c, -ENOENT, SPAWN_BPF_STEP_EXEC);
	ASSERT_EQ(0, new_at(c, name + 1, 99, 0));
	EXPECT_FAILS(c, -EBADF, SPAWN_BPF_STEP_EXEC);
	ASSERT_EQ(0, new_at(c, name + 1, fd, AT_REMOVEDIR));
	EXPECT_FAILS(c, -EINVAL, SPAWN_BPF_STEP_EXEC);
	ASSERT_EQ(0, symlink(c->program, link));
	ASSERT_EQ(0, new_at(c, link, AT_FDCWD, AT_SYMLINK_NOFOLLOW));
	EXPECT_FAILS(c, -ELOOP, SPAWN_BPF_STEP_EXEC);
	EXPECT_EQ(-EINVAL, command_new_opts(c, "x", &both));
	EXPECT_EQ(0, unlink(link));
	close(program);
	close(fd);
}

/* ---- Search ------------------------------------------------------------------------------- */

static int make_program(const char *path, mode_t mode, const char *text)
{
	return write_file(path, text) ?: chmod(path, mode) ? -errno : 0;
}

TEST_F(spawn, search)
{
	struct command *c = &self->c;
	char dir[] = "/tmp/search-XXXXXX";
	struct spawn_bpf_cmd_opts opts = { .sz = sizeof(opts), .flags = SPAWN_BPF_SEARCH };
	char name[300];

	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, chdir(dir));
	ASSERT_EQ(0, mkdir("a", 0755) | mkdir("b", 0755));
	ASSERT_EQ(0, make_program("a/denied", 0644, "#!/bin/sh\n"));
	ASSERT_EQ(0, make_program("a/script", 0755, "exit 0\n"));
	ASSERT_EQ(0, copy_file(c->program, "b/denied", 0755));
	ASSERT_EQ(0, copy_file(c->program, "b/both", 0755));
	ASSERT_EQ(0, copy_file(c->program, "here", 0755));

	ASSERT_EQ(0, command_new(c, "both", SPAWN_BPF_SEARCH, "/nowhere:a/script:a:b"));
	EXPECT_RUNS(c);
	ASSERT_EQ(0, command_new(c, "denied", SPAWN_BPF_SEARCH, "a:b"));
	EXPECT_RUNS(c);
	ASSERT_EQ(0, command_new(c, "denied", SPAWN_BPF_SEARCH, "a:/nowhere"));
	EXPECT_FAILS(c, -EACCES, SPAWN_BPF_STEP_EXEC);
	ASSERT_EQ(0, command_new(c, "missing", SPAWN_BPF_SEARCH, "a:b"));
	EXPECT_FAILS(c, -ENOENT, SPAWN_BPF_STEP_EXEC);
	ASSERT_EQ(0, command_new(c, "script", SPAWN_BPF_SEARCH, "a:b"));
	EXPECT_FAILS(c, -ENOEXEC, SPAWN_BPF_STEP_EXEC);
	ASSERT_EQ(0, command_new(c, "here", SPAWN_BPF_SEARCH, "a::b"));
	EXPECT_RUNS(c);
	ASSERT_EQ(0, command_new(c, "here", SPAWN_BPF_SEARCH, ""));
	EXPECT_RUNS(c);
	ASSERT_EQ(0, setenv("PATH", "/nowhere:b", 1));
	ASSERT_EQ(0, command_new(c, "both", SPAWN_BPF_SEARCH, NULL));
	ASSERT_EQ(0, setenv("PATH", "/", 1));
	EXPECT_RUNS(c);
	/* a slash: no search */
	ASSERT_EQ(0, command_new(c, "./both", SPAWN_BPF_SEARCH, "b"));
	EXPECT_FAILS(c, -ENOENT, SPAWN_BPF_STEP_EXEC);
	/* directories are those of the process */
	ASSERT_EQ(0, command_new(c, "both", SPAWN_BPF_SEARCH, "."));
	EXPECT_EQ(0, spawn_bpf_cmd__chdir(c->cmd, "b"));
	EXPECT_RUNS(c);
	EXPECT_EQ(-ENOENT, command_new(c, "", SPAWN_BPF_SEARCH, "a"));
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	EXPECT_EQ(-ENAMETOOLONG, command_new(c, name, SPAWN_BPF_SEARCH, "a"));
	EXPECT_EQ(-EINVAL, command_new(c, "x", 1U << 31, NULL));
	opts.sz = 0;
	EXPECT_EQ(NULL, spawn_bpf_cmd__new("x", NULL, NULL, &opts));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(spawn, search_of_many_directories)
{
	struct command *c = &self->c;
	char path[4096 + 64] = "";
	unsigned int i;

	for (i = 0; i < 200; i++)
		sprintf(path + strlen(path), "/nowhere/%03u:", i);
	strcat(path, dirname(strdupa(c->program)));
	ASSERT_EQ(0, command_new(c, "state", SPAWN_BPF_SEARCH, path));
	EXPECT_RUNS(c);
	memset(path, ':', 300);
	path[300] = '\0';
	EXPECT_EQ(-E2BIG, command_new(c, "state", SPAWN_BPF_SEARCH, path));
}

/* ---- Where from --------------------------------------------------------------------------- */

static void *spawn_ten(void *arg)
{
	unsigned int i;

	for (i = 0; i < 10; i++)
		if (spawn_7(arg))
			return arg;
	return NULL;
}

TEST_F(spawn, eight_threads_at_once)
{
	pthread_t threads[8];
	void *failed;
	unsigned int i;

	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, spawn_ten, &self->c));
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &failed));
		EXPECT_EQ(NULL, failed);
	}
}

TEST_F(spawn, in_the_child_of_a_fork)
{
	pid_t pid;

	ASSERT_EQ(0, spawn_7(&self->c));
	pid = fork();
	if (!pid)
		_exit(spawn_7(&self->c) || spawn_7(&self->c) ? 1 : 42);
	EXPECT_EQ(42, wait_exit(pid));
	EXPECT_EQ(0, spawn_7(&self->c));
}

/* It runs in our memory, and has no ring. What it does shall not be ours. */
static int spawn_in_vfork_child(volatile struct spawn_bpf_result *res, struct spawn_bpf_cmd *cmd,
				const struct spawn_bpf_spawn_opts *opts)
{
	pid_t pid = vfork();

	if (!pid) {
		spawn_bpf_cmd__spawn(cmd, (struct spawn_bpf_result *)res, opts);
		if (!res->error)
			waitpid(res->pid, NULL, 0);
		_exit(0);
	}
	return wait_exit(pid);
}

TEST_F(spawn, in_the_child_of_a_vfork)
{
	struct spawn_bpf_spawn_opts opts = { .sz = sizeof(opts), .flags = self->c.flags };
	struct spawn_bpf_cmd *cmd = exit_command("7");
	bool io_uring = self->c.backend == SPAWN_BPF_BACKEND_IO_URING;
	LIBSPAWN_BPF_RESULT(res);
	unsigned int i;

	/* before this thread has a ring, and after */
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, spawn_in_vfork_child(&res, cmd, &opts));
		EXPECT_EQ(io_uring ? -ENXIO : 0, res.error);
		EXPECT_EQ(0, spawn_in_vfork_child(&res, cmd, NULL));
		EXPECT_EQ(0, res.error);
		EXPECT_EQ(SPAWN_BPF_BACKEND_CLONE, res.backend);
		EXPECT_EQ(0, spawn_7(&self->c));
	}
	spawn_bpf_cmd__free(cmd);
}

static struct spawn_bpf_cmd *in_handler;
static volatile int backends[3], nr_handled;

static void spawn_in_handler(int sig)
{
	LIBSPAWN_BPF_RESULT(res);

	if (spawn_bpf_cmd__spawn(in_handler, &res, NULL))
		return;
	backends[res.backend]++;
	if (wait_exit(res.pid) == 7)
		nr_handled++;
}

static void *signal_main(void *thread)
{
	unsigned int i;

	for (i = 0; i < 100; i++) {
		pthread_kill(*(pthread_t *)thread, SIGUSR1);
		usleep(3000);
	}
	return NULL;
}

TEST_F(spawn, from_a_signal_handler_meanwhile)
{
	pthread_t this_one = pthread_self(), other;
	unsigned int rounds = 0;

	in_handler = exit_command("7");
	ASSERT_NE(SIG_ERR, signal(SIGUSR1, spawn_in_handler));
	ASSERT_EQ(0, pthread_create(&other, NULL, signal_main, &this_one));
	do {
		ASSERT_EQ(0, spawn_7(&self->c));
	} while (pthread_tryjoin_np(other, NULL) && ++rounds < 10000);
	EXPECT_LT(0, nr_handled);	/* on a slow kernel they are merged */
	EXPECT_EQ(nr_handled, backends[SPAWN_BPF_BACKEND_IO_URING] +
		  backends[SPAWN_BPF_BACKEND_CLONE]);
	spawn_bpf_cmd__free(in_handler);
}

/* Handlers run while the program is awaited, and the wait goes on. */
TEST_F(spawn, inside_a_chain_that_waits_for_us)
{
	struct command *c = &self->c;
	char path[] = "/tmp/fifo-XXXXXX";
	pid_t pid;

	ASSERT_NE(NULL, mkdtemp(path));
	ASSERT_EQ(0, chdir(path));
	ASSERT_EQ(0, mkfifo("fifo", 0600));
	EXPECT_EQ(0, spawn_bpf_cmd__open(c->cmd, 10, "fifo", O_RDONLY, 0));
	pid = fork();
	if (!pid) {
		usleep(100000);
		_exit(open("fifo", O_WRONLY) < 0);
	}
	EXPECT_RUNS(c);
	EXPECT_EQ(0, wait_exit(pid));
}

/* ---- Descriptors and limits --------------------------------------------------------------- */

TEST_F(spawn, all_descriptors_closed_and_taken_between_two)
{
	int fd, keep;

	for (keep = 0; keep < 3; keep++) {
		ASSERT_EQ(0, spawn_7(&self->c));
		for (fd = 3; fd < 256; fd++)
			close(fd);
		ASSERT_EQ(0, spawn_7(&self->c));
		for (fd = 3; fd < 256; fd++)
			ASSERT_EQ(fd, dup2(1, fd));
		ASSERT_EQ(0, spawn_7(&self->c));
	}
}

static int spawns_with_limit(const struct command *c, rlim_t limit)
{
	struct rlimit few = { limit, limit };

	close_range(3, ~0U, 0);
	if (setrlimit(RLIMIT_NOFILE, &few))
		return -errno;
	while (dup(1) >= 0)
		;
	return spawn_7(c) ?: spawn_7(c);
}

TEST_F(spawn, twenty_descriptors_all_taken)
{
	EXPECT_EQ(0, spawns_with_limit(&self->c, 20));
}

TEST_F(spawn, three_descriptors)
{
	struct command *c = &self->c;
	LIBSPAWN_BPF_RESULT(res);
	struct spawn_bpf_cmd *cmd = exit_command("7");

	EXPECT_EQ(0, spawns_with_limit(c, 3));
	EXPECT_EQ(0, spawn_bpf_cmd__open(cmd, 0, "/dev/null", O_RDONLY, 0));
	EXPECT_EQ(1, spawn_bpf_cmd__open(cmd, 2, "/dev/null", O_WRONLY, 0));
	ASSERT_EQ(0, spawn_by(c, cmd, &res, 0));
	EXPECT_EQ(7, wait_exit(res.pid));
	spawn_bpf_cmd__free(cmd);
}

/* ---- Cancellation and what may be left ---------------------------------------------------- */

static void *spawn_when_cancelled(void *arg)
{
	pthread_cancel(pthread_self());
	return (void *)(intptr_t)(spawn_7(arg) ?: 1);
}

TEST_F(spawn, cancelled_thread_is_not_cancelled_inside)
{
	pthread_t thread;
	void *ret;

	/* spawn_7() has no other cancellation point but those of waiting */
	ASSERT_EQ(0, pthread_create(&thread, NULL, spawn_when_cancelled, &self->c));
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(PTHREAD_CANCELED, ret);
	EXPECT_EQ(1, has_child());	/* spawned, and cancelled before it was waited for */
	EXPECT_TRUE(all_children_gone());
}

/* The child of this process that sleeps, as soon as there is one. */
static void *kill_child(void *arg)
{
	pid_t pid = 0;

	while (!pid)
		pid = child_of(getpid());
	if (wait_state(pid, 'S'))
		return NULL;
	kill(pid, SIGKILL);
	return arg;
}

/* Before glibc 2.37 a cancellation point makes the thread asynchronously cancellable for a while. */
TEST_F(spawn, child_killed_in_an_open_leaves_the_thread_as_it_was)
{
	struct command *c = &self->c;
	pthread_t thread;
	void *ret;
	int old;

	unlink("/tmp/never");
	ASSERT_EQ(0, mkfifo("/tmp/never", 0600));
	ASSERT_EQ(0, spawn_bpf_cmd__open(c->cmd, 0, "/tmp/never", O_RDONLY, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, kill_child, c));
	EXPECT_GT(0, spawn_by(c, c->cmd, &c->res, 0));
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(c, ret);
	EXPECT_EQ(0, pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &old));
	EXPECT_EQ(PTHREAD_CANCEL_DEFERRED, old);
}

TEST_F(spawn, nothing_leaked)
{
	unsigned int i, nr = rounds(300);
	struct command *c = &self->c;
	struct usage before;
	pthread_t thread;
	long pages;
	int fds;

	ASSERT_EQ(0, spawn_7(c));
	ASSERT_EQ(0, pthread_create(&thread, NULL, spawn_ten, c));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	pages = read_number("/proc/self/statm", "%ld");
	before = usage_now();
	fds = nr_descriptors();
	for (i = 0; i < nr; i++) {
		ASSERT_EQ(0, command_new(c, "/nowhere", 0, NULL));
		ASSERT_EQ(-ENOENT, spawn_by(c, c->cmd, &c->res, SPAWN_BPF_PIDFD));
		ASSERT_EQ(0, spawn_7(c));
	}
	for (i = 0; i < nr / 10; i++) {
		ASSERT_EQ(0, pthread_create(&thread, NULL, spawn_ten, c));
		ASSERT_EQ(0, pthread_join(thread, NULL));
	}
	EXPECT_EQ(fds, nr_descriptors());
	EXPECT_TRUE(no_child_left());
	EXPECT_TRUE(usage_settles(&before));
	EXPECT_GE(pages + 64, read_number("/proc/self/statm", "%ld"));
}

TEST_MAIN
