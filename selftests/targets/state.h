/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What targets/state writes: everything a task attribute can change, as the program finds it.
 * Two processes that differ in no attribute give equal structs, whatever their pids are.
 */
#ifndef STATE_H
#define STATE_H

#define STATE_FDS	32
#define STATE_GROUPS	16
#define STATE_LIMITS	16
#define STATE_CPUS	64

/* struct sched_attr, which the headers of C library and kernel do not offer together */
struct scheduling {
	unsigned int		size, policy;
	unsigned long long	flags;
	int			nice;
	unsigned int		priority;
	unsigned long long	runtime, deadline, period;
};

/* Processes and what is named after them: groups and sessions. */
enum { STATE_OTHER, STATE_OWN, STATE_PARENTS, STATE_NONE };

struct state_fd {
	int			flags;		/* of the open file, -errno if there is none */
	unsigned int		type;		/* S_IFMT */
	unsigned long long	id;		/* size, inode of a directory, driver of a device */
};

struct state {
	struct state_fd		fds[STATE_FDS];
	unsigned long long	cwd[2], root[2];	/* device, inode */
	unsigned int		umask;
	unsigned long long	blocked, ignored, caught, pending;
	int			session, group;		/* STATE_* */
	int			tty_session, tty_group;	/* of the terminal, or -errno */
	struct scheduling	scheduling;
	int			nice, ioprio;
	unsigned char		cpus[STATE_CPUS / 8];
	unsigned long long	limits[STATE_LIMITS][2];
	unsigned int		uids[4], gids[4];	/* real, effective, saved, file system */
	int			nr_groups;
	unsigned int		groups[STATE_GROUPS];
	unsigned long long	effective, permitted, inheritable, bounding, ambient;
	int			no_new_privs, pdeathsig, keepcaps, securebits, subreaper;
	int			timerslack, dumpable;
};

#endif
