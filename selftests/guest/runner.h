/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef RUNNER_H
#define RUNNER_H

#include <stdbool.h>

#define TEST_SECONDS	960		/* a little more than the harness gives a test itself */

struct result {
	bool	passed, skipped, timed_out;
	char	reason[256];		/* of a skip */
	char	output[16384];		/* what the test printed, the end of it if it is too long */
};

/* run.c */
void run_test(const char *program, const char *name, struct result *r);
bool no_process_left(void);

/* kmsg.c: what the kernel says between a mark and now */
int kmsg_open(void);
void kmsg_mark(const char *name);
bool kmsg_clean(void);

/* kmemleak.c */
bool kmemleak_start(void);
bool kmemleak_clean(void);

#endif
