// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Which rings and callers may spawn, and what a ring that is locked down allows its chains. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "lib/fixture.h"
#include "rings/raw.h"

RING_FIXTURE_2(rings)

/* CLONE with one NOP in array form on a ring of its own; what CLONE says. */
static int clone_on(unsigned int ring_flags)
{
	struct io_uring ring;
	struct chain c;
	struct outcome o;

	if (ring_init(&ring, ring_flags))
		return -ENOTRECOVERABLE;
	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	o = chain_outcome(&ring, &c);
	io_uring_queue_exit(&ring);
	return o.res;
}

TEST(sqpoll_ring_eopnotsupp)
{
	EXPECT_EQ(-EOPNOTSUPP, clone_on(IORING_SETUP_SQPOLL));
}

TEST(iopoll_ring_eopnotsupp)
{
	EXPECT_EQ(-EOPNOTSUPP, clone_on(IORING_SETUP_IOPOLL));
}

TEST(every_other_ring_type_ok)
{
	static const unsigned int types[] = {
		0, IORING_SETUP_SUBMIT_ALL, IORING_SETUP_COOP_TASKRUN, IORING_SETUP_SINGLE_ISSUER,
		IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG, RING_DEFER,
		RING_DEFER | IORING_SETUP_TASKRUN_FLAG, IORING_SETUP_SQE128, IORING_SETUP_CQE32,
		RING_DEFER | IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		EXPECT_EQ(0, clone_on(types[i])) {
			TH_LOG("ring flags %#x", types[i]);
		}
}

TEST(sqe128_chain_as_links_ok)
{
	struct io_uring ring;
	struct chain c;

	ASSERT_EQ(0, ring_init(&ring, IORING_SETUP_SQE128));
	chain_init(&c, false, 0);
	chain_nop(&c, 5);
	chain_nop(&c, 6);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&ring, &c));
	ASSERT_BORN(&ring);
	ASSERT_CQE(&ring, 0, 5);
	ASSERT_CQE(&ring, 1, 6);
	io_uring_queue_exit(&ring);
}

TEST_F(rings, disabled_ring_ok_once_enabled)
{
	struct io_uring ring;
	struct chain c;

	ASSERT_EQ(0, ring_init(&ring, variant->ring_flags | IORING_SETUP_R_DISABLED));
	chain_init(&c, true, IORING_CLONE_DEFER);
	chain_nop(&c, 0);
	EXPECT_EQ(-EBADFD, chain_submit(&ring, &c));
	ASSERT_EQ(0, io_uring_enable_rings(&ring));
	ASSERT_EQ(1, io_uring_submit(&ring));
	ASSERT_CQE(&ring, 0, 0);
	ASSERT_CQE(&ring, UD_CLONE, 0);
	io_uring_queue_exit(&ring);
}

/* Both forms on a ring of our own making; true if both say it went well. */
static bool raw_spawns(unsigned int flags)
{
	struct io_uring_cqe cqe[4] = {};
	struct raw_ring ring;
	struct chain c;
	unsigned int i;
	bool ok;
	int ret = raw_init(&ring, flags);

	if (ret) {
		fprintf(stderr, "# ring with flags %#x: %s\n", flags, strerror(-ret));
		return false;
	}
	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_nop(&c, 0);
	c.args = (struct io_uring_clone_args){ .sqes = U64(c.sqe), .nr_sqes = 1, .nr_submit = 1 };
	c.clone.addr = U64(&c.args);
	c.clone.len = sizeof(c.args);
	raw_put(&ring, &c.clone);
	ok = raw_enter(&ring, 1, 1) == 1 && raw_take(&ring, &cqe[0]);

	chain_init(&c, false, 0);
	chain_nop(&c, 7);
	c.clone.flags = IOSQE_IO_LINK;
	raw_put(&ring, &c.clone);
	raw_put(&ring, &c.sqe[0]);
	ok = ok && raw_enter(&ring, 2, 2) == 2 && raw_take(&ring, &cqe[1]) &&
	     raw_take(&ring, &cqe[2]) && !raw_take(&ring, &cqe[3]);
	raw_exit(&ring);
	if (ok && cqe[0].user_data == UD_CLONE && !cqe[0].res &&
	    cqe[1].user_data == UD_CLONE && cqe[1].res > 0 && !cqe[2].user_data && cqe[2].res == 7)
		return true;
	for (i = 0; i < 3; i++)
		fprintf(stderr, "# user_data %#llx res %d\n", cqe[i].user_data, cqe[i].res);
	return false;
}

TEST_F(rings, without_an_array_of_indices_ok)
{
	EXPECT_TRUE(raw_spawns(variant->ring_flags | IORING_SETUP_NO_SQARRAY));
}

TEST_F(rings, in_memory_of_the_application_ok)
{
	EXPECT_TRUE(raw_spawns(variant->ring_flags | IORING_SETUP_NO_MMAP));
	EXPECT_TRUE(raw_spawns(variant->ring_flags | IORING_SETUP_NO_MMAP |
			       IORING_SETUP_NO_SQARRAY));
}

TEST_F(rings, that_never_had_a_descriptor_ok)
{
	EXPECT_TRUE(raw_spawns(variant->ring_flags | IORING_SETUP_NO_MMAP |
			       IORING_SETUP_REGISTERED_FD_ONLY));
	EXPECT_TRUE(no_child_left());
}

TEST_F(rings, registered_and_its_descriptor_closed_ok)
{
	struct chain c;

	ASSERT_EQ(1, io_uring_register_ring_fd(&self->ring));
	close(self->ring.ring_fd);
	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
}

/*
 * A 64-bit process can make a compat ring, too: by the 32-bit entry to the kernel, with a struct
 * within its reach. A kernel without that entry answers SIGSEGV.
 */
static int setup_by_int80(struct io_uring_params *p)
{
	int ret;

	asm volatile("int $0x80" : "=a"(ret) :
		     "a"(SYS_io_uring_setup), "b"(8), "c"(p) : "r8", "r9", "r10", "r11", "memory");
	return ret;
}

static void no_int80(int sig)
{
	_exit(1);
}

static bool has_int80(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		/* caught, or the kernel's log complains */
		signal(SIGSEGV, no_int80);
		setup_by_int80(NULL);
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && !status;
}

TEST(compat_ring_eopnotsupp)
{
	struct io_uring_params *p;
	struct io_uring ring;
	struct chain c;
	int fd;

	if (!has_int80())
		SKIP(return, "this kernel runs no 32-bit programs (CONFIG_IA32_EMULATION)");
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1,
		 0);
	ASSERT_NE(MAP_FAILED, p);
	fd = setup_by_int80(p);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, io_uring_queue_mmap(fd, p, &ring));
	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	ASSERT_OUTCOME(&ring, &c, -EOPNOTSUPP, STEP_NONE);
	io_uring_queue_exit(&ring);
}

static int restricted_ring(struct io_uring *ring, const __u8 *ops, unsigned int nr, __u8 sqe_flags)
{
	struct io_uring_restriction r[8] = {};
	unsigned int i;
	int ret;

	ret = ring_init(ring, IORING_SETUP_R_DISABLED);
	if (ret)
		return ret;
	for (i = 0; i < nr; i++) {
		r[i].opcode = IORING_RESTRICTION_SQE_OP;
		r[i].sqe_op = ops[i];
	}
	r[nr].opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
	r[nr].sqe_flags = sqe_flags;
	ret = io_uring_register_restrictions(ring, r, nr + 1);
	return ret ?: io_uring_enable_rings(ring);
}

TEST(restricted_ring_without_clone_eacces)
{
	static const __u8 ops[] = { IORING_OP_NOP };
	struct io_uring ring;
	struct chain c;

	ASSERT_EQ(0, restricted_ring(&ring, ops, ARRAY_SIZE(ops), 0));
	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	ASSERT_EQ(0, chain_submit(&ring, &c));
	ASSERT_CQE(&ring, UD_CLONE, -EACCES);
	io_uring_queue_exit(&ring);
}

TEST(restricted_ring_holds_in_the_chain_eacces)
{
	static const __u8 ops[] = { IORING_OP_CLONE, IORING_OP_NOP };
	char path[256], *argv[] = { "quick", NULL };
	struct io_uring ring;
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, restricted_ring(&ring, ops, ARRAY_SIZE(ops), IOSQE_IO_LINK));
	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_OUTCOME(&ring, &c, -EACCES, 1);
	io_uring_queue_exit(&ring);
}

TEST(restricted_ring_allows_what_it_lists_ok)
{
	static const __u8 ops[] = { IORING_OP_CLONE, IORING_OP_NOP, IORING_OP_EXEC };
	char path[256], *argv[] = { "quick", NULL };
	struct io_uring ring;
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, restricted_ring(&ring, ops, ARRAY_SIZE(ops), IOSQE_IO_LINK));
	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_LINK);
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&ring, &c)));
	io_uring_queue_exit(&ring);
}

TEST(restricted_sqe_flags_hold_in_the_chain_eacces)
{
	static const __u8 ops[] = { IORING_OP_CLONE, IORING_OP_NOP };
	struct io_uring ring;
	struct chain c;

	ASSERT_EQ(0, restricted_ring(&ring, ops, ARRAY_SIZE(ops), IOSQE_IO_LINK));
	chain_init(&c, true, 0);
	chain_nop(&c, 0)->flags = IOSQE_IO_HARDLINK;
	chain_nop(&c, 0);
	ASSERT_OUTCOME(&ring, &c, -EACCES, 0);
	io_uring_queue_exit(&ring);
}

TEST_F(rings, registered_ring_fd_ok)
{
	struct chain c;

	ASSERT_EQ(1, io_uring_register_ring_fd(&self->ring));
	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
}

TEST_F(rings, eventfd_is_signalled_by_the_outcome)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct io_uring_cqe cqe;
	struct chain c;

	ASSERT_EQ(0, io_uring_register_eventfd(&self->ring, fd));
	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_nop(&c, 0);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	EXPECT_EQ(1, poll(&p, 1, WAIT_MS));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(UD_CLONE, cqe.user_data);
}

/* What is left of it when it is submitted again are requests of the submitter. */
TEST(chain_in_which_the_submission_breaks_off_ecanceled)
{
	struct io_uring_cqe cqe;
	struct raw_ring ring;
	struct chain c;

	ASSERT_EQ(0, raw_init(&ring, 0));
	chain_init(&c, false, IORING_CLONE_FINAL);
	c.clone.flags = IOSQE_IO_LINK;
	c.clone.user_data = UD_CLONE;
	chain_nop(&c, 0);
	c.sqe[0].flags = IOSQE_IO_LINK;
	c.sqe[0].user_data = 1;
	raw_put(&ring, &c.clone);
	raw_put(&ring, &c.sqe[0]);
	raw_put_nothing(&ring);
	c.sqe[0].user_data = 2;
	raw_put(&ring, &c.sqe[0]);
	EXPECT_EQ(2, raw_enter(&ring, 4, 2));
	ASSERT_TRUE(raw_take(&ring, &cqe));
	EXPECT_EQ(UD_CLONE, cqe.user_data);
	EXPECT_EQ(-ECANCELED, cqe.res);
	EXPECT_EQ(STEP_NONE, IORING_CQE_STEP(&cqe));
	ASSERT_TRUE(raw_take(&ring, &cqe));
	EXPECT_EQ(1, cqe.user_data);
	EXPECT_EQ(-ECANCELED, cqe.res);
	EXPECT_EQ(1, raw_enter(&ring, 1, 1));
	ASSERT_TRUE(raw_take(&ring, &cqe));
	EXPECT_EQ(2, cqe.user_data);
	EXPECT_EQ(0, cqe.res);
	EXPECT_FALSE(raw_take(&ring, &cqe));
	EXPECT_FALSE(has_child());
	raw_exit(&ring);
}

/* Until the workers of this process have nothing to do; there is no other thread. */
static int wait_workers(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *d;
	int ret = dir ? 0 : -errno;

	while (!ret && (d = readdir(dir)))
		if (atoi(d->d_name) && atoi(d->d_name) != getpid())
			ret = wait_state(atoi(d->d_name), 'S');
	if (dir)
		closedir(dir);
	return ret;
}

/* Such a one is for what a worker completes: the outcome is posted by the submitter itself. */
TEST_F(rings, eventfd_for_workers_only_is_not_signalled)
{
	int fd = eventfd(0, EFD_NONBLOCK), i, go[2];
	struct io_uring_cqe cqe;
	eventfd_t value;
	struct chain c;
	char byte;

	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, io_uring_register_eventfd_async(&self->ring, fd));
	for (i = 0; i < 2; i++) {
		chain_init(&c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
		chain_read(&c, go[0], &byte, 1);
		c.clone.flags = i ? IOSQE_ASYNC : 0;
		ASSERT_EQ(0, chain_submit(&self->ring, &c));
		ASSERT_BORN(&self->ring);
		/* one that is the last to let go of the request frees it, and that is signalled */
		ASSERT_EQ(0, wait_workers());
		ASSERT_EQ(1, write(go[1], "x", 1));
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		EXPECT_EQ(UD_CLONE, cqe.user_data);
		EXPECT_EQ(0, cqe.res);
	}
	EXPECT_EQ(-1, eventfd_read(fd, &value));
	EXPECT_EQ(EAGAIN, errno);
}

/* The application is told that it is time to enter the kernel, and not disturbed before. */
TEST(taskrun_flag_says_that_an_outcome_waits)
{
	static const unsigned int types[] = { IORING_SETUP_COOP_TASKRUN, RING_DEFER };
	unsigned long end;
	unsigned int i;
	struct io_uring ring;
	struct chain c;
	bool told;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		ASSERT_EQ(0, ring_init(&ring, types[i] | IORING_SETUP_TASKRUN_FLAG));
		chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
		chain_nop(&c, 0);
		ASSERT_EQ(0, chain_submit(&ring, &c));
		/* without a system call; of COOP_TASKRUN any interrupt may post it, too */
		for (told = false, end = now_ms() + WAIT_MS; !told && now_ms() < end; )
			told = (IO_URING_READ_ONCE(*ring.sq.kflags) & IORING_SQ_TASKRUN) ||
			       (types[i] != RING_DEFER && io_uring_cq_ready(&ring));
		EXPECT_TRUE(told) {
			TH_LOG("ring flags %#x", types[i]);
		}
		ASSERT_EQ(0, io_uring_get_events(&ring));
		ASSERT_CQE(&ring, UD_CLONE, 0);
		io_uring_queue_exit(&ring);
	}
}

TEST_F(rings, submit_and_wait_in_one_call_ok)
{
	struct chain c;

	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_nop(&c, 0);
	chain_queue(&self->ring, &c);
	ASSERT_EQ(1, io_uring_submit_and_wait(&self->ring, 1));
	ASSERT_EQ(1, io_uring_cq_ready(&self->ring));
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
}

static void *spawn_in_thread(void *arg)
{
	char path[256], *argv[] = { "report", "1", "7", NULL };
	struct io_uring ring;
	struct chain c;
	struct outcome o = { -EIO, 0 };

	(void)arg;
	if (!target(path, sizeof(path), "quick") && !ring_init(&ring, RING_DEFER)) {
		chain_init(&c, false, 0);
		chain_exec(&c, path, argv);
		o = chain_outcome(&ring, &c);
		io_uring_queue_exit(&ring);
	}
	return (void *)(long)o.res;
}

TEST(every_thread_of_a_process_may_spawn_ok)
{
	pthread_t threads[6];
	unsigned int i;
	void *res;

	for (i = 0; i < ARRAY_SIZE(threads); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, spawn_in_thread, NULL));
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &res));
		ASSERT_LT(0, (long)res);
		EXPECT_EQ(0, wait_exit((long)res));
	}
	EXPECT_TRUE(no_child_left());
}

#define SHARED_SPAWNS	10	/* per thread */

struct shared {
	struct io_uring		ring;
	pthread_mutex_t		submission;
	pthread_barrier_t	all_seen;
	char			path[256];
	bool			failed;
};

/* The chains of a thread end with it: it stays until somebody has seen their outcomes. */
static void *spawn_on_shared(void *arg)
{
	char *argv[] = { "quick", NULL };
	struct shared *s = arg;
	struct chain c;
	unsigned int i;

	for (i = 0; i < SHARED_SPAWNS; i++) {
		chain_init(&c, i % 2, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
		chain_exec(&c, s->path, argv);
		pthread_mutex_lock(&s->submission);
		s->failed |= chain_submit(&s->ring, &c);
		pthread_mutex_unlock(&s->submission);
	}
	pthread_barrier_wait(&s->all_seen);
	return NULL;
}

TEST(threads_may_share_a_ring_ok)
{
	static const unsigned int types[] = { 0, IORING_SETUP_COOP_TASKRUN };
	static struct shared s;
	struct io_uring_cqe cqe;
	pthread_t threads[5];
	unsigned int i, t;

	ASSERT_EQ(0, target(s.path, sizeof(s.path), "quick"));
	for (t = 0; t < ARRAY_SIZE(types); t++) {
		ASSERT_EQ(0, ring_init(&s.ring, types[t]));
		ASSERT_EQ(0, pthread_mutex_init(&s.submission, NULL));
		ASSERT_EQ(0, pthread_barrier_init(&s.all_seen, NULL, ARRAY_SIZE(threads) + 1));
		for (i = 0; i < ARRAY_SIZE(threads); i++)
			ASSERT_EQ(0, pthread_create(&threads[i], NULL, spawn_on_shared, &s));
		for (i = 0; i < ARRAY_SIZE(threads) * SHARED_SPAWNS; i++) {
			ASSERT_EQ(0, next_cqe(&s.ring, &cqe));
			ASSERT_LT(0, cqe.res);
			EXPECT_EQ(0, wait_exit(cqe.res));
		}
		pthread_barrier_wait(&s.all_seen);
		for (i = 0; i < ARRAY_SIZE(threads); i++)
			ASSERT_EQ(0, pthread_join(threads[i], NULL));
		EXPECT_FALSE(s.failed);
		io_uring_queue_exit(&s.ring);
	}
	EXPECT_TRUE(no_child_left());
}

static void *submit_from_here(void *arg)
{
	struct chain c;

	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	return (void *)(long)chain_submit(arg, &c);
}

TEST(other_thread_on_a_ring_for_one_eexist)
{
	static const unsigned int types[] = { IORING_SETUP_SINGLE_ISSUER, RING_DEFER };
	struct io_uring ring;
	pthread_t thread;
	unsigned int i;
	void *ret;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		ASSERT_EQ(0, ring_init(&ring, types[i]));
		ASSERT_EQ(0, pthread_create(&thread, NULL, submit_from_here, &ring));
		ASSERT_EQ(0, pthread_join(thread, &ret));
		EXPECT_EQ(-EEXIST, (long)ret);
		io_uring_queue_exit(&ring);
	}
	EXPECT_TRUE(no_child_left());
}

TEST_MAIN
