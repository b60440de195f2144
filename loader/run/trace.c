// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include "trace.h"
#include "util.h"

static bool wanted;
static struct timespec start;

static double ms_since_start(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start.tv_sec) * 1e3 + (now.tv_nsec - start.tv_nsec) / 1e6;
}

static void line(const struct spawn *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void line(const struct spawn *s, const char *fmt, ...)
{
	char text[4096 + 128];
	va_list ap;

	if (!wanted)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say("%8.2f ms  pid %d  %s", ms_since_start(), s->pid, text);
}

static void attempt_line(const struct spawn *s, __u32 path, bool sh, const char *what)
{
	const char *name = region_path(&s->region, path);

	line(s, "%s%s: %s", sh ? SHELL " " : "",
	     name ? shown(name) : "a path that is not in the region", what);
}

static const char *result(int res)
{
	if (res > 0)
		return "success";
	return res ? errno_name(res) : "no program";
}

void trace_start(bool is_wanted, const char *policy)
{
	wanted = is_wanted;
	clock_gettime(CLOCK_MONOTONIC, &start);
	if (wanted)
		say("policy %s is attached", policy);
}

void trace_born(const struct spawn *s)
{
	line(s, "is born");
}

void trace_attempt(const struct spawn *s, int res, __u32 what)
{
	attempt_line(s, what & SPAWN_PROG_TRACE_PATH, what & SPAWN_PROG_TRACE_SH,
		     res < 0 ? errno_name(res) : "ran");
}

void trace_outcome(const struct spawn *s)
{
	const struct spawn_prog_report *report = &s->region.arg->report;
	const struct outcome *out = &s->out;

	if (!report->attempts) {
		line(s, "%s; the policy left no report", result(out->res));
		return;
	}
	if (out->res > 0)
		attempt_line(s, report->path, report->sh, "runs");
	else if (!report->error && out->step != IORING_SPAWN_STEP_NONE)
		/* no step came after it: it took the task along */
		attempt_line(s, report->path, report->sh, errno_name(out->res));
	line(s, "report: %s, %u attempts, %u pauses, %.0f ms", result(out->res), report->attempts,
	     report->busy, report->paused_ns / 1e6);
	if (report->lost)
		line(s, "%u attempts are not shown: more than a policy may post, or than there was "
		     "room for in the ring", report->lost);
}
