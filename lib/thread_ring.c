// SPDX-License-Identifier: GPL-2.0 OR MIT
/* A ring without a descriptor, for one request at a time. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>
#include "ring.h"
#include "spawn_bpf.h"
#include "thread_ring.h"

#define RING_FLAGS	(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | \
			 SETUP_REGISTERED_FD_ONLY)
#define MEMORY_SIZE	(2 * RING_PAGE + THREAD_RING_SCRATCH)

#define FEW_KEYS	32	/* glibc allocates for others, which a signal handler must not do */

/* A model of its own: no access may allocate, a signal handler may be the first one. */
static __thread struct thread_ring {
	struct ring	ring;
	void		*memory;
	unsigned long	id;		/* 0: not needed yet */
	bool		is_made;
	bool		busy;
	int		error;		/* it was tried, and this is why never again */
} this __attribute__((tls_model("initial-exec")));

/*
 * Whose rings these are. The child of a vfork(2) runs in our memory: with the number of our ring it
 * would find whatever it has registered itself. A child that was made without handlers, by a bare
 * clone(2), uses no ring.
 */
static pid_t process;
static pthread_key_t at_exit;
static bool has_key;

static void unmap(void *memory)
{
	if (getpid() != process)
		return;
	munmap(memory, MEMORY_SIZE);
	this.memory = NULL;
	this.is_made = false;
}

/* The memory is there, but empty; the ring was the parent's. */
static void start_again(void)
{
	process = getpid();
	this.id = 0;
	this.is_made = false;
	this.busy = false;
	this.error = 0;
}

__attribute__((constructor)) static void watch(void)
{
	process = getpid();
	has_key = !pthread_key_create(&at_exit, unmap) && at_exit < FEW_KEYS;
	pthread_atfork(NULL, NULL, start_again);
}

unsigned long thread_id(void)
{
	static atomic_ulong last;

	if (!this.id)
		this.id = ++last;
	return this.id;
}

static int map(void)
{
	void *memory;
	int err;

	if (!has_key)
		return -EAGAIN;
	memory = ring_map(MEMORY_SIZE);
	if (!memory)
		return -errno;
	err = -pthread_setspecific(at_exit, memory);
	if (err)
		munmap(memory, MEMORY_SIZE);
	else
		this.memory = memory;
	return err;
}

/* What a sysctl, a limit or other rings forbid now may be possible the next time. */
static bool is_final(int err)
{
	return err == -EOPNOTSUPP || err == -EPROTO || err == -ENOSYS;
}

static int make(void)
{
	int err = this.memory ? 0 : map();

	if (!err)
		err = ring_init(&this.ring, 1, RING_FLAGS, this.memory,
				(char *)this.memory + RING_PAGE);
	this.is_made = !err;
	if (is_final(err))
		this.error = err;
	return err;
}

int thread_ring_get(void)
{
	int err;

	if (getpid() != process)
		return -ENXIO;
	if (this.busy)
		return -EBUSY;
	if (this.error || this.is_made)
		return this.error;
	this.busy = true;
	err = make();
	this.busy = false;
	return err;
}

void *thread_ring_scratch(void)
{
	return (char *)this.memory + 2 * RING_PAGE;
}

/* A handler that interrupts us may fork, and the child comes back to here without the ring. */
static int run(const struct io_uring_sqe *sqe, struct io_uring_cqe *cqe)
{
	unsigned long id = thread_id();
	int ret;

	ring_push(&this.ring, sqe);
	ret = ring_enter(&this.ring, 1, 1, NULL);
	if (ret < 1) {
		if (id == thread_id())
			ring_take_back(&this.ring);
		return ret ?: -EAGAIN;
	}
	while (!ring_pop(&this.ring, cqe)) {
		ret = id == thread_id() ? ring_enter(&this.ring, 0, 1, NULL) : -ENXIO;
		if (ret >= 0 || ret == -EINTR)
			continue;
		/* or a filter that came just now: not to be tried again, by whatever means */
		if (ret != -ENXIO)
			this.error = -EIO;
		*cqe = (struct io_uring_cqe){ .res = -EIO, .flags = IORING_SPAWN_STEP_NONE << 16 };
		break;
	}
	return 0;
}

int thread_ring_run(const struct io_uring_sqe *sqe, struct io_uring_cqe *cqe)
{
	int ret;

	this.busy = true;
	ret = run(sqe, cqe);
	this.busy = false;
	return ret;
}
