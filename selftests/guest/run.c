// SPDX-License-Identifier: GPL-2.0 OR MIT
/* One test in a process of its own, under a time limit; and what it leaves behind. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "runner.h"

#define LEAVE_SECONDS	10		/* for tasks to die that nobody waited for */

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static pid_t start(const char *program, const char *name, int *out)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		return -1;
	fflush(stdout);
	pid = fork();
	if (pid) {
		close(fds[1]);
		*out = fds[0];
		return pid;
	}
	dup2(fds[1], 1);
	dup2(fds[1], 2);
	close(fds[0]);
	close(fds[1]);
	execl(program, program, "-r", name, NULL);
	fprintf(stderr, "exec %s: %s\n", program, strerror(errno));
	_exit(1);
}

/* Keeps the end: the reason of a failure stands there. */
static void append(struct result *r, const char *text, size_t len)
{
	size_t have = strlen(r->output), room = sizeof(r->output) - 1;

	if (have + len > room) {
		size_t drop = have + len - room;

		memmove(r->output, r->output + drop, have - drop);
		have -= drop;
	}
	memcpy(r->output + have, text, len);
	r->output[have + len] = '\0';
}

/*
 * Until the test has ended. A process it left behind may hold the pipe open for ever:
 * no_process_left() speaks of that one.
 */
static int collect(pid_t pid, int out, struct result *r)
{
	time_t end = now() + TEST_SECONDS;
	struct pollfd p = { .fd = out, .events = POLLIN };
	char buf[4096];
	int status = 0;
	bool ended = false;
	ssize_t n;

	while (!ended) {
		ended = waitpid(pid, &status, WNOHANG) == pid;
		while (poll(&p, 1, ended ? 0 : 20) > 0) {
			n = read(out, buf, sizeof(buf));
			if (n <= 0) {
				if (!ended)
					usleep(1000);
				break;
			}
			append(r, buf, n);
		}
		if (!ended && now() > end) {
			r->timed_out = true;
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			break;
		}
	}
	close(out);
	return status;
}

void run_test(const char *program, const char *name, struct result *r)
{
	const char *skip;
	int status, out;
	pid_t pid = start(program, name, &out);

	if (pid < 0) {
		snprintf(r->output, sizeof(r->output), "cannot start it: %s", strerror(errno));
		return;
	}
	status = collect(pid, out, r);
	r->passed = !r->timed_out && WIFEXITED(status) && !WEXITSTATUS(status) &&
		    strstr(r->output, "\nok 1 ");
	skip = strstr(r->output, "# SKIP ");
	if (r->passed && skip) {
		r->skipped = true;
		snprintf(r->reason, sizeof(r->reason), "%.*s", (int)strcspn(skip + 7, "\n"),
			 skip + 7);
	}
}

/* Our children, by /proc: those of the test came to us when it ended. */
static void end_children(void)
{
	struct dirent *d;
	DIR *proc = opendir("/proc");

	while (proc && (d = readdir(proc))) {
		char path[300], line[512] = "", *end;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/stat", d->d_name);
		f = strtol(d->d_name, NULL, 10) > 0 ? fopen(path, "r") : NULL;
		if (!f)
			continue;
		end = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
		fclose(f);
		if (end && strtol(end + 4, NULL, 10) == getpid()) {
			printf("#   left behind: %.*s\n", (int)(end + 3 - line), line);
			kill(strtol(d->d_name, NULL, 10), SIGKILL);
		}
	}
	if (proc)
		closedir(proc);
}

/*
 * We are the reaper of whatever the test left: everything must be gone soon, without being killed.
 */
bool no_process_left(void)
{
	time_t end = now() + LEAVE_SECONDS;

	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG | __WALL);

		if (pid < 0 && errno == ECHILD)
			return true;
		if (pid)
			continue;
		if (now() > end)
			break;
		usleep(2000);
	}
	end_children();
	for (end = now() + LEAVE_SECONDS; now() < end && waitpid(-1, NULL, WNOHANG | __WALL) >= 0; )
		usleep(2000);
	return false;
}
