/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef FAILURE_H
#define FAILURE_H

#include "spawn.h"

/*
 * Says why the spawn of a command called @name ended without a program that runs. The exit status:
 * EXIT_NOT_FOUND, EXIT_CANNOT_RUN, EXIT_SELF, or 128 + SIGKILL if somebody killed the task.
 */
int why_not(const struct spawn *s, const char *name);

#endif
