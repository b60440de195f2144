/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef RESULTS_H
#define RESULTS_H

#include <stddef.h>
#include <time.h>
#include "command_list.h"

enum result_kind { NOT_STARTED, SUCCEEDED, FAILED, NOT_RUN, NR_RESULTS };

struct result {
	enum result_kind	kind;
	int			status;	/* FAILED: of wait(2); NOT_RUN: as why_not() says */
	int			err;	/* NOT_RUN: -errno, or 0: the policy gave none */
};

/* What became of the commands of a list. */
struct results {
	struct result	*each;		/* in the list's order */
	size_t		nr;
	size_t		count[NR_RESULTS];
	size_t		running;	/* programs */
	struct timespec	start;
};

/* 0 or -ENOMEM. The clock starts. */
int results_start(struct results *r, size_t nr);
void results_set(struct results *r, size_t i, struct result result);
void results_free(struct results *r);

double results_seconds(const struct results *r);
/* Those that are over. */
size_t results_done(const struct results *r);

/* The exit status of the whole. */
int results_status(const struct results *r);

/* One line on standard error; an object on standard output. */
void results_say(const struct results *r);
void results_json(const struct results *r, const struct command_list *l);

#endif
