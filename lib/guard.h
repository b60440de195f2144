/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What every function that spawns, or takes results, has around it: errno is the caller's, and a
 * thread that was cancelled in the midst would leave a process or a descriptor that nobody knows.
 */
#ifndef GUARD_H
#define GUARD_H

#include <errno.h>
#include <pthread.h>

struct guard {
	int	error, cancel;
};

static inline struct guard guard_enter(void)
{
	struct guard guard = { .error = errno };

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &guard.cancel);
	return guard;
}

static inline void guard_leave(const struct guard *guard)
{
	pthread_setcancelstate(guard->cancel, NULL);
	errno = guard->error;
}

#endif
