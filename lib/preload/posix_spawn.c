// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * posix_spawn() and posix_spawnp() for programs that know nothing of io_uring: one request on the ring
 * of the calling thread, one completion. What io_uring cannot do here, the C library does. Nothing is
 * allocated for an ordinary spawn: a signal handler may be the caller.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <string.h>
#include "cmd.h"
#include "glibc_spawn.h"
#include "stats.h"

typedef int spawn_fn(pid_t *, const char *, const posix_spawn_file_actions_t *,
		     const posix_spawnattr_t *, char *const[], char *const[]);

static spawn_fn *libc_spawn, *libc_spawnp;

__attribute__((constructor)) static void find_libc(void)
{
	libc_spawn = (spawn_fn *)dlsym(RTLD_NEXT, "posix_spawn");
	libc_spawnp = (spawn_fn *)dlsym(RTLD_NEXT, "posix_spawnp");
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

static int add_action(struct spawn_bpf_cmd *cmd, const struct __spawn_action *a)
{
	switch (a->tag) {
	case SPAWN_CLOSE:
		return spawn_bpf_cmd__close(cmd, a->close.fd);
	case SPAWN_DUP2:
		return spawn_bpf_cmd__dup2(cmd, a->dup2.fd, a->dup2.newfd);
	case SPAWN_OPEN:
		return spawn_bpf_cmd__open(cmd, a->open.fd, a->open.path, a->open.oflag,
					   a->open.mode);
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

static int add_steps(struct spawn_bpf_cmd *cmd, const posix_spawn_file_actions_t *actions,
		     const posix_spawnattr_t *attr)
{
	int err = attr ? add_attributes(cmd, attr) : 0, i;

	for (i = 0; err >= 0 && actions && i < actions->__used; i++)
		err = add_action(cmd, &actions->__actions[i]);
	if (err >= 0 && attr && attr->__flags & POSIX_SPAWN_SETSIGMASK)
		err = spawn_bpf_cmd__sigmask(cmd, SIG_SETMASK, &attr->__ss);
	return err < 0 ? err : 0;
}

/* ---- The two functions -------------------------------------------------------------------- */

/* 0: *res has the outcome. Else why the C library has to do it. */
static int by_io_uring(struct spawn_bpf_result *res, const char *file,
		       const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr,
		       char *const argv[], char *const envp[], bool search)
{
	struct spawn_bpf_cmd cmd;
	int err, state;

	err = cmd_init(&cmd, file, argv, envp, search ? cmd_search_path(NULL) : NULL);
	if (err) {
		if (err != -ENOENT && err != -ENAMETOOLONG)
			return err;
		res->error = err;	/* a name that no file can have */
		return 0;
	}
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	err = add_steps(&cmd, actions, attr) ?: cmd_spawn_io_uring(&cmd, res, false);
	cmd_fini(&cmd);
	pthread_setcancelstate(state, NULL);
	return err;
}

static int spawn(spawn_fn *libc, pid_t *pid, const char *file,
		 const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr,
		 char *const argv[], char *const envp[], bool search)
{
	LIBSPAWN_BPF_RESULT(res);
	int saved = errno, why;

	why = by_io_uring(&res, file, actions, attr, argv, envp, search);
	errno = saved;
	stats_count(why);
	if (why)
		return libc(pid, file, actions, attr, argv, envp);
	if (!res.error && pid)
		*pid = res.pid;
	return -res.error;
}

__attribute__((visibility("default")))
int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	return spawn(libc_spawn, pid, path, actions, attr, argv, envp, false);
}

__attribute__((visibility("default")))
int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
		 const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	return spawn(libc_spawnp, pid, file, actions, attr, argv, envp, true);
}
