// SPDX-License-Identifier: GPL-2.0 OR MIT
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "stats.h"

#define MAX_ERRNO	134

static atomic_uint by_errno[MAX_ERRNO];		/* [0]: by io_uring */

void stats_count(int why)
{
	unsigned int err = why < 0 ? -why : why;

	atomic_fetch_add_explicit(&by_errno[err < MAX_ERRNO ? err : EINVAL], 1, memory_order_relaxed);
}

/* The counts so far are the parent's to tell. */
static void forget(void)
{
	memset(by_errno, 0, sizeof(by_errno));
}

__attribute__((constructor)) static void watch_forks(void)
{
	pthread_atfork(NULL, NULL, forget);
}

static unsigned int sum_of_fallbacks(void)
{
	unsigned int sum = 0, i;

	for (i = 1; i < MAX_ERRNO; i++)
		sum += by_errno[i];
	return sum;
}

/* One write: lines of processes that end at once do not mix. */
__attribute__((destructor)) static void tell(void)
{
	const char *path = getenv("SPAWN_BPF_STATS");
	unsigned int others = sum_of_fallbacks(), i;
	char line[1024];
	int len, fd;

	if (!path || !(by_errno[0] + others))
		return;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return;
	len = snprintf(line, sizeof(line), "pid %d %s: io_uring %u, fallback %u", getpid(),
		       program_invocation_short_name, by_errno[0], others);
	for (i = 1; i < MAX_ERRNO && len < (int)sizeof(line) - 64; i++)
		if (by_errno[i])
			len += snprintf(line + len, sizeof(line) - len, ", %s %u",
					strerrorname_np(i), by_errno[i]);
	line[len++] = '\n';
	if (write(fd, line, len) < 0)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	close(fd);
}
