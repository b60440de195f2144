/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Structs of the interface that grow at their end and say their size in front. */
#ifndef OPTS_H
#define OPTS_H

#include <stddef.h>
#include <stdbool.h>
#include "libspawn_bpf.h"

#define MAX_SIZE	4096	/* no version has so much: it was not set */

/* What is behind the part this version knows has to be zero. */
static inline bool opts_valid(const void *opts, size_t known)
{
	const unsigned char *bytes = (const unsigned char *)opts;
	size_t i, size;

	if (!opts)
		return true;
	size = *(const size_t *)opts;
	if (size < sizeof(size_t) || size > MAX_SIZE)
		return false;
	for (i = known; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

#define OPTS_VALID(opts)	opts_valid(opts, sizeof(*(opts)))
#define OPTS_HAS(opts, field) \
	((opts) && (opts)->sz >= offsetof(__typeof__(*(opts)), field) + sizeof((opts)->field))
#define OPTS_GET(opts, field, otherwise) \
	(OPTS_HAS(opts, field) ? (opts)->field : (otherwise))

/* Results are written, so all of version 1 must be there: freeze it when the struct grows. */
#define RESULT_SIZE_VER1	sizeof(struct spawn_bpf_result)
#define RESULT_VALID(res) \
	((res) && (res)->sz >= RESULT_SIZE_VER1 && (res)->sz <= MAX_SIZE)

static inline void result_init(struct spawn_bpf_result *res)
{
	res->error = 0;
	res->step = 0;
	res->pid = 0;
	res->pidfd = -1;
	res->backend = SPAWN_BPF_BACKEND_NONE;
}

#endif
