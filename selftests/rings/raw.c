// SPDX-License-Identifier: GPL-2.0 OR MIT
/* A ring without help: eight entries, one page for the queues, one for the SQEs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "raw.h"

#define ENTRIES	8
#define PAGE	4096

static unsigned int *word(struct raw_ring *r, unsigned int offset)
{
	return (unsigned int *)(r->rings + offset);
}

static void *map(int fd, off_t offset)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;

	return mmap(NULL, PAGE, PROT_READ | PROT_WRITE, flags | MAP_POPULATE, fd, offset);
}

int raw_init(struct raw_ring *r, unsigned int flags)
{
	bool own_memory = flags & IORING_SETUP_NO_MMAP;
	unsigned int i;

	memset(r, 0, sizeof(*r));
	r->p.flags = flags;
	if (own_memory) {
		r->rings = map(-1, 0);
		r->sqes = map(-1, 0);
		r->p.cq_off.resv2 = U64(r->rings);	/* user_addr in later headers */
		r->p.sq_off.resv2 = U64(r->sqes);
	}
	r->fd = syscall(SYS_io_uring_setup, ENTRIES, &r->p);
	if (r->fd < 0)
		return -errno;
	if (!own_memory) {
		r->rings = map(r->fd, IORING_OFF_SQ_RING);
		r->sqes = map(r->fd, IORING_OFF_SQES);
	}
	if (r->rings == MAP_FAILED || r->sqes == MAP_FAILED)
		return -ENOMEM;
	if (flags & IORING_SETUP_REGISTERED_FD_ONLY)
		r->enter_flags = IORING_ENTER_REGISTERED_RING;
	if (!(flags & IORING_SETUP_NO_SQARRAY))
		for (i = 0; i < ENTRIES; i++)
			word(r, r->p.sq_off.array)[i] = i;
	return 0;
}

void raw_put(struct raw_ring *r, const struct io_uring_sqe *sqe)
{
	unsigned int *tail = word(r, r->p.sq_off.tail);

	r->sqes[*tail % ENTRIES] = *sqe;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
}

void raw_put_nothing(struct raw_ring *r)
{
	unsigned int *tail = word(r, r->p.sq_off.tail);

	word(r, r->p.sq_off.array)[*tail % ENTRIES] = ENTRIES;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
}

int raw_enter(struct raw_ring *r, unsigned int submit, unsigned int wait)
{
	int ret = syscall(SYS_io_uring_enter, r->fd, submit, wait,
			  r->enter_flags | IORING_ENTER_GETEVENTS, NULL, 0);

	return ret < 0 ? -errno : ret;
}

bool raw_take(struct raw_ring *r, struct io_uring_cqe *cqe)
{
	unsigned int *head = word(r, r->p.cq_off.head);
	unsigned int tail = __atomic_load_n(word(r, r->p.cq_off.tail), __ATOMIC_ACQUIRE);
	struct io_uring_cqe *cqes = (struct io_uring_cqe *)(r->rings + r->p.cq_off.cqes);

	if (*head == tail)
		return false;
	*cqe = cqes[*head % r->p.cq_entries];
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return true;
}

/* One that is only registered goes with the task. */
void raw_exit(struct raw_ring *r)
{
	if (!r->enter_flags)
		close(r->fd);
	munmap(r->rings, PAGE);
	munmap(r->sqes, PAGE);
}
