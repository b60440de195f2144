/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef BATCH_H
#define BATCH_H

#include <liburing.h>
#include <stdbool.h>
#include "command_list.h"
#include "results.h"

struct batch_options {
	bool		shell;		/* for what is no program, as region_make() has it */
	bool		trace;
	bool		names_program;	/* as struct spawn has it */
	bool		fail_fast;	/* start nothing more after the first failure */
	unsigned int	jobs;		/* so many at a time; the ring is made for them */
};

/* Entries of a ring that so many places need: each may queue two SQEs at a time. */
unsigned int batch_sq_entries(unsigned int jobs);
/* Each may have four CQEs and some that a policy posts, with a trace those of all attempts. */
unsigned int batch_cq_entries(unsigned int jobs, bool trace);

/*
 * Runs the commands of a list, under the policy in slot 0 of the ring and with nothing on their
 * standard input. Says what fails and goes on. A signal that would end us stops it: spawns are
 * cancelled, programs get the signal and are waited for. 0, or -errno after a sentence: the ring
 * failed, and no program runs any more.
 */
int batch_run(struct io_uring *ring, const struct command_list *l, const struct batch_options *o,
	      struct results *r);

#endif
