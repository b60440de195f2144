/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef TRACE_H
#define TRACE_H

#include <linux/types.h>
#include <stdbool.h>
#include "spawn.h"

/* What --trace shows on standard error; nothing if it was not asked for. */
void trace_start(bool wanted, const char *policy);
void trace_born(const struct spawn *s);
/* @what: bits 16-31 of a trace CQE. */
void trace_attempt(const struct spawn *s, int res, __u32 what);
void trace_outcome(const struct spawn *s);

#endif
