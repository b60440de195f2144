// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * state FD TTY [WAIT]: write a struct state to descriptor FD. TTY is the descriptor of a terminal.
 * With WAIT, another descriptor, the program stays until that reaches its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "state.h"

#define NSIG_KERNEL	64

static struct state s;

static void descriptors(int report)
{
	struct stat st;
	int fd;

	for (fd = 0; fd < STATE_FDS; fd++) {
		struct state_fd *f = &s.fds[fd];

		f->flags = fcntl(fd, F_GETFL);
		if (f->flags < 0)
			f->flags = -errno;
		if (fd == report || f->flags < 0 || fstat(fd, &st))
			continue;
		f->type = st.st_mode & S_IFMT;
		if (S_ISREG(st.st_mode))
			f->id = st.st_size;
		else if (S_ISDIR(st.st_mode))
			f->id = st.st_ino;
		else if (S_ISCHR(st.st_mode))
			f->id = major(st.st_rdev);
	}
}

static void place(unsigned long long id[2], const char *path)
{
	struct stat st;

	if (stat(path, &st)) {
		id[0] = -errno;
		return;
	}
	id[0] = st.st_dev;
	id[1] = st.st_ino;
}

static void signals(void)
{
	struct { void *handler; unsigned long flags; void *restorer; unsigned long mask; } act;
	int sig;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &s.blocked, 8);
	syscall(SYS_rt_sigpending, &s.pending, 8);
	for (sig = 1; sig <= NSIG_KERNEL; sig++) {
		if (syscall(SYS_rt_sigaction, sig, NULL, &act, 8))
			continue;
		if (act.handler == SIG_IGN)
			s.ignored |= 1ULL << (sig - 1);
		else if (act.handler != SIG_DFL)
			s.caught |= 1ULL << (sig - 1);
	}
}

static int whose(pid_t id, pid_t parents)
{
	if (!id)
		return STATE_NONE;
	if (id == getpid())
		return STATE_OWN;
	return id == parents ? STATE_PARENTS : STATE_OTHER;
}

static void session(int tty)
{
	pid_t session = getsid(getppid()), group = getpgid(getppid());
	int id;

	s.session = whose(getsid(0), session);
	s.group = whose(getpgrp(), group);
	s.tty_session = ioctl(tty, TIOCGSID, &id) ? -errno : whose(id, session);
	s.tty_group = ioctl(tty, TIOCGPGRP, &id) ? -errno : whose(id, group);
}

static void scheduling(void)
{
	syscall(SYS_sched_getattr, 0, &s.scheduling, sizeof(s.scheduling), 0);
	s.nice = getpriority(PRIO_PROCESS, 0);
	s.ioprio = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0);
	syscall(SYS_sched_getaffinity, 0, sizeof(s.cpus), s.cpus);
}

static void limits(void)
{
	int i;

	for (i = 0; i < STATE_LIMITS; i++)
		syscall(SYS_prlimit64, 0, i, NULL, s.limits[i]);
}

static void ids(void)
{
	syscall(SYS_getresuid, &s.uids[0], &s.uids[1], &s.uids[2]);
	syscall(SYS_getresgid, &s.gids[0], &s.gids[1], &s.gids[2]);
	s.uids[3] = setfsuid(-1);
	s.gids[3] = setfsgid(-1);
	s.nr_groups = getgroups(STATE_GROUPS, s.groups);
}

static void capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};
	unsigned long cap;

	syscall(SYS_capget, &head, data);
	s.effective = data[0].effective | (unsigned long long)data[1].effective << 32;
	s.permitted = data[0].permitted | (unsigned long long)data[1].permitted << 32;
	s.inheritable = data[0].inheritable | (unsigned long long)data[1].inheritable << 32;
	for (cap = 0; cap <= CAP_LAST_CAP; cap++) {
		if (prctl(PR_CAPBSET_READ, cap) == 1)
			s.bounding |= 1ULL << cap;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1)
			s.ambient |= 1ULL << cap;
	}
}

static void switches(void)
{
	s.no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	prctl(PR_GET_PDEATHSIG, &s.pdeathsig);
	s.keepcaps = prctl(PR_GET_KEEPCAPS);
	s.securebits = prctl(PR_GET_SECUREBITS);
	prctl(PR_GET_CHILD_SUBREAPER, &s.subreaper);
	s.timerslack = prctl(PR_GET_TIMERSLACK);
	s.dumpable = prctl(PR_GET_DUMPABLE);
}

int main(int argc, char **argv)
{
	char byte;

	if (argc < 3)
		return 99;
	descriptors(atoi(argv[1]));
	place(s.cwd, ".");
	place(s.root, "/");
	s.umask = umask(0);
	signals();
	session(atoi(argv[2]));
	scheduling();
	limits();
	ids();
	capabilities();
	switches();
	if (write(atoi(argv[1]), &s, sizeof(s)) != sizeof(s))
		return 98;
	while (argc > 3 && read(atoi(argv[3]), &byte, 1) > 0)
		;
	return 0;
}
