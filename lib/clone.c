// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The parent of a child that shares its memory, as that of vfork(2) does, but not its stack. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "clone.h"

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP	0x200000000ULL
#endif

#define STACK_SIZE	(64 * 1024)

/* The stack of the child grows down, away from what it shares. */
struct shared {
	char		stack[STACK_SIZE];
	struct walk	walk;
};

/* A new cgroup namespace has the cgroup the process is in then as its root. */
static __u64 clone_flags(const struct spawn_bpf_cmd *cmd)
{
	return cmd->clone_flags & ~(CLONE_INTO_CGROUP | (cmd->cgroup < 0 ? 0 : CLONE_NEWCGROUP));
}

/*
 * A process that changes its ids while it has our memory makes us undumpable, and to undo that
 * would let its new user at the memory of the next one. So it gets a copy.
 */
static int clone_on(struct shared *shared, bool pidfd, int *pidfd_out)
{
	const struct spawn_bpf_cmd *cmd = shared->walk.cmd;
	int flags = CLONE_VFORK | (cmd->nr_credentials ? 0 : CLONE_VM) |
		    (pidfd ? CLONE_PIDFD : 0) | (int)clone_flags(cmd);
	int pid = clone(clone_child, shared->stack + STACK_SIZE, flags, &shared->walk, pidfd_out);

	return pid < 0 ? -errno : pid;
}

/*
 * The child has no exit signal until exec gives it SIGCHLD. So it is nobody's child if it fails,
 * and as long as it can be found by __WCLONE it has not become a program. Where CLONE_VFORK is
 * not, in valgrind for instance, this is what waits for that. Other threads may wait for all
 * there is, and filters may deny this call: so what the child has said about itself comes first.
 */
static bool has_execed(const struct walk *w, int pid)
{
	int ret;

	while ((ret = waitpid(pid, NULL, __WCLONE | WNOHANG)) == 0)
		nanosleep(&(struct timespec){ .tv_nsec = 20000 }, NULL);
	if (ret < 0 && errno != ECHILD && w->error)
		syscall(SYS_waitid, P_PID, pid, NULL, WEXITED | __WCLONE, NULL);
	return ret != pid && !w->error;
}

static int run(struct shared *shared, bool pidfd, int *pidfd_out)
{
	struct walk *w = &shared->walk;
	__u64 all = ~0ULL, mask;
	int pid;

	/* a handler that ran in the child would change our memory */
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, &mask, sizeof(all));
	w->mask = mask;
	pid = clone_on(shared, pidfd, pidfd_out);
	if (pid > 0 && !has_execed(w, pid)) {
		pid = w->error ?: -EINTR;
		if (!w->error)		/* killed: that is no step's error */
			w->step = IORING_SPAWN_STEP_NONE;
	}
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
	return pid;
}

int clone_spawn(const struct spawn_bpf_cmd *cmd, struct spawn_bpf_result *res, bool pidfd)
{
	struct shared *shared;
	int outcome;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return -errno;
	shared->walk.cmd = cmd;
	shared->walk.step = IORING_SPAWN_STEP_NONE;
	cmd_settle_scheds(cmd);
	res->backend = SPAWN_BPF_BACKEND_CLONE;
	outcome = run(shared, pidfd, &res->pidfd);
	cmd_result(cmd, res, outcome, shared->walk.step);
	munmap(shared, sizeof(*shared));
	return 0;
}
