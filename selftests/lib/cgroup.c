// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Control groups for a test. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cgroup.h"
#include "spawn_test.h"

#define ROOT	"/sys/fs/cgroup"

/* With a controller, or NULL. -EOPNOTSUPP: this kernel has no such controller. */
int cgroup_make(struct cgroup *cg, const char *controller)
{
	char enable[32];

	cg->fd = -1;
	if (controller) {
		snprintf(enable, sizeof(enable), "+%s", controller);
		if (write_file(ROOT "/cgroup.subtree_control", enable))
			return -EOPNOTSUPP;
	}
	snprintf(cg->dir, sizeof(cg->dir), ROOT "/spawn-XXXXXX");
	if (!mkdtemp(cg->dir))
		return -errno;
	cg->fd = open(cg->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return cg->fd < 0 ? -errno : 0;
}

static void path_of(char *path, size_t size, struct cgroup *cg, const char *file)
{
	snprintf(path, size, "%s/%s", cg->dir, file);
}

int cgroup_write(struct cgroup *cg, const char *file, const char *text)
{
	char path[128];

	path_of(path, sizeof(path), cg, file);
	return write_file(path, text);
}

int cgroup_enter(struct cgroup *cg, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return cgroup_write(cg, "cgroup.procs", text);
}

/* The number behind the key in a file of lines, or the only one there is; -1: not there. */
long cgroup_number(struct cgroup *cg, const char *file, const char *key)
{
	char path[128], line[128];
	size_t len = key ? strlen(key) : 0;
	long value = -1;
	FILE *f;

	path_of(path, sizeof(path), cg, file);
	f = fopen(path, "r");
	while (f && value < 0 && fgets(line, sizeof(line), f))
		if (!key || (!strncmp(line, key, len) && line[len] == ' '))
			value = strtol(line + len, NULL, 10);
	if (f)
		fclose(f);
	return value;
}

bool cgroup_becomes(struct cgroup *cg, const char *file, const char *key, long value)
{
	unsigned int ms;

	for (ms = 0; ms < WAIT_MS; ms += 5) {
		if (cgroup_number(cg, file, key) == value)
			return true;
		usleep(5000);
	}
	fprintf(stderr, "# %s %s is %ld, not %ld\n", file, key ?: "", cgroup_number(cg, file, key),
		value);
	return false;
}

void cgroup_remove(struct cgroup *cg)
{
	unsigned int tries;

	if (cg->fd < 0)
		return;
	cgroup_write(cg, "cgroup.kill", "1");
	cgroup_write(cg, "cgroup.freeze", "0");
	for (tries = 0; rmdir(cg->dir) && errno == EBUSY && tries < WAIT_MS / 5; tries++)
		usleep(5000);
	close(cg->fd);
}
