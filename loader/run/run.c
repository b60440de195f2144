// SPDX-License-Identifier: GPL-2.0 OR MIT
/* spawn-bpf run: a program, or those of a list, under a policy. */
#include <stdio.h>
#include <stdlib.h>
#include "batch.h"
#include "commands.h"
#include "run_options.h"
#include "signals.h"
#include "single.h"
#include "trace.h"
#include "util.h"

static int attach(struct policy *policy, struct run_options *o, const struct io_uring *ring,
		  const struct io_uring_query_spawn *q)
{
	int err;

	o->policy.ring_fd = ring->ring_fd;
	o->policy.region = "struct spawn_prog_arg";
	/* a trace takes a CQE for every attempt */
	o->policy.max_posts = o->trace ? q->max_posts : 0;
	err = policy_attach(policy, &o->policy);
	if (!err)
		trace_start(o->trace, policy->name);
	return err;
}

static int run_one(struct run_options *o)
{
	struct io_uring_query_spawn q;
	struct policy policy = {};
	struct spawn spawn = { .names_program = o->policy.file };
	struct io_uring ring;
	int status;

	status = open_ring(&ring, &q, 0, 0);
	if (status)
		return status;
	status = EXIT_SELF;
	if (!region_make(&spawn.region, o->command, !o->no_shell, o->trace) &&
	    !attach(&policy, o, &ring, &q))
		status = single_run(&ring, &spawn, o->command[0]);
	/* the ring first: if it failed, its end is also that of the spawn, which uses the others */
	io_uring_queue_exit(&ring);
	policy_detach(&policy);
	region_free(&spawn.region);
	return status;
}

static unsigned int choose_jobs(const struct run_options *o, const struct command_list *l)
{
	size_t jobs = o->jobs ?: sysconf(_SC_NPROCESSORS_ONLN);

	if (jobs > l->words.nr)
		jobs = l->words.nr;
	return jobs ?: 1;
}

static int run_batch(struct io_uring *ring, const struct command_list *l, const struct batch_options *b,
		     bool json)
{
	struct results results;
	int status = EXIT_SELF;

	if (!batch_run(ring, l, b, &results)) {
		status = results_status(&results);
		results_say(&results);
		if (json)
			results_json(&results, l);
		fflush(stdout);		/* a signal may be our end now */
	}
	results_free(&results);
	signals_die();
	return status;
}

static int run_list(struct run_options *o, const struct command_list *l)
{
	const struct batch_options options = {
		.shell = !o->no_shell, .trace = o->trace, .fail_fast = o->fail_fast,
		.names_program = o->policy.file,
		.jobs = choose_jobs(o, l),
	};
	struct io_uring_query_spawn q;
	struct policy policy = {};
	struct io_uring ring;
	int status;

	status = open_ring(&ring, &q, batch_sq_entries(options.jobs),
			   batch_cq_entries(options.jobs, o->trace));
	if (status)
		return status;
	status = EXIT_SELF;
	if (!attach(&policy, o, &ring, &q))
		status = run_batch(&ring, l, &options, o->json);
	io_uring_queue_exit(&ring);
	policy_detach(&policy);
	return status;
}

static int run_file(struct run_options *o)
{
	int status = EXIT_SELF;
	struct command_list list;

	if (!command_list_read(&list, o->file, o->nul, o->command))
		status = run_list(o, &list);
	command_list_free(&list);
	return status;
}

int cmd_run(int argc, char **argv)
{
	struct run_options o;

	run_options_parse(&o, argc, argv);
	return o.file ? run_file(&o) : run_one(&o);
}
