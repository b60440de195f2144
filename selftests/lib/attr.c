// SPDX-License-Identifier: GPL-2.0 OR MIT
/* One attribute, as the system calls it stands for and as the SQE that sets it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "attr.h"

static long call(long nr, long a, long b, long c, long d, long e)
{
	long ret = syscall(nr, a, b, c, d, e);

	return ret < 0 ? -errno : ret;
}

static long do_dup(const struct attr *a)
{
	int fl;

	if ((int)a->len != a->fd)
		return call(SYS_dup3, a->fd, a->len, a->flags, 0, 0);
	if (a->flags & ~O_CLOEXEC)
		return -EINVAL;
	fl = a->flags ? FD_CLOEXEC : 0;
	return call(SYS_fcntl, a->fd, F_SETFD, fl, 0, 0) ?: (int)a->len;
}

/* By way of another number, which is what the attribute saves. */
static long do_open(const struct attr *a)
{
	int fd = call(SYS_openat, a->fd, a->addr, a->flags, a->len, 0), ret;

	if (fd < 0 || fd == (int)a->addr3)
		return fd;
	ret = call(SYS_dup3, fd, a->addr3, a->flags & O_CLOEXEC, 0, 0);
	close(fd);
	return ret;
}

/* Relative to a directory, by standing in it for a moment. */
static long at_directory(long nr, const struct attr *a)
{
	int back, ret;

	if (a->fd == AT_FDCWD || (a->addr >= 4096 && *(const char *)a->addr == '/'))
		return call(nr, a->addr, 0, 0, 0, 0);
	back = open(".", O_PATH | O_CLOEXEC);
	ret = call(SYS_fchdir, a->fd, 0, 0, 0, 0);
	if (ret)
		return ret;
	ret = call(nr, a->addr, 0, 0, 0, 0);
	if (nr != SYS_chdir || ret)
		ret = fchdir(back) ? -errno : ret;
	close(back);
	return ret;
}

/* The mask is the one to come: while attributes are set all signals are blocked. */
static long do_sigmask(const struct attr *a, __u64 *sigmask)
{
	__u64 all = ~0ULL;
	long ret;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, sigmask, NULL, 8);
	ret = call(SYS_rt_sigprocmask, a->len, (long)&a->addr, 0, 8, 0);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, sigmask, 8);
	return ret;
}

static long do_sigdefault(const struct attr *a)
{
	int sig;

	for (sig = 1; sig <= 64; sig++)
		if (a->addr & 1ULL << (sig - 1) && sig != SIGKILL && sig != SIGSTOP) {
			struct { void *handler; unsigned long rest[3]; } act = { SIG_DFL, {} };

			if (syscall(SYS_rt_sigaction, sig, &act, NULL, 8))
				return -errno;
		}
	return 0;
}

static long do_resetids(void)
{
	return call(SYS_setresgid, -1, getgid(), -1, 0, 0) ?:
	       call(SYS_setresuid, -1, getuid(), -1, 0, 0);
}

static long do_nice(int step)
{
	errno = 0;
	return nice(step) == -1 && errno ? -errno : 0;
}

/*
 * What an ordinary process would do. The C library's functions for ids change all threads: the
 * system calls are meant.
 */
long attr_syscall(const struct attr *a, __u64 *sigmask)
{
	__u64 limit[2] = { a->addr, a->addr3 };
	int group = a->len ? (int)a->len : getpgrp();

	switch (a->attr) {
	case IORING_TASK_DUP:		return do_dup(a);
	case IORING_TASK_OPEN:		return do_open(a);
	case IORING_TASK_CLOSE_RANGE:	return call(SYS_close_range, a->fd, a->len, a->flags, 0, 0);
	case IORING_TASK_CHDIR:
		return a->addr ? at_directory(SYS_chdir, a) : call(SYS_fchdir, a->fd, 0, 0, 0, 0);
	case IORING_TASK_CHROOT:	return at_directory(SYS_chroot, a);
	case IORING_TASK_UMASK:		return call(SYS_umask, a->len, 0, 0, 0, 0);
	case IORING_TASK_SIGMASK:	return do_sigmask(a, sigmask);
	case IORING_TASK_SIGDEFAULT:	return do_sigdefault(a);
	case IORING_TASK_SETSID:	return call(SYS_setsid, 0, 0, 0, 0, 0);
	case IORING_TASK_SETPGID:	return call(SYS_setpgid, 0, (int)a->len, 0, 0, 0);
	case IORING_TASK_CTTY:		return call(SYS_ioctl, a->fd, TIOCSCTTY, 0, 0, 0);
	case IORING_TASK_TCSETPGRP:
		return call(SYS_ioctl, a->fd, TIOCSPGRP, (long)&group, 0, 0);
	case IORING_TASK_SCHED:		return call(SYS_sched_setattr, 0, a->addr, a->flags, 0, 0);
	case IORING_TASK_NICE:		return do_nice(a->len);
	case IORING_TASK_AFFINITY:
		return call(SYS_sched_setaffinity, 0, a->len, a->addr, 0, 0);
	case IORING_TASK_IOPRIO:
		return call(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, (int)a->len, 0, 0);
	case IORING_TASK_RLIMIT:	return call(SYS_prlimit64, 0, a->len, (long)limit, 0, 0);
	case IORING_TASK_GROUPS:	return call(SYS_setgroups, (int)a->len, a->addr, 0, 0, 0);
	case IORING_TASK_GID:
		return call(SYS_setresgid, (__u32)a->addr, a->addr >> 32, a->addr3, 0, 0);
	case IORING_TASK_UID:
		return call(SYS_setresuid, (__u32)a->addr, a->addr >> 32, a->addr3, 0, 0);
	case IORING_TASK_RESETIDS:	return do_resetids();
	case IORING_TASK_PRCTL:		return call(SYS_prctl, a->len, a->addr, a->addr3, 0, 0);
	default:			return -EINVAL;
	}
}

void attr_sqe(struct io_uring_sqe *sqe, const struct attr *a)
{
	__u64 user_data = sqe->user_data;

	iou_prep_task(sqe, a->attr, a->fd, a->addr, a->len, a->flags, a->addr3);
	sqe->user_data = user_data;
}
