/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the policy rate_limit knows of all its spawns: skel->bss->rate_limit, to be read at any
 * time. Chain: SPAWN_BPF, without a region; template 0 is the EXEC. Errors by number are in the map
 * "errors": key errno, value how often.
 */

struct rate_limit_stats {
	__u64	due_ns;		/* CLOCK_MONOTONIC: when a spawn that comes now may start */
	__u64	started;	/* EXECs tried */
	__u64	failed;		/* of these */
	__u64	refused;	/* would have waited too long: -EAGAIN, no EXEC */
	__u64	waited;		/* spawns that had to wait */
	__u64	waited_ns;	/* their waits together */
};
