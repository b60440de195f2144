/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The argument region between an application and the policy path_search. Chain: SPAWN_BPF; its
 * first template is the EXEC, whose path the policy fills in.
 */

/* Written with every attempt and at the end: true after the outcome CQE, whatever that is. */
struct path_search_report {
	__s32	error;		/* 0: the path tried last runs; else -errno, as the outcome CQE */
	__u32	path;		/* number of the path tried last, or of the one error is about */
	__u32	tried;		/* EXECs, one for each path up to the last */
};

struct path_search_arg {
	struct path_search_report report;
	__u32	nr_paths;
	__u64	paths[];	/* addresses of the paths, tried in this order */
};

#define PATH_SEARCH_ARG_LEN(nr_paths)	(sizeof(struct path_search_arg) + 8 * (nr_paths))
#define PATH_SEARCH_MAX_PATHS		((4096 - PATH_SEARCH_ARG_LEN(0)) / 8)
