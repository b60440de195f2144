/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef TRACE_H
#define TRACE_H

#include <linux/types.h>
#include <stdbool.h>
#include "region.h"
#include "spawn.h"

/* What --trace shows on standard error; nothing if it was not asked for. */
void trace_start(bool wanted, const char *policy);
void trace_born(int pid);
/* @what: bits 16-31 of a trace CQE. */
void trace_attempt(const struct region *r, int res, __u32 what);
void trace_outcome(const struct region *r, const struct outcome *out);

#endif
