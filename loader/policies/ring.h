/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef RING_H
#define RING_H

#include <liburing.h>
#include <stdbool.h>
#include <sys/types.h>
#include "spawn_bpf.h"

/* One line of "Spawns:", a spawn in progress. The words are the kernel's. */
struct ring_spawn {
	unsigned long long	user_data;
	char			state[32];
	int			pid;		/* 0: there is no task yet */
	unsigned int		flags;		/* IORING_CLONE_* */
	unsigned int		sqes, submit;
	char			exec[16], policy[16];
	unsigned int		cqes;
};

enum { RING_ISSUED, RING_EXECED, RING_ENDED, RING_FAILED, RING_CANCELLED, RING_COUNTERS };

/* What /proc/PID/fdinfo/FD of a ring says about spawns. */
struct ring_view {
	bool			answered;	/* false: it never spawned, or is too busy */
	struct {
		__u32		map;		/* 0: the slot is empty */
		char		name[16];
	} slots[IORING_SPAWN_MAX_SLOTS];
	struct ring_spawn	*spawns;
	unsigned int		nr_spawns;
	unsigned long long	counters[RING_COUNTERS];
};

extern const char *const ring_counter_names[RING_COUNTERS];

/*
 * The kernel leaves out all of this while somebody works on the ring. That is over soon: it is asked
 * so often.
 */
#define RING_TRIES	20
#define RING_PAUSE_US	1000

/* 0 or -errno, without a sentence. To be freed if it is 0. */
int ring_read(pid_t pid, int fd, struct ring_view *view);
int ring_read_once(pid_t pid, int fd, struct ring_view *view);
void ring_view_free(struct ring_view *view);

/* Is descriptor @fd of process @pid a ring? */
bool ring_is_one(pid_t pid, int fd);

/* A descriptor of the ring that process @pid has as @fd, or -errno after a sentence. */
int ring_take(pid_t pid, int fd);
/* 0 if it is one and we may read what /proc says of it, or -errno after a sentence. */
int ring_look(pid_t pid, int fd);
/* 0 if our own descriptor @fd is a ring, or -errno after a sentence. */
int ring_check(int fd);

/* Process @pid's command, of any bytes; "?" if it is gone. */
const char *process_name(pid_t pid, char *buf, size_t size);
/* As ps shows it: printable ASCII. */
const char *process_shown(pid_t pid, char *buf, size_t size);

#endif
