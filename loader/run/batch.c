// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Many commands, some at a time, from one ring. Spawns are queued and submitted together; programs
 * are waited for on the ring as well, so nothing here ever waits for one of them alone.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "batch.h"
#include "failure.h"
#include "progress.h"
#include "signals.h"
#include "spawn.h"
#include "trace.h"
#include "util.h"

enum place_state {
	FREE,
	SPAWNING,		/* the kernel has the spawn */
	RUNNING,		/* the program runs; its WAITID is on the ring */
	AGAIN,			/* there was no room for a task: to be tried when there is more */
};

struct place {
	struct spawn		spawn;
	size_t			command;
	enum place_state	state;
};

struct batch {
	struct io_uring			*ring;
	const struct command_list		*list;
	const struct batch_options	*options;
	struct results			*results;
	struct place			*places;
	unsigned int			alive;	/* places that are spawning or running */
	unsigned int			again;	/* places in that state */
	unsigned int			room;	/* so many tasks ended since one had no room */
	size_t				next;	/* command to start */
	int				input;	/* /dev/null */
	bool				stopping;	/* nothing more begins */
	bool				cancelled;	/* nor comes to its program */
	int				signals_seen;
	const sigset_t			*waiting;	/* the mask of waits */
};

#define MAX_CQ_ENTRIES	65536	/* the kernel's limit */

unsigned int batch_sq_entries(unsigned int jobs)
{
	return 2 * jobs;
}

unsigned int batch_cq_entries(unsigned int jobs, bool trace)
{
	unsigned int entries = jobs * (trace ? RING_CQ_ENTRIES : 16);

	return entries < MAX_CQ_ENTRIES ? entries : MAX_CQ_ENTRIES;
}

static const struct command *command_of(const struct batch *b, const struct place *p)
{
	return &b->list->words.commands[p->command];
}

static __u64 number_of(const struct batch *b, const struct place *p)
{
	return p - b->places;
}

/* ---- Signals ------------------------------------------------------------------------------ */

static bool signal_came(const struct batch *b)
{
	return signals_count() != b->signals_seen;
}

static void pass_on_to(const struct place *p)
{
	int sig = signals_to_pass_on();

	if (sig)
		kill(p->spawn.out.res, sig);
}

static int stop(struct batch *b)
{
	unsigned int i;
	int err = 0;

	b->signals_seen = signals_count();
	b->stopping = true;
	for (i = 0; !err && i < b->options->jobs; i++) {
		struct place *p = &b->places[i];

		if (p->state == RUNNING)
			pass_on_to(p);
		else if (p->state == SPAWNING && !b->cancelled)
			err = spawn_queue_cancel(b->ring, i);
	}
	b->cancelled = true;
	return err;
}

/* ---- Ends --------------------------------------------------------------------------------- */

static void set_result(struct batch *b, struct place *p, struct result result)
{
	results_set(b->results, p->command, result);
	if (b->options->fail_fast && result.kind != SUCCEEDED)
		b->stopping = true;
}

/* Of a spawn without a program. */
static void spawn_failed(struct batch *b, struct place *p)
{
	const struct command *c = command_of(b, p);
	int err = p->spawn.out.res;

	if (err == -ECANCELED && signals_got())
		return;
	say_about(b->list->name, c->number);
	set_result(b, p, (struct result){ NOT_RUN, why_not(&p->spawn, c->argv[0]), err });
	say_about(NULL, 0);
}

/* What has no room for its task may find some when one of our others has ended. */
static bool may_try_again(const struct batch *b, const struct outcome *out)
{
	return out->res == -EAGAIN && out->step == IORING_SPAWN_STEP_NONE && b->alive &&
	       !b->stopping;
}

static int spawn_ended(struct batch *b, struct place *p)
{
	struct spawn *s = &p->spawn;

	trace_outcome(s);
	if (s->out.res > 0) {
		region_free(&s->region);
		p->state = RUNNING;
		b->results->running++;
		if (b->cancelled && !signal_came(b))	/* else stop() is still to see to it */
			pass_on_to(p);
		return spawn_queue_exit(b->ring, s, number_of(b, p));
	}
	b->alive--;
	if (may_try_again(b, &s->out)) {
		p->state = AGAIN;
		b->again++;
		return 0;
	}
	spawn_failed(b, p);
	region_free(&s->region);
	p->state = FREE;
	return 0;
}

static void say_failed(const struct batch *b, const struct place *p, int status)
{
	const struct command *c = command_of(b, p);

	say_about(b->list->name, c->number);
	if (WIFSIGNALED(status))
		say("%s: ended by signal %d (SIG%s)", shown(c->argv[0]), WTERMSIG(status),
		    sigabbrev_np(WTERMSIG(status)) ?: "RT");
	else
		say("%s: exit status %d", shown(c->argv[0]), WEXITSTATUS(status));
	say_about(NULL, 0);
}

static int program_ended(struct batch *b, struct place *p, int err)
{
	int status;

	/* reaped here and not by the ring: until now its pid was no other process's */
	if (err || waitpid(p->spawn.out.res, &status, 0) < 0)
		return err ?: -errno;
	p->state = FREE;
	b->alive--;
	b->room += b->again > 0;
	b->results->running--;
	if (status)
		say_failed(b, p, status);
	set_result(b, p, (struct result){ .kind = status ? FAILED : SUCCEEDED, .status = status });
	return 0;
}

/* ---- Beginnings --------------------------------------------------------------------------- */

static int queue(struct batch *b, struct place *p)
{
	p->spawn.pid = 0;
	p->state = SPAWNING;
	b->alive++;
	return spawn_queue(b->ring, &p->spawn, number_of(b, p), b->input);
}

static int begin_again(struct batch *b, struct place *p)
{
	b->again--;
	b->room -= b->room > 0;
	return queue(b, p);
}

/* The next command; those that cannot even be tried are passed over. */
static int begin_next(struct batch *b, struct place *p)
{
	const struct batch_options *o = b->options;

	while (b->next < b->list->words.nr && !b->stopping) {
		const struct command *c;
		int err;

		p->command = b->next++;
		p->spawn.names_program = o->names_program;
		c = command_of(b, p);
		say_about(b->list->name, c->number);
		err = region_make(&p->spawn.region, c->argv, o->shell, o->trace);
		say_about(NULL, 0);
		if (!err)
			return queue(b, p);
		set_result(b, p, (struct result){ NOT_RUN, EXIT_SELF, err });
	}
	return 0;
}

static int begin(struct batch *b)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && !b->stopping && i < b->options->jobs; i++) {
		struct place *p = &b->places[i];

		if (p->state == AGAIN && (b->room || !b->alive))
			err = begin_again(b, p);
		else if (p->state == FREE && !b->again)
			err = begin_next(b, p);
	}
	return err;
}

/* ---- The loop ----------------------------------------------------------------------------- */

/* A policy posts what it likes: what is not ours is passed over. */
static int take(struct batch *b, const struct io_uring_cqe *cqe)
{
	__u64 n = SPAWN_NUMBER(cqe->user_data);
	struct place *p;

	if (n >= b->options->jobs)
		return 0;
	p = &b->places[n];
	if (p->state == RUNNING && cqe->user_data == SPAWN_DATA(n, OF_EXIT))
		return program_ended(b, p, cqe->res);
	if (p->state == SPAWNING && spawn_take(&p->spawn, n, cqe))
		return spawn_ended(b, p);
	return 0;
}

static int take_all(struct batch *b)
{
	struct io_uring_cqe *cqe;
	int err = 0;

	while (!err && !io_uring_peek_cqe(b->ring, &cqe)) {
		err = take(b, cqe);
		io_uring_cqe_seen(b->ring, cqe);
	}
	return err;
}

/* Tasks are made before this returns, and start with the mask of that moment. */
static int submit(struct batch *b)
{
	int ret = 0;

	signals_release();
	while (ret >= 0 && io_uring_sq_ready(b->ring))
		ret = io_uring_submit(b->ring);
	b->waiting = signals_hold();
	return ret < 0 ? ret : 0;
}

static int wait_for_more(struct batch *b)
{
	struct __kernel_timespec ts = { .tv_sec = progress_interval() };
	struct io_uring_cqe *cqe;
	int err;

	if (signal_came(b))
		return 0;
	err = io_uring_wait_cqes(b->ring, &cqe, 1, ts.tv_sec ? &ts : NULL,
				 (sigset_t *)b->waiting);
	return err == -EINTR || err == -ETIME ? 0 : err;
}

static int run(struct batch *b)
{
	int err;

	for (;;) {
		err = take_all(b);
		if (!err && signal_came(b))
			err = stop(b);
		if (!err)
			err = begin(b);
		if (!err)
			err = submit(b);
		progress_show(b->results);
		if (err || !b->alive)
			return err;
		err = wait_for_more(b);
		if (err)
			return err;
	}
}

/* Without the ring nothing tells when they end. */
static void end_programs(struct batch *b)
{
	unsigned int i;

	for (i = 0; i < b->options->jobs; i++)
		if (b->places[i].state == RUNNING) {
			kill(b->places[i].spawn.out.res, SIGKILL);
			waitpid(b->places[i].spawn.out.res, NULL, 0);
		}
}

static void free_places(struct batch *b)
{
	unsigned int i;

	for (i = 0; b->places && i < b->options->jobs; i++)
		if (b->places[i].state == AGAIN)
			region_free(&b->places[i].spawn.region);
	free(b->places);
}

static int prepare(struct batch *b)
{
	int err;

	err = results_start(b->results, b->list->words.nr);
	b->places = calloc(b->options->jobs, sizeof(*b->places));
	if (err || !b->places) {
		err = -ENOMEM;
		say_error(err, NULL, "cannot hold %u commands at a time", b->options->jobs);
		return err;
	}
	b->input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (b->input >= 0)
		return 0;
	err = -errno;
	say_error(err, NULL, "/dev/null, which commands get as standard input, cannot be opened");
	return err;
}

int batch_run(struct io_uring *ring, const struct command_list *l, const struct batch_options *o,
	      struct results *r)
{
	struct batch b = { .ring = ring, .list = l, .options = o, .results = r, .input = -1 };
	int err;

	signals_catch();
	b.waiting = signals_hold();
	err = prepare(&b);
	if (!err) {
		progress_start();
		err = run(&b);
		progress_end();
		if (err) {
			say_error(err, NULL, "the ring failed");
			end_programs(&b);
		}
	}
	if (b.input >= 0)
		close(b.input);
	free_places(&b);
	return err;
}
