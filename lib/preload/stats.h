/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef STATS_H
#define STATS_H

/*
 * SPAWN_BPF_STATS=FILE in the environment: each process that spawns has a line there, padded with
 * spaces to a fixed length:
 *
 *	pid 4711 ninja: io_uring 300, fallback 1, EBUSY 1
 *
 * calls of posix_spawn() that io_uring has served, those that the C library has, and why. The
 * line is appended at the first spawn and rewritten at every other one: a process that is killed,
 * calls _exit(2) or executes another program loses nothing. That takes ten system calls per
 * spawn, so it is no way to run a benchmark. Only a regular file is written, that may be read
 * too. No descriptor is kept. A line that cannot be written now (no descriptor is free, the ids
 * or the root directory are others) is written at the next spawn or when the process exits.
 */

/* @why: 0 io_uring has served it, else the errno for which it did not. */
void stats_count(int why);

#endif
