// SPDX-License-Identifier: GPL-2.0 OR MIT
/* spawn-bpf trace: what chains do, live. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "commands.h"
#include "signals.h"
#include "util.h"
#include "watch_command.h"
#include "watch_draw.h"
#include "watch_lines.h"
#include "watch_options.h"
#include "watch_source.h"

#define NS_PER_S		1000000000ULL
#define INITIAL_PID_NAMESPACE	"pid:[4026531836]"

struct watch {
	struct watch_options	o;
	struct watch_source	source;
	struct watch_receiver	receiver;
	struct watch_command	command;
	struct timeline		timeline;
	FILE			*lines, *chrome, *svg;
	__u64			since;		/* what times are counted from */
	__u64			begun;
	int			pidfd;		/* of whom the trace ends with, or -1 */
	int			write_error;	/* why lines cannot be written any more */
	bool			seen;		/* an event, or that one was lost */
};

/* ---- Events ------------------------------------------------------------------------------- */

static void on_event(void *arg, const struct watch_event *e)
{
	struct watch *w = arg;

	w->seen = true;
	if (w->o.json)
		watch_put_json(w->lines, e);
	else
		watch_put_words(w->lines, e, w->since);
	if (w->chrome || w->svg)
		timeline_add(&w->timeline, e);
}

static void on_lost(void *arg, __u64 more)
{
	struct watch *w = arg;

	w->seen = true;
	w->timeline.lost += more;
	if (w->o.json)
		watch_put_json_lost(w->lines, more);
	else
		watch_put_words_lost(w->lines, more);
}

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* False: time is up. */
static bool time_left(const struct watch *w, struct timespec *left)
{
	__u64 passed = now_ns() - w->begun, limit = w->o.seconds * NS_PER_S;

	if (passed >= limit)
		return false;
	left->tv_sec = (limit - passed) / NS_PER_S;
	left->tv_nsec = (limit - passed) % NS_PER_S;
	return true;
}

static void flush_lines(struct watch *w)
{
	if ((fflush(w->lines) || ferror(w->lines)) && !w->write_error)
		w->write_error = errno ?: EIO;
}

/* Until the time is up, who is traced has ended, a signal says so, or nobody can read it. */
static void follow(struct watch *w)
{
	const sigset_t *waiting = signals_hold();
	struct pollfd fds[] = {
		{ .fd = watch_fd(&w->source), .events = POLLIN },
		{ .fd = w->pidfd, .events = POLLIN },
	};
	struct timespec left;

	w->begun = now_ns();
	while (!fds[1].revents && !signals_got() && !w->write_error) {
		if (w->o.seconds && !time_left(w, &left))
			break;
		ppoll(fds, ARRAY_SIZE(fds), w->o.seconds ? &left : NULL, waiting);
		watch_take(&w->source, &w->receiver);
		flush_lines(w);
	}
	watch_stop(&w->source, &w->receiver);
	flush_lines(w);
}

/* ---- Files -------------------------------------------------------------------------------- */

static int cannot_write(const char *name)
{
	say_error(errno, NULL, "%s cannot be written", name);
	return EXIT_SELF;
}

/*
 * At once: who waits for an hour does not want to learn it then. What is in there is lost only when
 * there is something else instead.
 */
static int open_file(FILE **f, const char *name)
{
	int fd;

	if (!name)
		return 0;
	fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	*f = fd < 0 ? NULL : fdopen(fd, "w");
	return *f ? 0 : cannot_write(name);
}

static void empty_file(FILE *f)
{
	struct stat st;

	if (f && !fstat(fileno(f), &st) && S_ISREG(st.st_mode) && ftruncate(fileno(f), 0))
		say_error(errno, NULL, "a file keeps the end of what was in there");
}

static int open_files(struct watch *w)
{
	int status = open_file(&w->lines, w->o.output);

	if (!status)
		status = open_file(&w->chrome, w->o.chrome);
	if (!status)
		status = open_file(&w->svg, w->o.svg);
	if (w->lines)
		return status;
	w->lines = w->o.command ? stderr : stdout;
	if (w->o.command)	/* lines in one piece, between those of the command */
		setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	return status;
}

static int close_file(FILE *f, const char *name)
{
	bool failed;

	if (!f)
		return 0;
	failed = ferror(f);
	return fclose(f) || failed ? cannot_write(name) : 0;
}

static int close_files(struct watch *w)
{
	int status = close_file(w->chrome, w->o.chrome);

	status = close_file(w->svg, w->o.svg) ?: status;
	if (!w->write_error)
		return status;
	if (w->write_error == EPIPE && !w->o.command)
		signals_die();	/* of the SIGPIPE that came with it */
	errno = w->write_error;
	clearerr(w->lines);	/* it has been said */
	return cannot_write(w->o.output ?: "what was traced");
}

static void draw(struct watch *w)
{
	timeline_finish(&w->timeline);
	if (w->chrome)
		watch_draw_chrome(w->chrome, &w->timeline);
	if (w->svg)
		watch_draw_svg(w->svg, &w->timeline);
	if (w->timeline.lost)
		say("%llu events were lost: the buffer of %u KiB was full; raise --buffer",
		    w->timeline.lost, w->o.buffer_kb);
	if (w->timeline.missing)
		say("%llu events are not in the drawings, which hold %llu",
		    w->timeline.missing, w->timeline.kept);
}

/* ---- The command -------------------------------------------------------------------------- */

/* The tracepoints know pids of the initial namespace only. */
static int check_namespace(void)
{
	char text[64] = "";

	if (readlink("/proc/self/ns/pid", text, sizeof(text) - 1) <= 0 ||
	    !strcmp(text, INITIAL_PID_NAMESPACE))
		return 0;
	say("a process can be chosen only in the initial pid namespace: this is %s; trace all, "
	    "without --pid and without a command", text);
	return EXIT_SELF;
}

/* Whose chains they are, and the end of which is that of the trace. */
static int choose(struct watch *w, struct watch_filter *filter)
{
	int status = w->o.pid || w->o.command ? check_namespace() : 0;

	if (status)
		return status;
	w->pidfd = -1;
	filter->root = w->o.pid;
	filter->generations = 1;
	if (w->o.command) {
		if (command_prepare(&w->command, w->o.command))
			return EXIT_SELF;
		filter->root = w->command.pid;
		filter->generations = WATCH_GENERATIONS;
	}
	if (!filter->root)
		return 0;
	w->pidfd = syscall(__NR_pidfd_open, filter->root, 0);
	if (w->pidfd >= 0)
		return 0;
	say_error(errno, errno == ESRCH ? NULL : "a thread is traced with its process",
		  "process %d cannot be traced", filter->root);
	return EXIT_SELF;
}

static int trace(struct watch *w, const struct watch_filter *filter)
{
	int status;

	w->since = now_ns();
	w->receiver = (struct watch_receiver){ on_event, on_lost, w };
	status = watch_open(&w->source, filter, (size_t)w->o.buffer_kb << 10, &w->receiver);
	if (!status) {
		if (w->o.output)
			empty_file(w->lines);
		empty_file(w->chrome);
		empty_file(w->svg);
		signals_catch();
		if (w->o.command) {
			signals_hold();
			command_start(&w->command);
			signals_pass_to(w->command.pid);
		} else {
			say("tracing");
		}
		follow(w);
		draw(w);
	} else if (w->o.command) {
		command_drop(&w->command);
	}
	watch_close(&w->source);
	return status;
}

static int finish(struct watch *w)
{
	int status = close_files(w), program = 0;

	if (w->o.command) {
		signals_pass_to(w->command.pid);
		program = signals_wait(w->command.pid);
		if (!status && !w->seen)
			say("%s has submitted no chain", shown(w->o.command[0]));
	}
	timeline_free(&w->timeline);
	return status ?: program;
}

int cmd_trace(int argc, char **argv)
{
	struct watch w = {};
	struct watch_filter filter = {};
	int status;

	watch_parse(&w.o, argc, argv);
	status = open_files(&w);
	if (!status)
		status = choose(&w, &filter);
	if (!status)
		status = trace(&w, &filter);
	return status ?: finish(&w);
}
