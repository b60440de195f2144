/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef STATS_H
#define STATS_H

/*
 * SPAWN_BPF_STATS=FILE in the environment: when a process ends that has spawned, it appends a line
 * there: how many calls io_uring has served, how many the C library, and why.
 */

/* @why: 0 io_uring has served it, else the errno for which it did not. */
void stats_count(int why);

#endif
