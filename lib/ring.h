/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A ring over memory of ours (IORING_SETUP_NO_MMAP), which liburing 2.3 cannot make. Kernels that
 * can spawn have all it needs; on others io_uring_setup(2) or the query before it fails.
 */
#ifndef RING_H
#define RING_H

#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Newer than the headers of Debian 12; Linux 6.5 and 6.6. */
#define SETUP_NO_MMAP			(1U << 14)
#define SETUP_REGISTERED_FD_ONLY	(1U << 15)
#define SETUP_NO_SQARRAY		(1U << 16)

#define RING_PAGE	65536	/* a multiple of every page size */

struct ring {
	int			fd;		/* or the index of a registered ring */
	unsigned int		enter_flags;
	unsigned int		sq_tail, cq_head;
	unsigned int		sq_mask, cq_mask;
	_Atomic unsigned int	*k_sq_tail, *k_cq_head, *k_cq_tail;
	struct io_uring_sqe	*sqes;
	struct io_uring_cqe	*cqes;
};

/* What ring_init() wants, in bytes: RING_PAGE for a few entries. */
size_t ring_rings_size(unsigned int entries);
size_t ring_sqes_size(unsigned int entries);

/*
 * Memory for both, or NULL with errno. It is empty in a child: one that wrote to it would have the
 * parent's ring see nothing of it.
 */
void *ring_map(size_t size);

/*
 * @flags: IORING_SETUP_* beside NO_MMAP and NO_SQARRAY, which are always there. 0, or why there is
 * no ring that can spawn.
 */
int ring_init(struct ring *ring, unsigned int entries, unsigned int flags, void *rings, void *sqes);

/* Of a ring that is no descriptor, by the thread that made it. Its memory is free then. */
void ring_exit(struct ring *ring);
/* The eventfd is written to when there is something to be taken by ring_enter() and ring_pop(). */
int ring_notify(struct ring *ring, int eventfd);

/* The caller knows that there is room. */
void ring_push(struct ring *ring, const struct io_uring_sqe *sqe);
/* What was pushed last was not submitted, and will not be. */
void ring_take_back(struct ring *ring);
bool ring_pop(struct ring *ring, struct io_uring_cqe *cqe);
/* io_uring_enter(2), or -EPERM under a seccomp filter; @timeout may be NULL. */
int ring_enter(struct ring *ring, unsigned int to_submit, unsigned int wait_nr,
	       const struct __kernel_timespec *timeout);

#endif
