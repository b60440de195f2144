// SPDX-License-Identifier: GPL-2.0 OR MIT
/* A round, seen from its parent: the submitter ends as planned, and nothing is left. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "storm.h"

#define ROUND_S		(4 * WAIT_MS / 1000)

/* 0, or what is wrong. */
static const char *await(pid_t pid, bool killed)
{
	time_t end = time(NULL) + ROUND_S;
	int status;
	pid_t ret;

	while (!(ret = waitpid(pid, &status, WNOHANG))) {
		if (time(NULL) > end) {
			tell_tasks();
			return "the submitter does not end";
		}
		usleep(1000);
	}
	if (ret < 0)
		return "the submitter cannot be waited for";
	if (WIFSIGNALED(status) && !(killed && WTERMSIG(status) == SIGKILL))
		return strsignal(WTERMSIG(status));
	if (WIFEXITED(status) && WEXITSTATUS(status))
		return "the submitter has failed";
	return NULL;
}

static void wake_children(void)
{
	char path[64];
	int pid;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	f = fopen(path, "r");
	if (!f)
		return;
	while (fscanf(f, "%d", &pid) == 1)
		kill(pid, SIGCONT);
	fclose(f);
}

/*
 * As all_children_gone(). A program that was stopped stays so, whoever goes away. It is woken again
 * and again: the list leaves out some when others end meanwhile, and the children of a thread that
 * was joined only come to us when it has ended.
 */
bool children_end(void)
{
	unsigned long end = now_ms() + WAIT_MS;
	pid_t pid;

	for (;;) {
		wake_children();
		do {
			pid = waitpid(-1, NULL, WNOHANG | __WALL);
		} while (pid > 0);
		if (pid < 0 && errno == ECHILD)
			return true;
		if (now_ms() > end)
			return false;
		usleep(2000);
	}
}

static bool wait_for_all(const struct plan *p, pid_t pid)
{
	const char *wrong = await(pid, p->end == KILLED);

	if (wrong) {
		complain(p, "%s", wrong);
		kill(pid, SIGKILL);
		return false;
	}
	if (children_end())
		return true;
	complain(p, "tasks are left behind");
	tell_tasks();
	return false;
}

bool run_round(struct plan *p, struct script *script)
{
	pid_t pid;

	memset(scene.marks, 0, NR_SLOTS);
	memset(scene.pids, 0, NR_SLOTS * sizeof(*scene.pids));
	fflush(stderr);
	pid = fork();
	if (!pid)
		run_submitter(p, script);
	if (pid < 0)
		return complain(p, "fork: errno %d", errno);
	if (p->end == KILLED) {
		usleep(p->kill_us);
		kill(pid, SIGKILL);
	}
	if (!wait_for_all(p, pid) || !judge_remains(p)) {
		COUNT(broken);
		return false;
	}
	COUNT(rounds);
	COUNT(ends[p->end]);
	__atomic_fetch_add(&tally->chains, p->nr_chains, __ATOMIC_RELAXED);
	return true;
}
