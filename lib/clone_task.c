// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * IORING_OP_TASK by system calls, in a child that shares the memory of a process that may have many
 * threads: raw ones, where the C library's would change all threads' ids or take a lock.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "clone.h"

#ifndef SYS_close_range
#define SYS_close_range	436
#endif
#define IOPRIO_WHO_PROCESS	1

/* What this kernel was built without is what IORING_OP_TASK calls it. */
static int result(long ret)
{
	if (ret < 0)
		return errno == ENOSYS ? -EOPNOTSUPP : -errno;
	return ret;
}

static const char *path_of(const struct io_uring_sqe *sqe)
{
	return (const char *)(uintptr_t)sqe->addr;
}

/* ---- Descriptors -------------------------------------------------------------------------- */

static int task_dup(const struct io_uring_sqe *sqe)
{
	int new = sqe->len;

	if (sqe->fd != new)
		return result(dup2(sqe->fd, new));
	return fcntl(new, F_SETFD, 0) < 0 ? -errno : new;
}

/* The target is in use until the file is there, unless there is no other number. */
static int task_open(const struct io_uring_sqe *sqe)
{
	unsigned int target = sqe->addr3;
	struct rlimit limit;
	int fd;

	if (getrlimit(RLIMIT_NOFILE, &limit) || target >= limit.rlim_cur)
		return -EBADF;
	fd = child_openat(sqe->fd, path_of(sqe), sqe->rw_flags, sqe->len);
	if (fd < 0 && errno == EMFILE) {
		child_close(target);
		fd = child_openat(sqe->fd, path_of(sqe), sqe->rw_flags, sqe->len);
	}
	if (fd < 0 || fd == (int)target)
		return result(fd);
	if (dup3(fd, target, sqe->rw_flags & O_CLOEXEC) < 0)
		return -errno;
	child_close(fd);
	return target;
}

static int task_close_range(const struct io_uring_sqe *sqe)
{
	if (!sqe->rw_flags)
		return close_fds(sqe->fd, sqe->len);
	return result(syscall(SYS_close_range, sqe->fd, sqe->len, sqe->rw_flags));
}

/* ---- Signals, session, terminal ----------------------------------------------------------- */

static int task_sigmask(struct walk *w, const struct io_uring_sqe *sqe)
{
	switch (sqe->len) {
	case SIG_BLOCK:
		w->mask |= sqe->addr;
		return 0;
	case SIG_UNBLOCK:
		w->mask &= ~sqe->addr;
		return 0;
	case SIG_SETMASK:
		w->mask = sqe->addr;
		return 0;
	default:
		return -EINVAL;
	}
}

static int task_sigdefault(const struct io_uring_sqe *sqe)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	int sig;

	for (sig = 1; sig <= 64; sig++)
		if (sqe->addr >> (sig - 1) & 1)
			sigaction(sig, &dfl, NULL);	/* KILL and STOP have no other */
	return 0;
}

static int task_tcsetpgrp(const struct io_uring_sqe *sqe)
{
	pid_t pgrp = sqe->len ?: (__u32)getpgrp();

	return result(ioctl(sqe->fd, TIOCSPGRP, &pgrp));
}

/* ---- Scheduling and limits ---------------------------------------------------------------- */

/* The size is in there a second time: one that differs is refused, as by IORING_OP_TASK. */
static int task_sched(const struct io_uring_sqe *sqe)
{
	const struct sched_attributes *attr = (const void *)path_of(sqe);

	if (attr && !sqe->rw_flags && attr->size != sqe->len)
		return -EINVAL;
	return result(syscall(SYS_sched_setattr, 0, attr, sqe->rw_flags));
}

static int task_nice(const struct io_uring_sqe *sqe)
{
	int step = sqe->len, max = 2 * NZERO;

	errno = 0;
	return nice(step < -max ? -max : step > max ? max : step) == -1 && errno ? -errno : 0;
}

static int task_rlimit(const struct io_uring_sqe *sqe)
{
	__u64 limit[2] = { sqe->addr, sqe->addr3 };	/* struct rlimit64 */

	return result(syscall(SYS_prlimit64, 0, sqe->len, limit, NULL));
}

/* ---- Ids ---------------------------------------------------------------------------------- */

static int set_ids(long call, const struct io_uring_sqe *sqe)
{
	return result(syscall(call, (__u32)sqe->addr, sqe->addr >> 32, (__u32)sqe->addr3));
}

static int task_resetids(void)
{
	if (syscall(SYS_setresgid, -1, getgid(), -1) || syscall(SYS_setresuid, -1, getuid(), -1))
		return -errno;
	return 0;
}

int clone_task(struct walk *w, const struct io_uring_sqe *sqe)
{
	switch (sqe->off) {
	case IORING_TASK_DUP:
		return task_dup(sqe);
	case IORING_TASK_OPEN:
		return task_open(sqe);
	case IORING_TASK_CLOSE_RANGE:
		return task_close_range(sqe);
	case IORING_TASK_CHDIR:
		return result(sqe->addr ? chdir(path_of(sqe)) : fchdir(sqe->fd));
	case IORING_TASK_CHROOT:
		return result(chroot(path_of(sqe)));
	case IORING_TASK_UMASK:
		return umask(sqe->len);
	case IORING_TASK_SIGMASK:
		return task_sigmask(w, sqe);
	case IORING_TASK_SIGDEFAULT:
		return task_sigdefault(sqe);
	case IORING_TASK_SETSID:
		return result(setsid());
	case IORING_TASK_SETPGID:
		return result(setpgid(0, sqe->len));
	case IORING_TASK_CTTY:
		return result(ioctl(sqe->fd, TIOCSCTTY, 0));
	case IORING_TASK_TCSETPGRP:
		return task_tcsetpgrp(sqe);
	case IORING_TASK_SCHED:
		return task_sched(sqe);
	case IORING_TASK_NICE:
		return task_nice(sqe);
	case IORING_TASK_AFFINITY:
		return result(syscall(SYS_sched_setaffinity, 0, sqe->len, path_of(sqe)));
	case IORING_TASK_IOPRIO:
		return result(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, sqe->len));
	case IORING_TASK_RLIMIT:
		return task_rlimit(sqe);
	case IORING_TASK_GROUPS:
		return result(syscall(SYS_setgroups, sqe->len, path_of(sqe)));
	case IORING_TASK_GID:
		return set_ids(SYS_setresgid, sqe);
	case IORING_TASK_UID:
		return set_ids(SYS_setresuid, sqe);
	case IORING_TASK_RESETIDS:
		return task_resetids();
	case IORING_TASK_PRCTL:
		return result(syscall(SYS_prctl, sqe->len, sqe->addr, sqe->addr3, 0, 0));
	default:
		return -EOPNOTSUPP;
	}
}
