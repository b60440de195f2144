// SPDX-License-Identifier: GPL-2.0 OR MIT
/* kmemleak over the run of one program. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "runner.h"

#define KMEMLEAK	"/sys/kernel/debug/kmemleak"
#define MIN_AGE		6	/* kmemleak reports nothing younger than 5 s */

static bool command(const char *word)
{
	int fd = open(KMEMLEAK, O_WRONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return false;
	ok = write(fd, word, strlen(word)) > 0;
	close(fd);
	return ok;
}

/* False: this kernel has no kmemleak. What has been lost since the guest started is reported too. */
bool kmemleak_start(void)
{
	return !access(KMEMLEAK, W_OK);
}

/*
 * Two scans: the first only takes the checksums of what nothing refers to, the second reports what has
 * the same one still. Both last seconds, so the first is part of the wait.
 */
bool kmemleak_clean(void)
{
	char line[256];
	bool clean = true;
	struct timespec end;
	FILE *f;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += MIN_AGE;
	command("scan");
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL);
	command("scan");
	f = fopen(KMEMLEAK, "r");
	if (!f) {
		printf("#   %s cannot be read\n", KMEMLEAK);
		return false;
	}
	while (fgets(line, sizeof(line), f)) {
		clean = false;
		printf("#   %s", line);
	}
	fclose(f);
	return clean;
}
