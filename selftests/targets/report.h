/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What targets/report writes to the descriptor named by argv[1] before it exits with argv[2]. */
struct report {
	int			pid, ppid, pgid, sid;
	unsigned int		uid, euid;
	int			argc;
	unsigned long long	blocked, ignored, caught, pending;
	unsigned long long	fds;		/* bit n: descriptor n is open */
	char			arg[64];	/* argv[3] */
	char			env[64];	/* envp[0] */
};
