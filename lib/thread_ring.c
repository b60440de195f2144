// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A ring without a descriptor, for one request at a time: made over memory of ours and registered
 * with the thread (IORING_SETUP_NO_MMAP, IORING_SETUP_REGISTERED_FD_ONLY), which liburing 2.3 cannot.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "thread_ring.h"
#include "spawn_bpf.h"

/* Newer than the headers of Debian 12; Linux 6.5 and 6.6. */
#define SETUP_NO_MMAP			(1U << 14)
#define SETUP_REGISTERED_FD_ONLY	(1U << 15)
#define SETUP_NO_SQARRAY		(1U << 16)
#define RING_FLAGS	(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | SETUP_NO_MMAP | \
			 SETUP_REGISTERED_FD_ONLY | SETUP_NO_SQARRAY)

/*
 * Three pages, MADV_WIPEONFORK: in the child of a fork there is no ring, and it says so by itself.
 * A child of vfork(2) sees ours, but the kernel tells it that it has none.
 */
struct ring_memory {
	_Alignas(4096) bool	is_made;
	_Alignas(4096) unsigned char rings[4096];
	_Alignas(4096) struct io_uring_sqe sqes[4096 / sizeof(struct io_uring_sqe)];
};

static __thread struct thread_ring {
	struct ring_memory	*memory;
	int			index;		/* of the registered ring */
	int			error;		/* it was tried, and this is why not */
	unsigned int		tail;		/* of SQ and CQ alike: one for one */
	_Atomic unsigned int	*sq_tail, *cq_head, *cq_tail;
	struct io_uring_cqe	*cqes;
	unsigned int		cq_mask, sq_mask;
	bool			busy;
} this;

static pthread_key_t at_exit;
static pid_t process;

static void unmap(void *memory)
{
	munmap(memory, sizeof(struct ring_memory));
	this.memory = NULL;
}

static void remember_process(void)
{
	process = getpid();
}

__attribute__((constructor)) static void watch_threads(void)
{
	pthread_key_create(&at_exit, unmap);
	pthread_atfork(NULL, NULL, remember_process);
	remember_process();
}

/* A ring that a child of vfork(2) makes would be gone with it, and its parent think that it has one. */
static bool is_borrowed(void)
{
	return getpid() != process;
}

static int map(void)
{
	void *memory = mmap(NULL, sizeof(struct ring_memory), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	if (madvise(memory, sizeof(struct ring_memory), MADV_WIPEONFORK)) {
		unmap(memory);
		return -errno;
	}
	this.memory = memory;
	pthread_setspecific(at_exit, memory);
	return 0;
}

static _Atomic unsigned int *at(unsigned int offset)
{
	return (_Atomic unsigned int *)(this.memory->rings + offset);
}

static int make(void)
{
	struct io_uring_params p = { .flags = RING_FLAGS };
	struct io_uring_query_spawn q;
	int err;

	err = io_uring_spawn_query(-1, &q);
	if (err)
		return err;
	/* user_addr, in headers of 6.5 */
	p.cq_off.resv2 = (uintptr_t)this.memory->rings;
	p.sq_off.resv2 = (uintptr_t)this.memory->sqes;
	this.index = syscall(__NR_io_uring_setup, 1, &p);
	if (this.index < 0)
		return -errno;
	this.sq_tail = at(p.sq_off.tail);
	this.cq_head = at(p.cq_off.head);
	this.cq_tail = at(p.cq_off.tail);
	this.cqes = (struct io_uring_cqe *)(this.memory->rings + p.cq_off.cqes);
	this.sq_mask = *at(p.sq_off.ring_mask);
	this.cq_mask = *at(p.cq_off.ring_mask);
	this.tail = 0;
	this.memory->is_made = true;
	return 0;
}

int thread_ring_get(void)
{
	if (this.memory && this.memory->is_made)
		return 0;
	if (this.error)
		return this.error;
	if (is_borrowed())
		return -ENXIO;
	if (!this.memory)
		this.error = map();
	if (!this.error)
		this.error = make();
	return this.error;
}

static int enter(unsigned int to_submit)
{
	int ret = syscall(__NR_io_uring_enter, this.index, to_submit, 1,
			  IORING_ENTER_GETEVENTS | IORING_ENTER_REGISTERED_RING, NULL, 0);

	return ret < 0 ? -errno : ret;
}

static void take_back(void)
{
	atomic_store_explicit(this.sq_tail, this.tail, memory_order_release);
}

static int run(const struct io_uring_sqe *sqe, struct io_uring_cqe *cqe)
{
	int ret;

	this.memory->sqes[this.tail & this.sq_mask] = *sqe;
	atomic_store_explicit(this.sq_tail, this.tail + 1, memory_order_release);
	ret = enter(1);
	if (ret < 1) {
		take_back();
		return ret == -EINVAL || ret == -EBADF ? -ENXIO : ret ?: -EAGAIN;
	}
	while (atomic_load_explicit(this.cq_tail, memory_order_acquire) == this.tail) {
		ret = enter(0);
		if (ret < 0 && ret != -EINTR)
			return ret;
	}
	*cqe = this.cqes[this.tail & this.cq_mask];
	atomic_store_explicit(this.cq_head, ++this.tail, memory_order_release);
	return 0;
}

int thread_ring_run(const struct io_uring_sqe *sqe, struct io_uring_cqe *cqe)
{
	int ret;

	if (this.busy)
		return -EBUSY;
	this.busy = true;
	ret = run(sqe, cqe);
	this.busy = false;
	return ret;
}
