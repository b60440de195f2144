// SPDX-License-Identifier: GPL-2.0 OR MIT
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "json.h"
#include "results.h"
#include "util.h"

int results_start(struct results *r, size_t nr)
{
	memset(r, 0, sizeof(*r));
	r->each = calloc(nr ?: 1, sizeof(*r->each));
	if (!r->each)
		return -ENOMEM;
	r->nr = nr;
	r->count[NOT_STARTED] = nr;
	clock_gettime(CLOCK_MONOTONIC, &r->start);
	return 0;
}

void results_set(struct results *r, size_t i, struct result result)
{
	r->count[r->each[i].kind]--;
	r->each[i] = result;
	r->count[result.kind]++;
}

void results_free(struct results *r)
{
	free(r->each);
}

double results_seconds(const struct results *r)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - r->start.tv_sec) + (now.tv_nsec - r->start.tv_nsec) / 1e9;
}

size_t results_done(const struct results *r)
{
	return r->nr - r->count[NOT_STARTED];
}

/* The worst one, in the order in which --help has them. */
int results_status(const struct results *r)
{
	int status = r->count[FAILED] ? EXIT_ANY_FAILED : 0;
	size_t i;

	for (i = 0; i < r->nr; i++) {
		if (r->each[i].kind != NOT_RUN)
			continue;
		if (r->each[i].status == EXIT_SELF)
			return EXIT_SELF;
		if (r->each[i].status == EXIT_NOT_FOUND)
			status = EXIT_NOT_FOUND;
		else if (status != EXIT_NOT_FOUND)
			status = EXIT_CANNOT_RUN;
	}
	return status;
}

void results_say(const struct results *r)
{
	double seconds = results_seconds(r);
	char rest[64] = "";

	if (r->count[NOT_STARTED])
		snprintf(rest, sizeof(rest), "%zu not started, ", r->count[NOT_STARTED]);
	say("%zu command%s, %zu succeeded, %zu failed, %zu could not be run, %s%.1f s, %.1f/s",
	    r->nr, r->nr == 1 ? "" : "s", r->count[SUCCEEDED], r->count[FAILED],
	    r->count[NOT_RUN], rest, seconds, results_done(r) / seconds);
}

/* ---- JSON --------------------------------------------------------------------------------- */

static void put_command(const struct command *c)
{
	size_t i;

	printf("{ \"line\": %lu, \"command\": [", c->number);
	for (i = 0; i < c->argc; i++) {
		fputs(i ? ", " : "", stdout);
		json_string(c->argv[i]);
	}
	printf("], ");
}

static void put_failure(const struct result *result)
{
	if (result->kind == NOT_RUN && result->err)
		printf("\"error\": \"%s\", \"status\": %d }", errno_name(result->err),
		       result->status);
	else if (result->kind == NOT_RUN)
		printf("\"error\": null, \"status\": %d }", result->status);
	else if (WIFSIGNALED(result->status))
		printf("\"signal\": %d }", WTERMSIG(result->status));
	else
		printf("\"status\": %d }", WEXITSTATUS(result->status));
}

void results_json(const struct results *r, const struct list *l)
{
	double seconds = results_seconds(r);
	const char *comma = "\n";
	size_t i;

	printf("{\n  \"commands\": %zu,\n  \"succeeded\": %zu,\n  \"failed\": %zu,\n"
	       "  \"not_run\": %zu,\n  \"not_started\": %zu,\n  \"seconds\": %.3f,\n"
	       "  \"per_second\": %.3f,\n  \"failures\": [", r->nr, r->count[SUCCEEDED],
	       r->count[FAILED], r->count[NOT_RUN], r->count[NOT_STARTED], seconds,
	       results_done(r) / seconds);
	for (i = 0; i < r->nr; i++) {
		if (r->each[i].kind != FAILED && r->each[i].kind != NOT_RUN)
			continue;
		printf("%s    ", comma);
		put_command(&l->words.commands[i]);
		put_failure(&r->each[i]);
		comma = ",\n";
	}
	printf("%s]\n}\n", *comma == ',' ? "\n  " : "");
}
