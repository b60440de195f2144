/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef THREAD_RING_H
#define THREAD_RING_H

#include <linux/types.h>
#include <linux/io_uring.h>

/*
 * The ring of the calling thread. It is never a descriptor: only this thread can use it, no child
 * inherits it, and no limit on descriptors or loop that closes all of them reaches it.
 */

/*
 * Makes the ring if need be. 0, or why it cannot be used, which stays so for this thread. -ENXIO: this
 * is a child of vfork(2).
 */
int thread_ring_get(void);

/*
 * Runs a CLONE that posts one CQE, and waits for that. -EBUSY: this thread is in here already, and a
 * signal handler calls; -ENXIO: it is not this thread's ring, as in a child of vfork(2). Nothing was
 * submitted then. Other errors as io_uring_enter(2).
 */
int thread_ring_run(const struct io_uring_sqe *sqe, struct io_uring_cqe *cqe);

#endif
