/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What glibc keeps in posix_spawn_file_actions_t and posix_spawnattr_t: no header of its has
 * this, but programs are linked with functions that fill it in, so it cannot change. The order of
 * the tags is that of 2.36; 2.39 added the cgroup in what was padding.
 */
#ifndef GLIBC_SPAWN_H
#define GLIBC_SPAWN_H

#include <spawn.h>

struct __spawn_action {
	enum {
		SPAWN_CLOSE, SPAWN_DUP2, SPAWN_OPEN, SPAWN_CHDIR, SPAWN_FCHDIR, SPAWN_CLOSEFROM,
		SPAWN_TCSETPGRP,
	} tag;
	union {
		struct { int fd; } close;
		struct { int fd, newfd; } dup2;
		struct { int fd; char *path; int oflag; mode_t mode; } open;
		struct { char *path; } chdir;
		struct { int fd; } fchdir;
		struct { int from; } closefrom;
		struct { int fd; } tcsetpgrp;
	};
};

#ifdef POSIX_SPAWN_SETCGROUP
#define SPAWN_SETCGROUP		POSIX_SPAWN_SETCGROUP
#define SPAWN_CGROUP		__cgroup
#else
#define SPAWN_SETCGROUP		0x100
#define SPAWN_CGROUP		__pad[0]
#endif

#define SPAWN_FLAGS_KNOWN	(POSIX_SPAWN_RESETIDS | POSIX_SPAWN_SETPGROUP | \
				 POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | \
				 POSIX_SPAWN_SETSCHEDPARAM | POSIX_SPAWN_SETSCHEDULER | \
				 POSIX_SPAWN_USEVFORK | POSIX_SPAWN_SETSID | SPAWN_SETCGROUP)

#endif
