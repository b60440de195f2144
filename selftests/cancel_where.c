// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Every way to cancel a spawn reaches it wherever it is. */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include "lib/fixture.h"
#include "lib/scripted.h"

#define UD_CANCEL	0x77
#define PAGE		4096
#define CANCEL_OP	(1U << 5)	/* IORING_ASYNC_CANCEL_OP, of 6.6 */

enum where {
	WAITS,			/* for a request: an empty pipe */
	BLOCKS,			/* in a request that the task runs itself */
	POLICY_WAITS,
	POLICY_STEPS,		/* is called over and over */
	POLICY_FAULTS,		/* its argument region takes long to be read */
	EXEC_WAITS,		/* for a request in flight */
	EXEC_FAULTS,		/* is under way, but argv takes long to be read */
};

FIXTURE(where) {
	struct io_uring ring;
	struct script script;
	struct chain chain;
	char path[256];
	int empty[2], sink[2], uffd;
	char byte, *slow;	/* slow: a page nobody ever fills */
	char *argv[2];
};

FIXTURE_VARIANT(where) {
	enum where where;
};
FIXTURE_VARIANT_ADD(where, waits) { .where = WAITS };
FIXTURE_VARIANT_ADD(where, blocks) { .where = BLOCKS };
FIXTURE_VARIANT_ADD(where, policy_waits) { .where = POLICY_WAITS };
FIXTURE_VARIANT_ADD(where, policy_steps) { .where = POLICY_STEPS };
FIXTURE_VARIANT_ADD(where, policy_faults) { .where = POLICY_FAULTS };
FIXTURE_VARIANT_ADD(where, exec_waits) { .where = EXEC_WAITS };
FIXTURE_VARIANT_ADD(where, exec_faults) { .where = EXEC_FAULTS };

static bool faults(enum where where)
{
	return where == POLICY_FAULTS || where == EXEC_FAULTS;
}

static int map_slow_page(FIXTURE_DATA(where) *self)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	self->uffd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (self->uffd < 0)
		return -errno;
	self->slow = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = U64(self->slow);
	reg.range.len = PAGE;
	if (ioctl(self->uffd, UFFDIO_API, &api) || ioctl(self->uffd, UFFDIO_REGISTER, &reg))
		return -errno;
	return 0;
}

static void build(FIXTURE_DATA(where) *self, enum where where)
{
	struct chain *c = &self->chain;

	chain_init(c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	self->argv[0] = where == EXEC_FAULTS ? self->slow : "quick";
	switch (where) {
	case BLOCKS:
		io_uring_prep_splice(chain_add(c), self->empty[0], -1, self->sink[1], -1, 1, 0);
		break;
	case POLICY_WAITS:
		SCRIPT(&self->script, { S_TIMEOUT, .b = 3600000000000ULL }, S_END(RET_CONTINUE));
		chain_policy(c, 0, NULL, 0);
		break;
	case POLICY_STEPS:
		SCRIPT(&self->script, { S_TIMEOUT, .b = 10000000 }, S_END(RET_CONTINUE),
		       { S_GOTO, 0 });
		chain_policy(c, 0, NULL, 0);
		break;
	case POLICY_FAULTS:
		SCRIPT(&self->script, S_END(RET_EXIT));
		chain_policy(c, 0, self->slow, 8);
		break;
	case WAITS:
	case EXEC_WAITS:
		chain_read(c, self->empty[0], &self->byte, 1);
		if (where == WAITS)
			break;
		/* fallthrough */
	case EXEC_FAULTS:
		chain_exec(c, self->path, self->argv);
	}
}

FIXTURE_SETUP(where)
{
	int ret = 0;

	ASSERT_EQ(0, ring_init(&self->ring, 0));
	ASSERT_EQ(0, target(self->path, sizeof(self->path), "quick"));
	ASSERT_EQ(0, pipe(self->empty));
	ASSERT_EQ(0, pipe(self->sink));
	ASSERT_EQ(0, script_open(&self->script, self->ring.ring_fd, 0));
	self->script.skel->struct_ops.script_ops->max_steps = 65536;
	ASSERT_EQ(0, script_attach(&self->script));
	self->uffd = -1;
	if (faults(variant->where))
		ret = map_slow_page(self);
	if (ret == -ENOSYS)
		SKIP(return, "this kernel has no userfaultfd");
	ASSERT_EQ(0, ret);
	build(self, variant->where);
}

FIXTURE_TEARDOWN(where)
{
	EXPECT_TRUE(no_child_left());
	script_close(&self->script);
	io_uring_queue_exit(&self->ring);
}

/* It is where it is to be found. */
static bool there(FIXTURE_DATA(where) *self, enum where where, pid_t pid)
{
	struct pollfd fault = { .fd = self->uffd, .events = POLLIN };
	unsigned int ms;

	if (faults(where))
		return poll(&fault, 1, WAIT_MS) == 1;
	for (ms = 0; ms < WAIT_MS; ms += 5) {
		if (where == POLICY_STEPS) {
			if (self->script.skel->bss->nr_steps > 3)
				return true;
		} else if (task_state(pid) == 'S') {
			return true;
		}
		usleep(5000);
	}
	return false;
}

/* What cancel or the timeout said, and CLONE's outcome, in any order. */
#define ASSERT_CANCELLED(found) do {						\
	bool __told = false, __over = false;					\
	struct io_uring_cqe __cqe;						\
										\
	while (!__told || !__over) {						\
		ASSERT_EQ(0, next_cqe(&self->ring, &__cqe));			\
		if (__cqe.user_data == UD_CANCEL) {				\
			__told = true;						\
			EXPECT_EQ((int)(found), __cqe.res);			\
			continue;						\
		}								\
		ASSERT_EQ(UD_CLONE, __cqe.user_data);				\
		__over = true;							\
		EXPECT_EQ(-ECANCELED, __cqe.res);				\
		EXPECT_EQ(STEP_NONE, IORING_CQE_STEP(&__cqe));			\
	}									\
	EXPECT_TRUE(no_more_cqes(&self->ring));					\
} while (0)

#define ASSERT_STARTED() ({							\
	ASSERT_EQ(0, chain_submit(&self->ring, &self->chain));			\
	pid_t __pid = ASSERT_BORN(&self->ring);					\
	ASSERT_TRUE(there(self, variant->where, __pid));			\
	__pid;									\
})

static struct io_uring_sqe *queue_cancel(struct io_uring *ring, __u64 user_data,
					 unsigned int flags)
{
	struct io_uring_sqe *sqe = get_sqe(ring);

	io_uring_prep_cancel64(sqe, user_data, flags);
	sqe->user_data = UD_CANCEL;
	return sqe;
}

TEST_F(where, by_user_data_ok)
{
	ASSERT_STARTED();
	queue_cancel(&self->ring, UD_CLONE, 0);
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CANCELLED(0);
}

TEST_F(where, all_of_its_user_data_is_one)
{
	ASSERT_STARTED();
	queue_cancel(&self->ring, UD_CLONE, IORING_ASYNC_CANCEL_ALL);
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CANCELLED(1);
}

TEST_F(where, any_is_one)
{
	ASSERT_STARTED();
	queue_cancel(&self->ring, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CANCELLED(1);
}

TEST_F(where, by_opcode_ok)
{
	ASSERT_STARTED();
	queue_cancel(&self->ring, 0, CANCEL_OP)->len = IORING_OP_CLONE;
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CANCELLED(0);
}

/* CLONE has no descriptor, and those its chain uses are no business of this ring. */
TEST_F(where, by_descriptor_enoent)
{
	pid_t pid = ASSERT_STARTED();
	struct io_uring_sqe *sqe = queue_cancel(&self->ring, 0, IORING_ASYNC_CANCEL_FD);

	sqe->fd = self->empty[0];
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CQE(&self->ring, UD_CANCEL, -ENOENT);
	EXPECT_NE(0, task_state(pid));
	queue_cancel(&self->ring, UD_CLONE, 0);
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CANCELLED(0);
}

/* The submitter's chain, not a request in it that has the same user_data. */
TEST_F(where, sqes_of_the_chain_are_not_found)
{
	pid_t pid = ASSERT_STARTED();

	queue_cancel(&self->ring, 0, 0);
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CQE(&self->ring, UD_CANCEL, -ENOENT);
	EXPECT_NE(0, task_state(pid));
	queue_cancel(&self->ring, UD_CLONE, 0);
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CANCELLED(0);
}

TEST_F(where, twice_is_enoent)
{
	struct io_uring_cqe cqe;
	int i, told = 0, over = 0;

	ASSERT_STARTED();
	queue_cancel(&self->ring, UD_CLONE, 0);
	queue_cancel(&self->ring, UD_CLONE, 0)->user_data = UD_CANCEL + 1;
	ASSERT_EQ(0, submit_all(&self->ring));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		if (cqe.user_data == UD_CLONE)
			over += cqe.res == -ECANCELED;
		else
			told += cqe.res == (cqe.user_data == UD_CANCEL ? 0 : -ENOENT);
	}
	EXPECT_EQ(2, told);
	EXPECT_EQ(1, over);
}

/* Returns when it is over, so there is an outcome. */
TEST_F(where, synchronously_ok)
{
	struct io_uring_sync_cancel_reg reg = { .addr = UD_CLONE, .timeout = { -1, -1 } };

	ASSERT_STARTED();
	EXPECT_LE(0, io_uring_register_sync_cancel(&self->ring, &reg));
	ASSERT_CQE(&self->ring, UD_CLONE, -ECANCELED);
}

/* An hour, cut to nothing when the task is where it is to be found: however long that took. */
TEST_F(where, by_a_linked_timeout)
{
	struct __kernel_timespec hour = { .tv_sec = 3600 }, now = { .tv_nsec = 1 };
	struct io_uring_sqe *sqe;

	self->chain.clone.flags |= IOSQE_IO_LINK;
	chain_queue(&self->ring, &self->chain);
	sqe = get_sqe(&self->ring);
	io_uring_prep_link_timeout(sqe, &hour, 0);
	sqe->user_data = UD_CANCEL;
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_TRUE(there(self, variant->where, ASSERT_BORN(&self->ring)));
	sqe = get_sqe(&self->ring);
	io_uring_prep_timeout_update(sqe, &now, UD_CANCEL, IORING_LINK_TIMEOUT_UPDATE);
	sqe->user_data = UD_CANCEL + 1;
	sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CANCELLED(-ETIME);
}

/* A CLONE that was taken, and whose task is made when the submitter leaves the kernel. */
TEST_F(where, before_there_is_a_task)
{
	chain_queue(&self->ring, &self->chain);
	queue_cancel(&self->ring, UD_CLONE, 0);
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CANCELLED(0);
	EXPECT_FALSE(has_child());
}

TEST_MAIN
