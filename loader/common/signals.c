// SPDX-License-Identifier: GPL-2.0 OR MIT
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>
#include "signals.h"
#include "util.h"

/* All but these: they end no program, cannot be caught, or tell of a mistake of our own. */
static const int not_caught[] = {
	SIGCHLD, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH,
	SIGKILL, SIGSTOP,
	SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP,
};
#define NR_NOT_CAUGHT	(sizeof(not_caught) / sizeof(not_caught[0]))

static sigset_t caught;
static sigset_t before;			/* our mask before we held anything back */
static volatile sig_atomic_t program;	/* its pid, once it runs */
static volatile sig_atomic_t got;
static volatile sig_atomic_t got_is_ours;
static volatile sig_atomic_t got_count;

/*
 * The program had no part in it, unlike in what the terminal sends to us and to it. When that is
 * closed only the leader of the session is told. If nobody reads our own messages any more, that is
 * nothing to the program.
 */
static bool is_ours(int sig, const siginfo_t *info)
{
	if (sig == SIGPIPE && info->si_pid == getpid())
		return false;
	if (info->si_code <= 0)
		return true;
	if (sig == SIGHUP)
		return getsid(0) == getpid();
	return sig != SIGINT && sig != SIGQUIT;
}

static void pass_on(int sig, const siginfo_t *info)
{
	int err = errno;

	if (info->si_code == SI_QUEUE)
		sigqueue(program, sig, info->si_value);
	else if (is_ours(sig, info))
		kill(program, sig);
	errno = err;
}

static void handle(int sig, siginfo_t *info, void *context)
{
	if (program) {
		pass_on(sig, info);
	} else {
		got_count++;
		got = sig;
		got_is_ours = is_ours(sig, info);
	}
}

void signals_catch(void)
{
	struct sigaction act = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO }, old;
	size_t i;
	int sig;

	sigprocmask(SIG_BLOCK, NULL, &before);
	/* whoever started us may ignore it, and then there would be nothing to wait for */
	signal(SIGCHLD, SIG_DFL);
	sigfillset(&act.sa_mask);
	sigfillset(&caught);
	for (i = 0; i < NR_NOT_CAUGHT; i++)
		sigdelset(&caught, not_caught[i]);
	for (sig = 1; sig <= SIGRTMAX; sig++)
		if (sigismember(&caught, sig) && !sigaction(sig, NULL, &old) &&
		    old.sa_handler != SIG_IGN)
			sigaction(sig, &act, NULL);
}

const sigset_t *signals_hold(void)
{
	sigprocmask(SIG_BLOCK, &caught, &before);
	return &before;
}

void signals_release(void)
{
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void signals_pass_to(pid_t pid)
{
	program = pid;
	if (got && got_is_ours)
		kill(pid, got);
	signals_release();
}

void signals_pass_nothing(void)
{
	signals_hold();
	program = 0;
}

int signals_wait(pid_t pid)
{
	siginfo_t info;
	int status;

	while (waitid(P_PID, pid, &info, WEXITED | WNOWAIT)) {
		if (errno == EINTR)
			continue;
		say_error(errno, NULL, "cannot wait for pid %d", pid);
		return EXIT_SELF;
	}
	signals_pass_nothing();
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int signals_got(void)
{
	return got;
}

int signals_to_pass_on(void)
{
	return got_is_ours ? got : 0;
}

int signals_count(void)
{
	return got_count;
}

void signals_die(void)
{
	sigset_t set;

	signals_release();	/* what was held comes now */
	if (!got)
		return;
	signal(got, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, got);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(got);
}
