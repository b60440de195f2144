// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What CLONE itself gives a process, in the child of clone_child.c. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "clone.h"

#ifndef SYS_close_range
#define SYS_close_range	436
#endif

/* ---- Closing ------------------------------------------------------------------------------ */

/* Before Linux 5.9, and under filters that do not know the call: what /proc lists. */
static int close_listed(unsigned int first, unsigned int last)
{
	_Alignas(struct dirent64) char buf[1024];
	int dir = child_openat(AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	ssize_t n, at;

	if (dir < 0)
		return -errno;
	while ((n = getdents64(dir, buf, sizeof(buf))) > 0) {
		for (at = 0; at < n; at += ((struct dirent64 *)(buf + at))->d_reclen) {
			const char *name = ((struct dirent64 *)(buf + at))->d_name;
			unsigned int fd = strtoul(name, NULL, 10);

			if (name[0] != '.' && fd >= first && fd <= last && fd != (unsigned int)dir)
				child_close(fd);
		}
	}
	child_close(dir);
	return n < 0 ? -EIO : 0;
}

int close_fds(unsigned int first, unsigned int last)
{
	if (first > last)
		return -EINVAL;
	return syscall(SYS_close_range, first, last, 0) ? close_listed(first, last) : 0;
}

/* ---- Descriptors -------------------------------------------------------------------------- */

static int check_fds(const struct spawn_bpf_cmd *cmd, rlim_t limit)
{
	unsigned int i;

	for (i = 0; i < cmd->nr_fds; i++)
		if ((rlim_t)cmd->fds[i].target >= limit || fcntl(cmd->fds[i].fd, F_GETFD) < 0)
			return -EBADF;
	return 0;
}

static bool is_wanted(const int *from, unsigned int nr, unsigned int but, int fd)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (i != but && from[i] == fd)
			return true;
	return false;
}

static int move_fd(int from, int to)
{
	if (from == to)
		return fcntl(to, F_SETFD, 0) < 0 ? -errno : 0;
	return dup2(from, to) < 0 ? -errno : 0;
}

/* Those whose target nobody wants any more. How many were moved, or -errno. */
static int move_some(const struct io_uring_clone_fd *fds, int *from, unsigned int nr)
{
	unsigned int i;
	int moved = 0, err;

	for (i = 0; i < nr; i++) {
		if (from[i] < 0 || is_wanted(from, nr, i, fds[i].target))
			continue;
		err = move_fd(from[i], fds[i].target);
		if (err)
			return err;
		from[i] = -1;
		moved++;
	}
	return moved;
}

/*
 * What cannot be moved then is a circle, or several. One descriptor of it goes out of the way,
 * under the only number that is needed in addition.
 */
static int break_circle(const struct io_uring_clone_fd *fds, int *from, unsigned int nr, int *spare)
{
	unsigned int i, j;

	for (i = 0; from[i] < 0; i++)
		;
	*spare = fcntl(fds[i].target, F_DUPFD_CLOEXEC, 0);
	if (*spare < 0)
		return -errno;
	for (j = 0; j < nr; j++)
		if (from[j] == fds[i].target)
			from[j] = *spare;
	return 0;
}

static int move_fds(const struct io_uring_clone_fd *fds, unsigned int nr)
{
	int from[IORING_SPAWN_MAX_FDS], spare = -1, moved;
	unsigned int i, left = nr;

	for (i = 0; i < nr; i++)
		from[i] = fds[i].fd;
	while (left) {
		moved = move_some(fds, from, nr);
		if (moved < 0)
			return moved;
		left -= moved;
		if (moved)
			continue;
		if (spare >= 0)
			child_close(spare);
		moved = break_circle(fds, from, nr, &spare);
		if (moved < 0)
			return moved;
	}
	if (spare >= 0)
		child_close(spare);
	return 0;
}

static int close_all_but(const struct io_uring_clone_fd *fds, unsigned int nr)
{
	unsigned int first = 0, next, i;
	int err = 0;

	do {
		next = ~0U;
		for (i = 0; i < nr; i++)
			if ((unsigned int)fds[i].target >= first &&
			    (unsigned int)fds[i].target < next)
				next = fds[i].target;
		if (next > first)
			err = close_fds(first, next - (next != ~0U));
		first = next + 1;
	} while (!err && next != ~0U);
	return err;
}

/* ---- The cgroup --------------------------------------------------------------------------- */

/* With the errors of clone3(2). */
static int enter_cgroup(int cgroup)
{
	struct statfs fs;
	int fd, err = 0;

	if (fstatfs(cgroup, &fs) || fs.f_type != CGROUP2_SUPER_MAGIC)
		return -EBADF;
	fd = child_openat(cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return errno == ENOTDIR ? -EBADF : -errno;
	if (syscall(SYS_write, fd, "0", 1) < 0)
		err = -errno;
	child_close(fd);
	return err;
}

int clone_birth(const struct spawn_bpf_cmd *cmd)
{
	struct rlimit limit, lifted;
	int err;

	if (cmd->cgroup < 0 && !cmd->nr_fds && !(cmd->spawn_flags & IORING_CLONE_NO_FILES))
		return 0;
	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	err = check_fds(cmd, limit.rlim_cur);
	if (err)
		return err;
	/* a number more than there are may be needed for a moment */
	lifted = (struct rlimit){ limit.rlim_max, limit.rlim_max };
	setrlimit(RLIMIT_NOFILE, &lifted);
	if (cmd->cgroup >= 0)
		err = enter_cgroup(cmd->cgroup);
	if (!err && cmd->cgroup >= 0 && cmd->clone_flags & CLONE_NEWCGROUP && unshare(CLONE_NEWCGROUP))
		err = -errno;
	if (!err)
		err = move_fds(cmd->fds, cmd->nr_fds);
	if (!err && cmd->spawn_flags & IORING_CLONE_NO_FILES)
		err = close_all_but(cmd->fds, cmd->nr_fds);
	setrlimit(RLIMIT_NOFILE, &limit);
	return err;
}
