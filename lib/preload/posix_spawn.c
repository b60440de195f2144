// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * posix_spawn() and posix_spawnp() for programs that know nothing of io_uring: one request on the
 * ring of the calling thread, one completion. What io_uring cannot do here, the C library does.
 * Nothing is allocated for an ordinary spawn: a signal handler may be the caller.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "cmd.h"
#include "glibc_spawn.h"
#include "stats.h"
#include "thread_ring.h"

typedef int spawn_fn(pid_t *, const char *, const posix_spawn_file_actions_t *,
		     const posix_spawnattr_t *, char *const[], char *const[]);

/* ---- The C library's ---------------------------------------------------------------------- */

static spawn_fn *libc_spawn, *libc_spawnp;

/* Constructors of other libraries may run, and spawn, before this one. */
__attribute__((constructor)) static void find_libc(void)
{
	libc_spawn = (spawn_fn *)dlsym(RTLD_NEXT, "posix_spawn");
	libc_spawnp = (spawn_fn *)dlsym(RTLD_NEXT, "posix_spawnp");
}

static spawn_fn *libc(bool search)
{
	if (!libc_spawn)
		find_libc();
	return search ? libc_spawnp : libc_spawn;
}

/* ---- From glibc's structs to steps, in the order in which glibc does them ------------------- */

/* 0 or more, or -errno; -EOPNOTSUPP: it has something this library does not know. */
static int add_attributes(struct spawn_bpf_cmd *cmd, const posix_spawnattr_t *attr)
{
	int flags = attr->__flags & 0xffff, err = 0;

	if (flags & ~SPAWN_FLAGS_KNOWN)
		return -EOPNOTSUPP;
	if (flags & POSIX_SPAWN_SETSIGDEF)
		err = spawn_bpf_cmd__sigdefault(cmd, &attr->__sd);
	if (err >= 0 && flags & POSIX_SPAWN_SETSCHEDULER)
		err = spawn_bpf_cmd__sched(cmd, attr->__policy, attr->__sp.sched_priority);
	else if (err >= 0 && flags & POSIX_SPAWN_SETSCHEDPARAM)
		err = spawn_bpf_cmd__sched(cmd, -1, attr->__sp.sched_priority);
	if (err >= 0 && flags & POSIX_SPAWN_SETSID)
		err = spawn_bpf_cmd__setsid(cmd);
	if (err >= 0 && flags & POSIX_SPAWN_SETPGROUP)
		err = spawn_bpf_cmd__setpgid(cmd, attr->__pgrp);
	if (err >= 0 && flags & POSIX_SPAWN_RESETIDS)
		err = spawn_bpf_cmd__resetids(cmd);
	if (err >= 0 && flags & SPAWN_SETCGROUP)
		err = spawn_bpf_cmd__cgroup(cmd, attr->SPAWN_CGROUP);
	return err;
}

/* To glibc it is an error if the number cannot be open at all, and is not: no step says that. */
static int add_close(struct spawn_bpf_cmd *cmd, int fd)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || (rlim_t)fd >= limit.rlim_cur)
		return -EOPNOTSUPP;
	return spawn_bpf_cmd__close(cmd, fd);
}

/*
 * The number is closed first, as POSIX has it: the path may be a name of what it was, or a device
 * that can be opened once. glibc then opens the lowest free number and moves it: O_CLOEXEC counts
 * only if the target was the lowest. Who knows.
 */
static int add_open(struct spawn_bpf_cmd *cmd, int fd, const char *path, int oflag, mode_t mode)
{
	int err;

	if (oflag & O_CLOEXEC)
		return -EOPNOTSUPP;
	err = spawn_bpf_cmd__close(cmd, fd);
	if (err < 0)
		return err;
	return spawn_bpf_cmd__open(cmd, fd, path, oflag, mode);
}

static int add_action(struct spawn_bpf_cmd *cmd, const struct __spawn_action *a)
{
	switch (a->tag) {
	case SPAWN_CLOSE:
		return add_close(cmd, a->close.fd);
	case SPAWN_DUP2:
		return spawn_bpf_cmd__dup2(cmd, a->dup2.fd, a->dup2.newfd);
	case SPAWN_OPEN:
		return add_open(cmd, a->open.fd, a->open.path, a->open.oflag, a->open.mode);
	case SPAWN_CHDIR:
		return spawn_bpf_cmd__chdir(cmd, a->chdir.path);
	case SPAWN_FCHDIR:
		return spawn_bpf_cmd__fchdir(cmd, a->fchdir.fd);
	case SPAWN_CLOSEFROM:
		return spawn_bpf_cmd__close_range(cmd, a->closefrom.from, ~0U, 0);
	case SPAWN_TCSETPGRP:
		return spawn_bpf_cmd__tcsetpgrp(cmd, a->tcsetpgrp.fd, 0);
	default:
		return -EOPNOTSUPP;
	}
}

/* Never with the C library's own two signals, 32 and 33. */
static int add_mask(struct spawn_bpf_cmd *cmd, const sigset_t *mask)
{
	sigset_t programs = {};
	__u64 bits;

	memcpy(&bits, mask, sizeof(bits));
	bits &= ~(3ULL << 31);
	memcpy(&programs, &bits, sizeof(bits));
	return spawn_bpf_cmd__sigmask(cmd, SIG_SETMASK, &programs);
}

/* @mask: of signals, that of the program unless attr has one. */
static int add_steps(struct spawn_bpf_cmd *cmd, const posix_spawn_file_actions_t *actions,
		     const posix_spawnattr_t *attr, const sigset_t *mask)
{
	int err = attr ? add_attributes(cmd, attr) : 0, i;

	for (i = 0; err >= 0 && actions && i < actions->__used; i++)
		err = add_action(cmd, &actions->__actions[i]);
	if (err >= 0 && attr && attr->__flags & POSIX_SPAWN_SETSIGMASK)
		mask = &attr->__ss;
	if (err >= 0)
		err = add_mask(cmd, mask);
	return err < 0 ? err : 0;
}

/* ---- The two functions -------------------------------------------------------------------- */

/* A name that no directory can have: EXEC of it says why, after the other steps. */
static bool is_searched(const char *file)
{
	return *file && strlen(file) <= NAME_MAX;
}

_Static_assert(sizeof(struct spawn_bpf_cmd) <= THREAD_RING_SCRATCH, "it has room beside the ring");

/*
 * 0: *res has the outcome. Else why the C library has to do it. All signals are blocked. The caller may
 * be on a signal stack of 8 KiB, of which the kernel has taken half: so the command is on none.
 */
static int by_io_uring(struct spawn_bpf_result *res, const char *file,
		       const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr,
		       char *const argv[], char *const envp[], bool search, const sigset_t *mask)
{
	struct spawn_bpf_cmd *cmd;
	int err = thread_ring_get();

	if (err)
		return err;
	cmd = thread_ring_scratch();
	search = search && is_searched(file);
	err = cmd_init(cmd, file, argv, envp, search ? cmd_search_path(NULL) : NULL);
	if (err)
		return err;
	err = add_steps(cmd, actions, attr, mask) ?: cmd_spawn_io_uring(cmd, res, false);
	cmd_fini(cmd);
	return err;
}

/*
 * As in glibc no handler runs, and no cancellation takes effect, from here to where *pid is
 * there: a handler of SIGCHLD may look for it, or leave by siglongjmp(3). Of the C library's own
 * signals too, so by a call of ours.
 */
static void set_mask(const sigset_t *mask, sigset_t *old)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, old, sizeof(__u64));
}

static int spawn(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
		 const posix_spawnattr_t *attr, char *const argv[], char *const envp[], bool search)
{
	static const __u64 all[sizeof(sigset_t) / sizeof(__u64)] = { ~0ULL };
	LIBSPAWN_BPF_RESULT(res);
	int saved = errno, cancel, why;
	sigset_t mask;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	set_mask((const sigset_t *)all, &mask);
	why = by_io_uring(&res, file, actions, attr, argv, envp, search, &mask);
	if (!why && !res.error && pid)
		*pid = res.pid;
	stats_count(why);
	set_mask(&mask, NULL);
	pthread_setcancelstate(cancel, NULL);
	errno = saved;
	if (why)
		return libc(search)(pid, file, actions, attr, argv, envp);
	if (res.error)
		errno = -res.error;	/* as glibc leaves it, though it need not */
	return -res.error;
}

__attribute__((visibility("default")))
int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	return spawn(pid, path, actions, attr, argv, envp, false);
}

__attribute__((visibility("default")))
int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
		 const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	return spawn(pid, file, actions, attr, argv, envp, true);
}
