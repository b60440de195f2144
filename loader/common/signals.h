/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>
#include <sys/types.h>

/*
 * Signals that end programs, sent to us, are meant for the program we run. Until it runs they end
 * the spawn; then they are passed on, unless the terminal sent them: that one has sent them to the
 * program as well. What we were started to ignore (nohup) stays ignored.
 */
void signals_catch(void);
/* Holds them back; the mask for waits that a signal is to end. */
const sigset_t *signals_hold(void);
/* Ends that: a task starts with the mask of the moment in which it is made. */
void signals_release(void);
/* The program runs: what came while they were held is passed on, and what comes now at once. */
void signals_pass_to(pid_t pid);
/* It is about to be reaped: pass on nothing more. */
void signals_pass_nothing(void);
/* Waits for the program and reaps it: its exit status as shells have it. */
int signals_wait(pid_t pid);
/* The last signal that came while there was no such program, or 0. */
int signals_got(void);
/* The same, for those who have many programs; 0 also if the terminal has told them. */
int signals_to_pass_on(void);
/* How many came. */
int signals_count(void);
/* No program runs: dies of the signal that came, as if we had not caught it, if one did. */
void signals_die(void);

#endif
