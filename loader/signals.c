// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <stddef.h>
#include "signals.h"

static const int caught[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
#define NR_CAUGHT	(sizeof(caught) / sizeof(caught[0]))

static volatile sig_atomic_t program;	/* its pid, once it runs */
static volatile sig_atomic_t got;
static volatile sig_atomic_t got_from_user;

static void handle(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (!program) {
		got = sig;
		got_from_user = info->si_code <= 0;
	} else if (info->si_code <= 0) {	/* kill(2) and its like; not the terminal */
		kill(program, sig);
	}
}

void signals_catch(void)
{
	struct sigaction act = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO }, old;
	size_t i;

	/* whoever started us may ignore it, and then there would be nothing to wait for */
	signal(SIGCHLD, SIG_DFL);
	sigfillset(&act.sa_mask);
	for (i = 0; i < NR_CAUGHT; i++)
		if (!sigaction(caught[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(caught[i], &act, NULL);
}

void signals_hold(sigset_t *waiting)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < NR_CAUGHT; i++)
		sigaddset(&set, caught[i]);
	sigprocmask(SIG_BLOCK, &set, waiting);
}

void signals_pass_to(pid_t pid, const sigset_t *waiting)
{
	program = pid;
	if (got && got_from_user)
		kill(pid, got);
	sigprocmask(SIG_SETMASK, waiting, NULL);
}

void signals_pass_nothing(void)
{
	sigset_t waiting;

	signals_hold(&waiting);
	program = 0;
}

int signals_got(void)
{
	return got;
}

void signals_die(int sig)
{
	sigset_t set;

	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}
