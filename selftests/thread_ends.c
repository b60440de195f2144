// SPDX-License-Identifier: GPL-2.0 OR MIT
/* A thread submits and ends, its process and the ring go on: what the others get to know. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/mman.h>
#include "lib/fixture.h"

FIXTURE(thread_ends) {
	struct io_uring ring;
	struct chain c;
	sem_t leave;
	pthread_t thread;
	int go[2];
	int ret;
};

FIXTURE_VARIANT(thread_ends) {
	unsigned int ring_flags;
};

/* one that has a submitter of its own is entered by nobody else */
FIXTURE_VARIANT_ADD(thread_ends, plain) { .ring_flags = 0 };
FIXTURE_VARIANT_ADD(thread_ends, coop) { .ring_flags = IORING_SETUP_COOP_TASKRUN };

FIXTURE_SETUP(thread_ends)
{
	ASSERT_EQ(0, ring_init(&self->ring, variant->ring_flags));
	ASSERT_EQ(0, sem_init(&self->leave, 0, 0));
	ASSERT_EQ(0, pipe(self->go));
}

FIXTURE_TEARDOWN(thread_ends)
{
	io_uring_queue_exit(&self->ring);
	close(self->go[0]);
	close(self->go[1]);
}

/* Takes CLONE's first CQE, so that there is a task. */
static void *submit_and_end(void *arg)
{
	FIXTURE_DATA(thread_ends) *self = arg;
	struct io_uring_cqe cqe = {};

	self->ret = chain_submit(&self->ring, &self->c);
	if (!self->ret)
		self->ret = next_cqe(&self->ring, &cqe);
	if (!self->ret && cqe.res <= 0)
		self->ret = cqe.res ?: -EBADMSG;
	sem_wait(&self->leave);
	return NULL;
}

TEST_F(thread_ends, each_sqe_completes_and_then_comes_the_outcome)
{
	unsigned int i, seen = 0;
	struct io_uring_cqe cqe;
	char byte;

	chain_init(&self->c, false, IORING_CLONE_FINAL);
	chain_nop(&self->c, 0);
	chain_read(&self->c, self->go[0], &byte, 1);
	chain_nop(&self->c, 0);
	chain_link(&self->c, IOSQE_IO_LINK);
	ASSERT_EQ(0, sem_post(&self->leave));
	ASSERT_EQ(0, pthread_create(&self->thread, NULL, submit_and_end, self));
	ASSERT_EQ(0, pthread_join(self->thread, NULL));
	ASSERT_EQ(0, self->ret);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		ASSERT_GT(3, cqe.user_data) {
			TH_LOG("after %u of the chain: res %d", i, cqe.res);
		}
		EXPECT_FALSE(seen & 1 << cqe.user_data);
		seen |= 1 << cqe.user_data;
		if (cqe.user_data)
			EXPECT_GT(0, cqe.res);
	}
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(UD_CLONE, cqe.user_data);
	EXPECT_EQ(-ECANCELED, cqe.res);
	EXPECT_EQ(STEP_NONE, IORING_CQE_STEP(&cqe));
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

#define BIG	(64UL << 20)
#define PAGE	4096

/* A copy that no signal interrupts: it has not ended when its thread has. */
TEST_F(thread_ends, outcome_comes_after_the_last_access_to_memory)
{
	int fd = memfd_create("big", 0);
	struct io_uring_cqe cqe;
	unsigned long i, late = 0;
	volatile char *buf;
	char *from;

	ASSERT_EQ(0, ftruncate(fd, BIG));
	from = mmap(NULL, BIG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, from);
	memset(from, 2, BIG);
	buf = mmap(NULL, BIG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		   -1, 0);
	ASSERT_NE(MAP_FAILED, buf);
	chain_init(&self->c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	chain_read(&self->c, fd, (void *)buf, BIG)->off = 0;
	ASSERT_EQ(0, pthread_create(&self->thread, NULL, submit_and_end, self));
	while (!buf[0])
		;
	ASSERT_EQ(0, sem_post(&self->leave));
	ASSERT_EQ(0, pthread_join(self->thread, NULL));
	ASSERT_EQ(0, self->ret);
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(UD_CLONE, cqe.user_data);
	/* from its end: what is still written is overtaken */
	for (i = BIG; i; i -= PAGE)
		buf[i - PAGE] = 1;
	usleep(500000);
	for (i = 0; i < BIG; i += PAGE)
		late += buf[i] != 1;
	EXPECT_EQ(0, late);
	munmap((void *)buf, BIG);
	munmap(from, BIG);
	close(fd);
}

TEST_MAIN
