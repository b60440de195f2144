// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What may go wrong around rings: leftovers in one that is used again, one that other processes
 * have too, one that must not wait for its chains.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "lib/fixture.h"
#include "targets/report.h"

#define NOBODY		65534
#define UD_OWN		0x77

static struct __kernel_timespec hour = { .tv_sec = 3600 }, soon = { .tv_nsec = 1000 };

/* ---- A private ring is used by one chain after the other --------------------------------- */

FIXTURE(recycled) {
	struct io_uring ring;
	int empty[2], sink[2];
	__u32 futex;
	char byte;
};

FIXTURE_VARIANT(recycled) {
	unsigned int ring_flags;
	bool cancel;		/* CLONE, otherwise the task is killed */
	bool block;		/* in an operation that the task runs itself */
};
FIXTURE_VARIANT_ADD(recycled, killed) { .ring_flags = 0 };
FIXTURE_VARIANT_ADD(recycled, killed_defer) { .ring_flags = RING_DEFER };
FIXTURE_VARIANT_ADD(recycled, killed_blocking) { .ring_flags = 0, .block = true };
FIXTURE_VARIANT_ADD(recycled, cancelled) { .ring_flags = 0, .cancel = true };
FIXTURE_VARIANT_ADD(recycled, cancelled_blocking_defer) {
	.ring_flags = RING_DEFER, .cancel = true, .block = true };

FIXTURE_SETUP(recycled)
{
	ASSERT_EQ(0, ring_init(&self->ring, variant->ring_flags));
	ASSERT_EQ(0, pipe2(self->empty, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(self->sink, O_CLOEXEC));
}

FIXTURE_TEARDOWN(recycled)
{
	EXPECT_TRUE(no_child_left());
	io_uring_queue_exit(&self->ring);
}

static struct io_uring_sqe *placed(struct chain *c)
{
	c->sqe[c->nr - 1].user_data = c->nr - 1;
	return &c->sqe[c->nr - 1];
}

/* One of each that waits in a list of the ring. */
static void add_waiting(FIXTURE_DATA(recycled) *self, struct chain *c, bool block)
{
	struct io_uring_sqe *sqe;

	io_uring_prep_poll_add(chain_add(c), self->empty[0], POLLIN);
	placed(c);
	io_uring_prep_timeout(chain_add(c), &hour, 0, 0);
	placed(c);
	io_uring_prep_timeout(chain_add(c), &hour, 100, 0);
	placed(c);
	chain_read(c, self->empty[0], &self->byte, 1)->flags = IOSQE_IO_LINK;
	io_uring_prep_link_timeout(chain_add(c), &hour, 0);
	placed(c);
	chain_read(c, self->empty[0], &self->byte, 1)->flags = IOSQE_IO_HARDLINK;
	chain_write(c, self->sink[1], "!", 1);
	sqe = chain_add(c);
	sqe->opcode = OP_FUTEX_WAIT;
	sqe->fd = FUTEX2_U32_PRIVATE;
	sqe->addr = U64(&self->futex);
	sqe->addr3 = ~0U;
	if (block) {
		io_uring_prep_splice(chain_add(c), self->empty[0], -1, self->sink[1], -1, 1, 0);
		placed(c);
	}
}

static int end_it(struct io_uring *ring, pid_t pid, bool cancel)
{
	struct io_uring_sync_cancel_reg reg = { .addr = UD_CLONE, .timeout = { -1, -1 } };

	if (!cancel)
		return kill(pid, SIGKILL);
	return io_uring_register_sync_cancel(ring, &reg) < 0 ? -1 : 0;
}

TEST_F(recycled, next_chain_finds_nothing_of_one_that_was_ended)
{
	unsigned int round, n = rounds(200);
	struct io_uring_cqe cqe;
	struct chain c;
	pid_t pid;
	char byte;

	for (round = 0; round < n; round++) {
		chain_init(&c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
		add_waiting(self, &c, variant->block);
		ASSERT_EQ(0, chain_submit(&self->ring, &c));
		pid = ASSERT_BORN(&self->ring);
		ASSERT_EQ(0, wait_state(pid, 'S'));
		ASSERT_EQ(0, end_it(&self->ring, pid, variant->cancel));
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		ASSERT_EQ(variant->cancel ? -ECANCELED : -EINTR, cqe.res);

		/* what the dead one waited for comes now */
		ASSERT_EQ(1, write(self->empty[1], "x", 1));
		chain_init(&c, true, IORING_CLONE_DEFER);
		chain_nop(&c, 7);
		chain_nop(&c, 8);
		chain_link(&c, IOSQE_IO_LINK);
		ASSERT_EQ(0, chain_submit(&self->ring, &c));
		ASSERT_CQE(&self->ring, 0, 7);
		ASSERT_CQE(&self->ring, 1, 8);
		ASSERT_CQE(&self->ring, UD_CLONE, 0);
		ASSERT_EQ(1, read(self->empty[0], &byte, 1));
	}
	EXPECT_EQ(0, fcntl(self->sink[0], F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, read(self->sink[0], &byte, 1));
}

RING_FIXTURE_2(counting)

/*
 * They count completions of the ring, also those of the chains before, and timeouts apart from the
 * rest.
 */
TEST_F(counting, timeout_that_counts_completions_is_right_every_time)
{
	unsigned int round, n = rounds(200);
	struct io_uring_cqe cqe;
	struct chain c;
	int i, want;

	for (round = 0; round < n; round++) {
		chain_init(&c, true, IORING_CLONE_DEFER);
		io_uring_prep_timeout(chain_add(&c), &hour, 3, 0);
		placed(&c);
		for (i = 0; i < 3; i++)
			chain_nop(&c, 0);
		/* expires: a completion that does not count */
		if (round % 2) {
			io_uring_prep_timeout(chain_add(&c), &soon, 0, 0);
			placed(&c)->flags = IOSQE_CQE_SKIP_SUCCESS;
		}
		ASSERT_EQ(0, chain_submit(&self->ring, &c));
		do {
			ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
			want = round % 2 && (cqe.user_data == 4 || cqe.user_data == UD_CLONE) ?
			       -ETIME : 0;
			ASSERT_EQ(want, cqe.res) {
				TH_LOG("round %u, user_data %#llx", round, cqe.user_data);
			}
		} while (cqe.user_data != UD_CLONE);
	}
}

/* ---- The ring of the submitter ----------------------------------------------------------- */

RING_FIXTURE_2(busy)

/* Nothing of a chain that blocks is under the lock of the ring, or in the way of who enters it. */
TEST_F(busy, ring_works_while_a_chain_blocks)
{
	struct chain blocked, c;
	int empty[2], sink[2];
	unsigned int i;
	pid_t pid;

	ASSERT_EQ(0, pipe(empty));
	ASSERT_EQ(0, pipe(sink));
	chain_init(&blocked, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	io_uring_prep_splice(chain_add(&blocked), empty[0], -1, sink[1], -1, 1, 0);
	ASSERT_EQ(0, chain_submit(&self->ring, &blocked));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_EQ(0, wait_state(pid, 'S'));
	for (i = 0; i < 20; i++) {
		struct io_uring_sqe *sqe = get_sqe(&self->ring);

		io_uring_prep_nop(sqe);
		sqe->user_data = UD_OWN;
		sqe->flags = i % 2 ? IOSQE_ASYNC : 0;
		ASSERT_EQ(0, submit_all(&self->ring));
		ASSERT_CQE(&self->ring, UD_OWN, 0);
		chain_init(&c, i % 2, 0);
		chain_nop(&c, 0);
		c.base = 1ULL << 32;
		ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	}
	ASSERT_EQ('S', task_state(pid));
	ASSERT_EQ(1, write(empty[1], "x", 1));
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	EXPECT_TRUE(no_child_left());
}

/* What is taken off the ring behind it is none of the requests it waits for. */
TEST_F(busy, drain_that_waits_when_a_chain_is_taken_starts)
{
	struct chain blocked, c;
	struct io_uring_sqe *sqe;
	int gate[2];
	char byte;

	ASSERT_EQ(0, pipe(gate));
	chain_init(&blocked, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_read(&blocked, gate[0], &byte, 1);
	chain_queue(&self->ring, &blocked);
	sqe = get_sqe(&self->ring);
	io_uring_prep_nop(sqe);
	sqe->flags = IOSQE_IO_DRAIN;
	sqe->user_data = UD_OWN;
	chain_init(&c, false, IORING_CLONE_DEFER);
	c.base = 1ULL << 32;
	chain_nop(&c, 0);
	chain_nop(&c, 0);
	chain_link(&c, IOSQE_IO_LINK);
	chain_queue(&self->ring, &c);
	ASSERT_EQ(0, submit_all(&self->ring));
	EXPECT_TRUE(no_more_cqes(&self->ring));

	ASSERT_EQ(1, write(gate[1], "x", 1));
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	ASSERT_CQE(&self->ring, UD_OWN, 0);
	ASSERT_CQE(&self->ring, c.base, 0);
	ASSERT_CQE(&self->ring, c.base + 1, 0);
	ASSERT_CQE(&self->ring, c.base + UD_CLONE, 0);
}

/* A worker that opens a FIFO is busy until somebody opens the other end. */
static int open_in_a_worker(struct io_uring *ring, const char *fifo)
{
	unsigned int workers[2] = { 1, 1 };
	struct io_uring_sqe *sqe;
	int ret;

	ret = io_uring_register_iowq_max_workers(ring, workers);
	if (ret < 0)
		return ret;
	sqe = get_sqe(ring);
	io_uring_prep_openat(sqe, AT_FDCWD, fifo, O_RDONLY | O_CLOEXEC, 0);
	sqe->flags = IOSQE_ASYNC;
	sqe->user_data = UD_OWN;
	return submit_all(ring);
}

/* Taken off the ring with a CLONE that is never issued, they have nobody else to complete them. */
TEST_F(busy, chain_of_a_clone_cancelled_before_its_turn_ecanceled)
{
	struct io_uring_sync_cancel_reg reg = { .addr = UD_CLONE, .timeout = { -1, -1 } };
	char dir[] = "/hazards-XXXXXX", fifo[64];
	struct io_uring_cqe cqe;
	unsigned int i, seen = 0;
	struct chain c;
	int fd;

	ASSERT_NE(NULL, mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	ASSERT_EQ(0, mkfifo(fifo, 0600));
	ASSERT_EQ(0, open_in_a_worker(&self->ring, fifo));
	chain_init(&c, false, IORING_CLONE_FINAL);
	chain_nop(&c, 0);
	chain_nop(&c, 0);
	chain_link(&c, IOSQE_IO_LINK);
	c.clone.flags |= IOSQE_ASYNC;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	EXPECT_TRUE(no_more_cqes(&self->ring));

	EXPECT_LE(0, io_uring_register_sync_cancel(&self->ring, &reg));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		EXPECT_EQ(-ECANCELED, cqe.res);
		seen |= 1U << (cqe.user_data == UD_CLONE ? 2 : cqe.user_data);
	}
	EXPECT_EQ(7, seen);

	fd = open(fifo, O_WRONLY | O_CLOEXEC);
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_LE(0, cqe.res);
	close(fd);
	unlink(fifo);
	rmdir(dir);
}

TEST(query_on_a_restricted_ring_eacces)
{
	struct io_uring_restriction r = { .opcode = IORING_RESTRICTION_SQE_OP,
					  .sqe_op = IORING_OP_NOP };
	struct io_uring_query_spawn query;
	struct io_uring ring;

	ASSERT_EQ(0, ring_init(&ring, IORING_SETUP_R_DISABLED));
	ASSERT_EQ(0, io_uring_register_restrictions(&ring, &r, 1));
	ASSERT_EQ(0, io_uring_enable_rings(&ring));
	EXPECT_EQ(-EACCES, io_uring_spawn_query(ring.ring_fd, &query));
	io_uring_queue_exit(&ring);
}

/* ---- Others have the ring too ------------------------------------------------------------ */

static int spawn_report(struct io_uring *ring, struct report *r)
{
	char path[256], fd[8], *argv[] = { "report", fd, "0", NULL };
	struct outcome o;
	struct chain c;
	int fds[2], ret;

	if (target(path, sizeof(path), "report") || pipe(fds))
		return -errno;
	snprintf(fd, sizeof(fd), "%d", fds[1]);
	chain_init(&c, true, 0);
	chain_exec(&c, path, argv);
	o = chain_outcome(ring, &c);
	ret = o.res > 0 ? wait_exit(o.res) : o.res;
	if (!ret && read(fds[0], r, sizeof(*r)) != sizeof(*r))
		ret = -EPROTO;
	close(fds[0]);
	close(fds[1]);
	return ret;
}

/* Private rings go from the chains of one to those of the other; nothing else does. */
TEST(ring_of_two_processes_spawns_for_the_one_that_submits)
{
	unsigned int round;
	struct io_uring ring;
	struct report r;
	pid_t pid;

	ASSERT_EQ(0, ring_init(&ring, 0));
	for (round = 0; round < 10; round++) {
		ASSERT_EQ(0, spawn_report(&ring, &r));
		EXPECT_EQ(getpid(), r.ppid);
		EXPECT_EQ(0, r.uid);

		pid = fork();
		if (!pid) {
			if (setresuid(NOBODY, NOBODY, NOBODY) || spawn_report(&ring, &r))
				_exit(1);
			_exit(r.ppid == getpid() && r.uid == NOBODY && r.euid == NOBODY ? 0 : 2);
		}
		EXPECT_EQ(0, wait_exit(pid));
		/* it was the library's copy in the other process that filled the queue */
		ring.sq.sqe_head = ring.sq.sqe_tail = *ring.sq.ktail;
	}
	io_uring_queue_exit(&ring);
}

/* A ring that programs inherit: the chain has a descriptor of what is to end it. */
FIXTURE(inherited) {
	struct chain chain;
	struct usage before;
	char quick[256];
	int gate[2], told[2];
	char byte;
};

enum end { IS_KILLED, EXITS, EXECS, CLOSES };

FIXTURE_VARIANT(inherited) {
	unsigned int ring_flags;
	enum end end;
};
FIXTURE_VARIANT_ADD(inherited, killed) { .end = IS_KILLED };
FIXTURE_VARIANT_ADD(inherited, killed_defer) { .end = IS_KILLED, .ring_flags = RING_DEFER };
FIXTURE_VARIANT_ADD(inherited, exits) { .end = EXITS };
FIXTURE_VARIANT_ADD(inherited, exits_defer) { .end = EXITS, .ring_flags = RING_DEFER };
FIXTURE_VARIANT_ADD(inherited, execs) { .end = EXECS };
FIXTURE_VARIANT_ADD(inherited, execs_defer) { .end = EXECS, .ring_flags = RING_DEFER };
FIXTURE_VARIANT_ADD(inherited, closes) { .end = CLOSES };
FIXTURE_VARIANT_ADD(inherited, closes_defer) { .end = CLOSES, .ring_flags = RING_DEFER };

FIXTURE_SETUP(inherited)
{
	static char *argv[] = { "quick", NULL };

	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, target(self->quick, sizeof(self->quick), "quick"));
	ASSERT_EQ(0, pipe(self->gate));
	ASSERT_EQ(0, pipe(self->told));
	self->before = usage_now();
	chain_init(&self->chain, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	chain_read(&self->chain, self->gate[0], &self->byte, 1);
	chain_exec(&self->chain, self->quick, argv);
	chain_link(&self->chain, IOSQE_IO_LINK);
}

FIXTURE_TEARDOWN(inherited)
{
	EXPECT_TRUE(all_children_gone());
	EXPECT_TRUE(usage_settles(&self->before));
}

/* Tells the pid of the task that waits. */
static pid_t start(FIXTURE_DATA(inherited) *self, struct io_uring *ring, unsigned int flags)
{
	struct io_uring_cqe cqe;

	if (ring_init(ring, flags) || fcntl(ring->ring_fd, F_SETFD, 0) ||
	    chain_submit(ring, &self->chain) || next_cqe(ring, &cqe) ||
	    wait_state(cqe.res, 'S') ||
	    write(self->told[1], &cqe.res, sizeof(cqe.res)) != sizeof(cqe.res))
		_exit(1);
	return cqe.res;
}

/* What the submitter does when the chain waits. */
static void end_submitter(FIXTURE_DATA(inherited) *self, enum end end, unsigned int flags)
{
	static char *argv[] = { "quick", NULL };
	struct io_uring ring;
	pid_t task = start(self, &ring, flags);

	switch (end) {
	case IS_KILLED:
		pause();
		break;
	case EXITS:
		_exit(0);
	case EXECS:
		execv(self->quick, argv);
		break;
	case CLOSES:
		io_uring_queue_exit(&ring);
		if (wait_state(task, 'S') || write(self->gate[1], "x", 1) != 1)
			_exit(2);
		_exit(wait_exit(task));
	}
	_exit(3);
}

/*
 * It ends with the submitter. As it has the ring open, it goes on when the submitter closes that,
 * and when the program ends all is gone.
 */
TEST_F(inherited, chain_ends_with_its_submitter_but_not_when_that_closes_the_ring)
{
	pid_t pid = fork(), task;

	if (!pid)
		end_submitter(self, variant->end, variant->ring_flags);
	ASSERT_EQ(sizeof(task), read(self->told[0], &task, sizeof(task)));
	if (variant->end == IS_KILLED)
		ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(variant->end == IS_KILLED ? 128 + SIGKILL : 0, wait_exit(pid));
	EXPECT_EQ(0, wait_gone(task));
}

/* ---- Messages to a ring whose submitter execs ---------------------------------------------- */

/* Waits for the exec, that closes @exec, and then has the last descriptor of @ring. */
static void send_behind_exec(struct io_uring *ring, int exec, int told)
{
	struct io_uring own;
	struct io_uring_cqe *cqe;
	char byte;
	int res;

	if (read(exec, &byte, 1) || io_uring_queue_init(4, &own, 0))
		_exit(1);
	io_uring_prep_msg_ring(io_uring_get_sqe(&own), ring->ring_fd, 7, 0, 0);
	if (io_uring_submit(&own) != 1 || io_uring_wait_cqe(&own, &cqe))
		_exit(2);
	res = cqe->res;
	io_uring_queue_exit(ring);
	usleep(QUIET_MS * 1000);	/* for what frees the ring */
	_exit(write(told, &res, sizeof(res)) != sizeof(res));
}

static void exec_with_a_ring(int told)
{
	struct io_uring ring;
	int exec[2];

	if (ring_init(&ring, RING_DEFER) || pipe2(exec, O_CLOEXEC))
		_exit(1);
	if (!fork()) {
		close(exec[1]);
		send_behind_exec(&ring, exec[0], told);
	}
	execl("/bin/sleep", "sleep", "100", NULL);
	_exit(2);
}

/* No chain is needed for it, but one makes it easy: it has copies of the submitter's descriptors. */
TEST(message_to_a_ring_whose_submitter_execs_is_freed_with_the_ring)
{
	int told[2], res = -EIO;
	pid_t pid;

	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, pipe2(told, O_CLOEXEC));
	pid = fork();
	if (!pid)
		exec_with_a_ring(told[1]);
	close(told[1]);
	EXPECT_EQ(sizeof(res), read(told[0], &res, sizeof(res)));
	EXPECT_EQ(0, res);
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_exit(pid));
	EXPECT_LT(0, wait(NULL));
	EXPECT_TRUE(no_child_left());
}

TEST_MAIN
