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

static void put_command(struct json *j, const struct command *c)
{
	size_t i;

	json_unsigned(j, "line", c->number);
	json_array(j, "command");
	for (i = 0; i < c->argc; i++)
		json_string(j, NULL, c->argv[i]);
	json_array_end(j);
}

static void put_failure(struct json *j, const struct result *result)
{
	if (result->kind == NOT_RUN) {
		json_string(j, "error", result->err ? errno_name(result->err) : NULL);
		json_number(j, "status", result->status);
	} else if (WIFSIGNALED(result->status)) {
		json_number(j, "signal", WTERMSIG(result->status));
	} else {
		json_number(j, "status", WEXITSTATUS(result->status));
	}
}

static void put_failures(struct json *j, const struct results *r, const struct command_list *l)
{
	size_t i;

	json_array(j, "failures");
	for (i = 0; i < r->nr; i++) {
		if (r->each[i].kind != FAILED && r->each[i].kind != NOT_RUN)
			continue;
		json_object(j, NULL);
		put_command(j, &l->words.commands[i]);
		put_failure(j, &r->each[i]);
		json_object_end(j);
	}
	json_array_end(j);
}

void results_json(const struct results *r, const struct command_list *l)
{
	double seconds = results_seconds(r);
	struct json j = {};

	json_object(&j, NULL);
	json_unsigned(&j, "commands", r->nr);
	json_unsigned(&j, "succeeded", r->count[SUCCEEDED]);
	json_unsigned(&j, "failed", r->count[FAILED]);
	json_unsigned(&j, "not_run", r->count[NOT_RUN]);
	json_unsigned(&j, "not_started", r->count[NOT_STARTED]);
	json_real(&j, "seconds", seconds);
	json_real(&j, "per_second", results_done(r) / seconds);
	put_failures(&j, r, l);
	json_object_end(&j);
}
