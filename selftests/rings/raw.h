/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Rings of the kinds that liburing 2.3 cannot make. */
#ifndef SPAWN_TEST_RAW_H
#define SPAWN_TEST_RAW_H

#include "spawn_test.h"

#ifndef IORING_SETUP_NO_MMAP
#define IORING_SETUP_NO_MMAP			(1U << 14)
#define IORING_SETUP_REGISTERED_FD_ONLY		(1U << 15)
#define IORING_SETUP_NO_SQARRAY			(1U << 16)
#endif

struct raw_ring {
	int			fd;		/* or an index, if it has no descriptor */
	unsigned int		enter_flags;
	char			*rings;
	struct io_uring_sqe	*sqes;
	struct io_uring_params	p;
};

int raw_init(struct raw_ring *r, unsigned int flags);
void raw_put(struct raw_ring *r, const struct io_uring_sqe *sqe);
/* An entry that names no SQE. */
void raw_put_nothing(struct raw_ring *r);
int raw_enter(struct raw_ring *r, unsigned int submit, unsigned int wait);
bool raw_take(struct raw_ring *r, struct io_uring_cqe *cqe);
void raw_exit(struct raw_ring *r);

#endif
