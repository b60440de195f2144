/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef THREAD_RING_H
#define THREAD_RING_H

#include <linux/io_uring.h>

/*
 * The ring of the calling thread. It is never a descriptor: only this thread can use it, no child
 * inherits it, and no limit on descriptors or loop that closes all of them reaches it.
 */

/* Never 0, and never that of another thread, of this process or of a parent's, but vfork(2)'s. */
unsigned long thread_id(void);

/*
 * Makes the ring if need be. 0, or why it cannot be used. -ENXIO: this is the child of a vfork(2),
 * which has its parent's memory but not its rings. -EBUSY: a signal handler calls, and the thread
 * it interrupted is in here already; or there are too many rings. -EOPNOTSUPP, -EPROTO, -ENOSYS and
 * -EIO stay so for this thread, others are tried again.
 */
int thread_ring_get(void);

/*
 * After thread_ring_get() said 0: memory beside the ring, for what is too much for the stack of a
 * signal handler. Whoever blocks no signals shares it with those.
 */
#define THREAD_RING_SCRATCH	4096
void *thread_ring_scratch(void);

/*
 * After thread_ring_get() said 0: runs a CLONE that posts one CQE, and waits for that. An error as
 * io_uring_enter(2)'s: nothing was submitted. -EIO in the CQE: the wait failed, and nobody knows
 * what became of it.
 */
int thread_ring_run(const struct io_uring_sqe *sqe, struct io_uring_cqe *cqe);

#endif
