// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * runner [-v] PROGRAM [NAME...]: run the tests of a harness program one by one, each in a process
 * of its own, and print TAP. A test fails if it says so, if it takes too long, if it leaves a
 * process behind, or if the kernel complains meanwhile. Without NAME: all of them; on a kernel
 * with kmemleak a last one looks for leaks.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "runner.h"

#define MAX_TESTS	1024

struct count {
	unsigned int run, failed, skipped;
};

static bool verbose;

static bool wanted(const char *name, char **only, int nr_only)
{
	int i;

	for (i = 0; i < nr_only; i++)
		if (strstr(name, only[i]))
			return true;
	return !nr_only;
}

static unsigned int list(const char *program, char *names[], char **only, int nr_only)
{
	char command[512], line[256];
	unsigned int nr = 0;
	FILE *out;

	snprintf(command, sizeof(command), "exec %s --list", program);
	out = popen(command, "r");
	while (out && nr < MAX_TESTS && fgets(line, sizeof(line), out)) {
		line[strcspn(line, "\n")] = '\0';
		if (wanted(line, only, nr_only))
			names[nr++] = strdup(line);
	}
	if (!out || pclose(out)) {
		fprintf(stderr, "runner: %s --list failed: is it one of the test programs?\n",
			program);
		return 0;
	}
	return nr;
}

static void print_comment(const char *text)
{
	const char *end;

	for (; *text; text = *end ? end + 1 : end) {
		end = strchrnul(text, '\n');
		printf("#   %.*s\n", (int)(end - text), text);
	}
}

static void one(struct count *count, const char *program, const char *name)
{
	struct result r = {};
	bool log_ok, all_gone;

	kmsg_mark(name);
	run_test(program, name, &r);
	all_gone = no_process_left();
	log_ok = kmsg_clean();
	count->run++;
	if (r.skipped && log_ok && all_gone) {
		count->skipped++;
		printf("ok %u %s # SKIP %s\n", count->run, name, r.reason);
		return;
	}
	if (r.passed && log_ok && all_gone) {
		printf("ok %u %s\n", count->run, name);
		if (verbose)
			print_comment(r.output);
		return;
	}
	count->failed++;
	printf("not ok %u %s\n", count->run, name);
	if (r.timed_out)
		printf("#   stopped after %d s\n", TEST_SECONDS);
	print_comment(r.output);
}

static void leaks(struct count *count)
{
	count->run++;
	if (kmemleak_clean()) {
		printf("ok %u no_kernel_memory_leak\n", count->run);
		return;
	}
	count->failed++;
	printf("not ok %u no_kernel_memory_leak\n", count->run);
}

int main(int argc, char **argv)
{
	static char *names[MAX_TESTS];
	const char *percent = getenv("SPAWN_TEST_PERCENT");
	struct count count = {};
	unsigned int nr, i;
	bool look_for_leaks;

	if (argc > 1 && !strcmp(argv[1], "-v")) {
		verbose = true;
		argv++;
		argc--;
	}
	if (argc < 2) {
		fprintf(stderr, "usage: runner [-v] PROGRAM [NAME...]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) || kmsg_open())
		return 2;
	nr = list(argv[1], names, argv + 2, argc - 2);
	if (!nr)
		return 2;
	look_for_leaks = argc == 2 && kmemleak_start();
	printf("TAP version 13\n1..%u\n", nr + look_for_leaks);
	if (percent && strcmp(percent, "100"))
		printf("# SPAWN_TEST_PERCENT=%s: so much of the rounds the sources name\n", percent);
	for (i = 0; i < nr; i++)
		one(&count, argv[1], names[i]);
	if (look_for_leaks)
		leaks(&count);
	printf("# %s: %u run, %u failed, %u skipped\n", argv[1], count.run, count.failed,
	       count.skipped);
	return count.failed != 0;
}
