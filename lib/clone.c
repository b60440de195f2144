// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The backend without io_uring: a child that shares our memory while we stand still, as vfork(2) but
 * on a stack of its own, walks through the chain. It may touch nothing of ours but struct walk.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "clone.h"
#include "clone_task.h"

#define STACK_SIZE	(64 * 1024)

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP	0x200000000ULL
#endif

/* ---- In the child ------------------------------------------------------------------------- */

static void fail(struct walk *w, int err, unsigned int step)
{
	w->error = err;
	w->step = step;
	_exit(127);
}

/* Handlers are code of the old program; what is ignored stays so. */
static void drop_handlers(void)
{
	struct sigaction act, dfl = { .sa_handler = SIG_DFL };
	int sig;

	for (sig = 1; sig < _NSIG; sig++)
		if (!sigaction(sig, NULL, &act) && act.sa_handler != SIG_IGN &&
		    act.sa_handler != SIG_DFL)
			sigaction(sig, &dfl, NULL);
}

static int enter_cgroup(int cgroup)
{
	int fd = openat(cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, "0", 1) < 0)
		err = -errno;
	close(fd);
	return err;
}

/*
 * Sources first go to numbers above all targets, so that none is overwritten before its turn. What is
 * not to stay is closed at the end.
 */
static int move_fds(const struct spawn_bpf_cmd *cmd, bool no_files)
{
	int high[IORING_SPAWN_MAX_FDS], above = 2;
	unsigned int i;

	for (i = 0; i < cmd->nr_fds; i++)
		if (cmd->fds[i].target > above)
			above = cmd->fds[i].target;
	for (i = 0; i < cmd->nr_fds; i++) {
		high[i] = fcntl(cmd->fds[i].fd, F_DUPFD_CLOEXEC, above + 1);
		if (high[i] < 0)
			return errno == EINVAL ? -EBADF : -errno;
	}
	if (no_files)
		close_fds(0, above);
	for (i = 0; i < cmd->nr_fds; i++)
		if (dup2(high[i], cmd->fds[i].target) < 0)
			return -errno;
	if (no_files)
		close_fds(above + 1, ~0U);
	return 0;
}

static bool search_goes_on(int err)
{
	return err == -ENOENT || err == -ENOTDIR || err == -EACCES || err == -ESTALE ||
		err == -ENODEV || err == -ETIMEDOUT;
}

/* The rules of IORING_EXEC_SEARCH; EACCES beats the others. */
static int exec_all(struct walk *w)
{
	const struct spawn_bpf_cmd *cmd = w->cmd;
	const struct io_uring_sqe *sqe = &cmd->sqe[cmd->nr_sqes - cmd->nr_execs];
	int err = 0, denied = 0;
	unsigned int i;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &w->mask, NULL, sizeof(w->mask));
	for (i = 0; i < cmd->nr_execs; i++, sqe++) {
		execve((const char *)(uintptr_t)sqe->addr, (char **)(uintptr_t)sqe->addr2,
		       (char **)(uintptr_t)sqe->addr3);
		err = -errno;
		if (err == -EACCES)
			denied = err;
		if (!(sqe->ioprio & IORING_EXEC_SEARCH) || !search_goes_on(err))
			return err;
	}
	return denied ?: err;
}

static int child(void *arg)
{
	struct walk *w = arg;
	const struct spawn_bpf_cmd *cmd = w->cmd;
	unsigned int i;
	int err = 0;

	drop_handlers();
	if (cmd->cgroup >= 0)
		err = enter_cgroup(cmd->cgroup);
	if (!err && (cmd->nr_fds || cmd->spawn_flags & IORING_CLONE_NO_FILES))
		err = move_fds(cmd, cmd->spawn_flags & IORING_CLONE_NO_FILES);
	if (err)
		fail(w, err, IORING_SPAWN_STEP_NONE);
	for (i = 0; i < cmd->nr_steps; i++) {
		err = clone_task(w, &cmd->sqe[i]);
		if (err < 0)
			fail(w, err, i);
	}
	fail(w, exec_all(w), cmd->nr_steps);
	return 0;
}

/* ---- In the parent ------------------------------------------------------------------------ */

static int clone_on(void *stack, struct walk *w, bool pidfd, int *pidfd_out)
{
	int flags = CLONE_VM | CLONE_VFORK | (pidfd ? CLONE_PIDFD : 0) |
		    (int)(w->cmd->clone_flags & ~CLONE_INTO_CGROUP);
	int pid = clone(child, (char *)stack + STACK_SIZE, flags, w, pidfd_out);

	return pid < 0 ? -errno : pid;
}

/* No exit signal until exec: one that fails is nobody's child, and SIGCHLD tells of no other. */
static int reap(struct walk *w, int pid, int *pidfd)
{
	if (!w->error)
		return pid;
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	if (*pidfd >= 0)
		close(*pidfd);
	*pidfd = -1;
	return w->error;
}

static int run(struct walk *w, void *stack, bool pidfd, int *pidfd_out)
{
	__u64 all = ~0ULL;
	int saved = errno, pid;

	/* a handler that ran in the child would change our memory */
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, &w->mask, sizeof(all));
	all = w->mask;
	pid = clone_on(stack, w, pidfd, pidfd_out);
	if (pid > 0)
		pid = reap(w, pid, pidfd_out);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
	errno = saved;
	return pid;
}

int clone_spawn(const struct spawn_bpf_cmd *cmd, struct spawn_bpf_result *res, bool pidfd)
{
	struct walk w = { .cmd = cmd, .step = IORING_SPAWN_STEP_NONE };
	void *stack;
	int outcome;

	if (cmd->has_policy)
		return -EOPNOTSUPP;
	stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return -errno;
	res->backend = SPAWN_BPF_BACKEND_CLONE;
	res->pidfd = -1;
	outcome = run(&w, stack, pidfd, &res->pidfd);
	munmap(stack, STACK_SIZE);
	cmd_result(cmd, res, outcome, w.step);
	return 0;
}
