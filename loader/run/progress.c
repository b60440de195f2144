// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "progress.h"
#include "util.h"

#define SECONDS_BETWEEN	0.1	/* more often than that nobody can read it */
#define LINE_LEN	128

static bool wanted;
static int shown_len;		/* of the line that is there */
static double shown_at;

/* A line that is longer than the terminal is wide could not be written over. */
static int width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || size.ws_col < 2)
		return 79;
	return size.ws_col - 1;
}

static void clear(void)
{
	if (!shown_len)
		return;
	fprintf(stderr, "\r%*s\r", shown_len, "");
	shown_len = 0;
}

void progress_start(void)
{
	wanted = isatty(STDERR_FILENO);
	if (wanted)
		say_instead_of(clear);
}

void progress_show(const struct results *r)
{
	size_t done = results_done(r), failed = r->count[FAILED] + r->count[NOT_RUN];
	double now = results_seconds(r);
	char line[LINE_LEN];
	int len, room;

	if (!wanted || now - shown_at < SECONDS_BETWEEN)
		return;
	shown_at = now;
	len = snprintf(line, sizeof(line), "%zu/%zu done, %zu running, %.1f/s, %zu failed", done,
		       r->nr, r->running, done / now, failed);
	room = width();
	if (len > room)
		len = room;
	/* in one piece, and what is left of a longer one with it */
	fprintf(stderr, "\r%.*s%*s", len, line, shown_len > len ? shown_len - len : 0, "");
	shown_len = len;
}

void progress_end(void)
{
	clear();
	wanted = false;
}

unsigned int progress_interval(void)
{
	return wanted;
}
