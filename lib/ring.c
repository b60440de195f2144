// SPDX-License-Identifier: GPL-2.0 OR MIT
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "ring.h"
#include "spawn_bpf.h"

/* Newer than the headers of Debian 12; Linux 6.3. */
#define REGISTER_BY_INDEX	(1U << 31)

#define RINGS_HEADER	4096	/* of the rings' heads and tails, generously */

/*
 * Under a seccomp filter nothing can be spawned by io_uring, and some filters kill who calls it. No
 * errno but EINVAL, of a kernel without seccomp, comes from the kernel itself.
 */
static bool is_filtered(void)
{
	int mode = prctl(PR_GET_SECCOMP);

	return mode > 0 || (mode < 0 && errno != EINVAL);
}

static size_t pages(size_t size)
{
	return (size + RING_PAGE - 1) / RING_PAGE * RING_PAGE;
}

static size_t power_of_two(unsigned int entries)
{
	size_t n = 1;

	while (n < entries)
		n *= 2;
	return n;
}

size_t ring_rings_size(unsigned int entries)
{
	return pages(RINGS_HEADER + 2 * power_of_two(entries) * sizeof(struct io_uring_cqe));
}

size_t ring_sqes_size(unsigned int entries)
{
	return pages(power_of_two(entries) * sizeof(struct io_uring_sqe));
}

void *ring_map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err;

	if (memory == MAP_FAILED)
		return NULL;
	if (!madvise(memory, size, MADV_WIPEONFORK))
		return memory;
	err = errno;
	munmap(memory, size);
	errno = err;
	return NULL;
}

int ring_init(struct ring *ring, unsigned int entries, unsigned int flags, void *rings, void *sqes)
{
	struct io_uring_params p = { .flags = flags | SETUP_NO_MMAP | SETUP_NO_SQARRAY };
	struct io_uring_query_spawn q;
	char *base = rings;
	int err;

	err = is_filtered() ? -EPERM : io_uring_spawn_query(-1, &q);
	if (err)
		return err;
	/* user_addr, in headers of 6.5 */
	p.cq_off.resv2 = (uintptr_t)rings;
	p.sq_off.resv2 = (uintptr_t)sqes;
	ring->fd = syscall(__NR_io_uring_setup, entries, &p);
	if (ring->fd < 0)
		return -errno;
	ring->enter_flags = flags & SETUP_REGISTERED_FD_ONLY ? IORING_ENTER_REGISTERED_RING : 0;
	ring->k_sq_tail = (_Atomic unsigned int *)(base + p.sq_off.tail);
	ring->k_cq_head = (_Atomic unsigned int *)(base + p.cq_off.head);
	ring->k_cq_tail = (_Atomic unsigned int *)(base + p.cq_off.tail);
	ring->sq_mask = p.sq_entries - 1;
	ring->cq_mask = p.cq_entries - 1;
	ring->cqes = (struct io_uring_cqe *)(base + p.cq_off.cqes);
	ring->sqes = sqes;
	ring->sq_tail = 0;
	ring->cq_head = 0;
	return 0;
}

static int ring_register(struct ring *ring, unsigned int op, void *arg, unsigned int nr)
{
	if (ring->enter_flags & IORING_ENTER_REGISTERED_RING)
		op |= REGISTER_BY_INDEX;
	return syscall(__NR_io_uring_register, ring->fd, op, arg, nr) < 0 ? -errno : 0;
}

int ring_notify(struct ring *ring, int eventfd)
{
	return is_filtered() ? -EPERM : ring_register(ring, IORING_REGISTER_EVENTFD, &eventfd, 1);
}

void ring_exit(struct ring *ring)
{
	struct io_uring_rsrc_update itself = { .offset = ring->fd };

	if (!is_filtered())
		ring_register(ring, IORING_UNREGISTER_RING_FDS, &itself, 1);
}

static void set_tail(struct ring *ring, unsigned int tail)
{
	ring->sq_tail = tail;
	atomic_store_explicit(ring->k_sq_tail, tail, memory_order_release);
}

void ring_push(struct ring *ring, const struct io_uring_sqe *sqe)
{
	ring->sqes[ring->sq_tail & ring->sq_mask] = *sqe;
	set_tail(ring, ring->sq_tail + 1);
}

void ring_take_back(struct ring *ring)
{
	set_tail(ring, ring->sq_tail - 1);
}

/* In a child the memory is empty: then the tail is none that could be. */
bool ring_pop(struct ring *ring, struct io_uring_cqe *cqe)
{
	unsigned int nr = atomic_load_explicit(ring->k_cq_tail, memory_order_acquire) -
			  ring->cq_head;

	if (!nr || nr > ring->cq_mask + 1)
		return false;
	*cqe = ring->cqes[ring->cq_head & ring->cq_mask];
	atomic_store_explicit(ring->k_cq_head, ++ring->cq_head, memory_order_release);
	return true;
}

int ring_enter(struct ring *ring, unsigned int to_submit, unsigned int wait_nr,
	       const struct __kernel_timespec *timeout)
{
	struct io_uring_getevents_arg arg = { .ts = (uintptr_t)timeout };
	unsigned int flags = ring->enter_flags | IORING_ENTER_GETEVENTS;
	int ret;

	if (is_filtered())
		return -EPERM;
	ret = syscall(__NR_io_uring_enter, ring->fd, to_submit, wait_nr,
		      flags | (timeout ? IORING_ENTER_EXT_ARG : 0),
		      timeout ? (void *)&arg : NULL, timeout ? sizeof(arg) : 0);
	return ret < 0 ? -errno : ret;
}
