/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Control groups for a test: made below the root of cgroup2, removed with all that is in them. */
#ifndef SPAWN_TEST_CGROUP_H
#define SPAWN_TEST_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct cgroup {
	char	dir[64];
	int	fd;
};

int cgroup_make(struct cgroup *cg, const char *controller);
void cgroup_remove(struct cgroup *cg);
int cgroup_write(struct cgroup *cg, const char *file, const char *text);
int cgroup_enter(struct cgroup *cg, pid_t pid);
long cgroup_number(struct cgroup *cg, const char *file, const char *key);
bool cgroup_becomes(struct cgroup *cg, const char *file, const char *key, long value);

#endif
