/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "results.h"

/*
 * One line on standard error that is written again and again, if that is a terminal. What say() and
 * say_error() say takes its place.
 */
void progress_start(void);
void progress_show(const struct results *r);
void progress_end(void);
/* How long it may stay as it is, in seconds; 0: there is no line. */
unsigned int progress_interval(void);

#endif
