// SPDX-License-Identifier: GPL-2.0 OR MIT
/* kmemleak over the run of one program. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
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

/* What has been there before us is not ours. False: this kernel has no kmemleak. */
bool kmemleak_start(void)
{
	return command("scan") && command("clear");
}

/* Two scans: the first may take for lost what was on its way between two lists. */
bool kmemleak_clean(void)
{
	char line[256];
	bool clean = true;
	FILE *f;

	sleep(MIN_AGE);
	command("scan");
	sleep(1);
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
