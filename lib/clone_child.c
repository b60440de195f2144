// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The child. It shares the memory of a process that may have many threads: it may change nothing
 * there but struct walk and errno, and it calls nothing that allocates or takes a lock.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "clone.h"

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

static bool search_goes_on(int err)
{
	return err == -ENOENT || err == -ENOTDIR || err == -EACCES || err == -ESTALE ||
		err == -ENODEV || err == -ETIMEDOUT;
}

static int exec(const struct io_uring_sqe *sqe)
{
	const char *path = (const char *)(uintptr_t)sqe->addr;
	char **argv = (char **)(uintptr_t)sqe->addr2, **envp = (char **)(uintptr_t)sqe->addr3;

	if (sqe->fd == AT_FDCWD && !sqe->rw_flags)
		execve(path, argv, envp);
	else
		syscall(SYS_execveat, sqe->fd, path, argv, envp, sqe->rw_flags);
	return -errno;
}

/* The rules of IORING_EXEC_SEARCH; EACCES beats the others. */
static int exec_all(const struct walk *w)
{
	const struct spawn_bpf_cmd *cmd = w->cmd;
	const struct io_uring_sqe *sqe = &cmd->sqe[cmd->nr_sqes - cmd->nr_execs];
	int err = 0, denied = 0;
	unsigned int i;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &w->mask, NULL, sizeof(w->mask));
	for (i = 0; i < cmd->nr_execs; i++, sqe++) {
		err = exec(sqe);
		if (err == -EACCES)
			denied = err;
		if (!(sqe->ioprio & IORING_EXEC_SEARCH) || !search_goes_on(err))
			return err;
	}
	return denied ?: err;
}

int clone_child(void *walk)
{
	struct walk *w = walk;
	const struct spawn_bpf_cmd *cmd = w->cmd;
	unsigned int i;
	int err;

	drop_handlers();
	err = clone_birth(cmd);
	for (i = 0; err >= 0 && i < cmd->nr_steps; i++) {
		w->step = i;
		err = clone_task(w, &cmd->sqe[i]);
	}
	if (err >= 0) {
		w->step = cmd->nr_steps;
		err = exec_all(w);
	}
	w->error = err;
	return 127;
}
