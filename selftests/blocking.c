// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Operations that wait for somebody: every one of them makes the task wait, and nothing else; ends
 * when it is woken, then the chain goes on; ends at once by SIGKILL, by a cancelled CLONE, by a
 * closed ring. With IOSQE_ASYNC, which sends it the way of what cannot be polled, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include "lib/fixture.h"

RING_FIXTURE_2(blocking)

#define PROMPT_MS	5000	/* on the debug kernel, emulated, beside other guests */

/* What they wait for. One of each per case; descriptors are closed by number. */
static int first_fd, empty[2], full[2], pair[2], full_pair[2], listener, backlog, client;
static char dir[32], fifo[64], buf[64];
static __u32 word;
static struct sockaddr_storage address;
static socklen_t address_len;

static bool fill(int fd)
{
	static const char zeroes[4096];
	int flags = fcntl(fd, F_GETFL);

	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK))
		return false;
	while (write(fd, zeroes, sizeof(zeroes)) > 0)
		;
	return errno == EAGAIN && !fcntl(fd, F_SETFL, flags);
}

static void drain(int fd)
{
	static char sink[1 << 16];
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (poll(&p, 1, 0) == 1 && read(fd, sink, sizeof(sink)) > 0)
		;
}

/* Whoever connects to it has to wait: its backlog is full with one. */
static int busy_listener(int family)
{
	int fd = socket(family, SOCK_STREAM, 0), first = socket(family, SOCK_STREAM, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	memset(&address, 0, sizeof(address));
	address.ss_family = family;
	address_len = family == AF_UNIX ? sizeof(sa_family_t) : sizeof(struct sockaddr_in);
	if (bind(fd, (void *)&address, address_len) || listen(fd, 0))
		return -1;
	address_len = sizeof(address);
	if (getsockname(fd, (void *)&address, &address_len) ||
	    connect(first, (void *)&address, address_len))
		return -1;
	/* connect(2) may have returned before the softirq that puts it into the backlog has run */
	return poll(&p, 1, WAIT_MS) == 1 ? fd : -1;
}

static bool prepare(void)
{
	first_fd = dup(0);
	snprintf(dir, sizeof(dir), "/tmp/blocking-XXXXXX");
	if (pipe(empty) || pipe(full) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, full_pair) || !mkdtemp(dir))
		return false;
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	client = socket(AF_INET, SOCK_STREAM, 0);
	return !mkfifo(fifo, 0600) && !listen(listener, 8) && fill(full[1]) && fill(full_pair[0]);
}

static void forget(void)
{
	unlink(fifo);
	rmdir(dir);
	close_range(first_fd, ~0U, 0);
}

static void add_read(struct chain *c)
{
	chain_read(c, empty[0], buf, 1);
}

static void write_one(void)
{
	while (write(empty[1], "x", 1) != 1)
		;
}

static const struct iovec iov = { buf, 1 };
static struct msghdr msg = { .msg_iov = (struct iovec *)&iov, .msg_iovlen = 1 };

static void add_readv(struct chain *c)
{
	iou_prep(chain_add(c), IORING_OP_READV, empty[0], U64(&iov), 1, -1);
}

static void add_write(struct chain *c)
{
	chain_write(c, full[1], buf, 1);
}

static void add_writev(struct chain *c)
{
	iou_prep(chain_add(c), IORING_OP_WRITEV, full[1], U64(&iov), 1, -1);
}

static void empty_pipe(void)
{
	drain(full[0]);
}

static void add_recv(struct chain *c)
{
	io_uring_prep_recv(chain_add(c), pair[0], buf, 1, 0);
}

static void add_recvmsg(struct chain *c)
{
	io_uring_prep_recvmsg(chain_add(c), pair[0], &msg, 0);
}

static void send_one(void)
{
	send(pair[1], "x", 1, 0);
}

static void add_send(struct chain *c)
{
	io_uring_prep_send(chain_add(c), full_pair[0], buf, 1, 0);
}

static void add_sendmsg(struct chain *c)
{
	io_uring_prep_sendmsg(chain_add(c), full_pair[0], &msg, 0);
}

static void empty_socket(void)
{
	drain(full_pair[1]);
}

static void add_poll(struct chain *c)
{
	io_uring_prep_poll_add(chain_add(c), empty[0], POLLIN);
}

static void add_accept(struct chain *c)
{
	io_uring_prep_accept(chain_add(c), listener, NULL, NULL, 0);
}

static void connect_to_listener(void)
{
	address_len = sizeof(address);
	if (getsockname(listener, (void *)&address, &address_len) ||
	    connect(client, (void *)&address, address_len))
		perror("# connect");
}

static void add_connect_tcp(struct chain *c)
{
	backlog = busy_listener(AF_INET);
	io_uring_prep_connect(chain_add(c), client, (void *)&address, address_len);
}

static void add_connect_unix(struct chain *c)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	backlog = busy_listener(AF_UNIX);
	io_uring_prep_connect(chain_add(c), fd, (void *)&address, address_len);
}

static void accept_the_first(void)
{
	if (accept(backlog, NULL, NULL) < 0)
		perror("# accept");
}

static void add_splice(struct chain *c)
{
	io_uring_prep_splice(chain_add(c), empty[0], -1, pair[0], -1, 1, 0);
}

static void add_tee(struct chain *c)
{
	static int to[2];

	if (pipe(to))
		perror("# pipe");
	io_uring_prep_tee(chain_add(c), empty[0], to[1], 1, 0);
}

/* Without O_CREAT io_uring tries with O_NONBLOCK, and that succeeds. */
static void add_openat(struct chain *c)
{
	io_uring_prep_openat(chain_add(c), AT_FDCWD, fifo, O_RDONLY | O_CREAT, 0600);
}

static void add_openat2(struct chain *c)
{
	static struct open_how how = { .flags = O_RDONLY | O_CREAT, .mode = 0600 };

	io_uring_prep_openat2(chain_add(c), AT_FDCWD, fifo, &how);
}

static void open_for_writing(void)
{
	while (open(fifo, O_WRONLY | O_NONBLOCK) < 0)
		;
}

static void add_timeout(struct chain *c)
{
	static struct __kernel_timespec never = { .tv_sec = 3600 };

	io_uring_prep_timeout(chain_add(c), &never, 0, 0);
}

static void add_futex_wait(struct chain *c)
{
	struct io_uring_sqe *sqe = chain_add(c);

	iou_prep(sqe, OP_FUTEX_WAIT, FUTEX2_U32_PRIVATE, U64(&word), 0, 0);
	sqe->addr3 = FUTEX_BITSET_MATCH_ANY;
}

static void add_futex_waitv(struct chain *c)
{
	static struct futex_waitv one;

	one = (struct futex_waitv){ .uaddr = U64(&word), .flags = FUTEX2_U32_PRIVATE };
	iou_prep(chain_add(c), OP_FUTEX_WAITV, 0, U64(&one), 1, 0);
}

static void wake_futex(void)
{
	while (syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1) != 1)
		;
}

#define ANY_FD	-1

static const struct blocker {
	const char	*name;
	void		(*add)(struct chain *c);
	void		(*wake)(void);		/* NULL: nobody can */
	int		res;			/* if it is woken */
} blockers[] = {
	{ "read",		add_read,		write_one,		1 },
	{ "readv",		add_readv,		write_one,		1 },
	{ "write",		add_write,		empty_pipe,		1 },
	{ "writev",		add_writev,		empty_pipe,		1 },
	{ "recv",		add_recv,		send_one,		1 },
	{ "recvmsg",		add_recvmsg,		send_one,		1 },
	{ "send",		add_send,		empty_socket,		1 },
	{ "sendmsg",		add_sendmsg,		empty_socket,		1 },
	{ "poll",		add_poll,		write_one,		POLLIN },
	{ "accept",		add_accept,		connect_to_listener,	ANY_FD },
	{ "connect to tcp",	add_connect_tcp,	accept_the_first,	0 },
	{ "connect to unix",	add_connect_unix,	accept_the_first,	0 },
	{ "splice",		add_splice,		write_one,		1 },
	{ "tee",		add_tee,		write_one,		1 },
	{ "openat of a fifo",	add_openat,		open_for_writing,	ANY_FD },
	{ "openat2 of a fifo",	add_openat2,		open_for_writing,	ANY_FD },
	{ "timeout",		add_timeout,		NULL,			0 },
	{ "futex_wait",		add_futex_wait,		wake_futex,		0 },
	{ "futex_waitv",	add_futex_waitv,	wake_futex,		0 },
};

/*
 * A task that sits in this one; 0 if there is none. Its CLONE is made with FINAL, it says pid and
 * outcome.
 */
static pid_t block(struct io_uring *ring, const struct blocker *b, struct chain *c, bool async)
{
	struct io_uring_cqe cqe = {};
	pid_t pid;

	if (!prepare())
		return 0;
	chain_init(c, true, IORING_CLONE_FINAL);
	b->add(c);
	c->sqe[0].user_data = 0;
	c->sqe[0].flags = IOSQE_IO_HARDLINK | (async ? IOSQE_ASYNC : 0);
	chain_nop(c, 6);
	if (chain_submit(ring, c) || next_cqe(ring, &cqe) || cqe.user_data != UD_CLONE)
		return 0;
	pid = cqe.res;
	if (pid <= 0 || !no_more_cqes(ring) || wait_state(pid, 'S'))
		return 0;
	return nr_threads(pid) == 1 ? pid : 0;
}

/* The next two CQEs say that the chain was cut short; the third is the outcome. */
static bool cut_short(struct io_uring *ring, int outcome)
{
	struct io_uring_cqe cqe[3] = {};
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (next_cqe(ring, &cqe[i]))
			return false;
	if (cqe[0].user_data == 0 && (cqe[0].res == -EINTR || cqe[0].res == -ECANCELED) &&
	    cqe[1].user_data == 1 && cqe[1].res == -ECANCELED &&
	    cqe[2].user_data == UD_CLONE && cqe[2].res == outcome &&
	    IORING_CQE_STEP(&cqe[2]) == STEP_NONE)
		return true;
	for (i = 0; i < 3; i++)
		fprintf(stderr, "# user_data %#llx: %d %#x\n", cqe[i].user_data, cqe[i].res,
			cqe[i].flags);
	return false;
}

#define FOR_EACH_BLOCKER(b, async)						\
	for (b = blockers; b < blockers + ARRAY_SIZE(blockers); b++)		\
		for (async = 0; async < 2; async++)

#define ASSERT_BLOCKED(ring, b, c, async) ({					\
	pid_t __pid = block(ring, b, c, async);					\
	ASSERT_LT(0, __pid) {							\
		TH_LOG("%s%s does not wait", b->name, async ? ", async" : "");	\
	}									\
	__pid;									\
})

TEST_F(blocking, each_goes_on_when_woken)
{
	struct io_uring_cqe cqe;
	const struct blocker *b;
	struct chain c;
	pid_t pid;
	int async;

	FOR_EACH_BLOCKER(b, async) {
		if (!b->wake)
			continue;
		pid = ASSERT_BLOCKED(&self->ring, b, &c, async);
		b->wake();
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe)) {
			TH_LOG("%s%s is not woken", b->name, async ? ", async" : "");
		}
		EXPECT_EQ(0, cqe.user_data);
		EXPECT_TRUE(b->res == ANY_FD ? cqe.res > 2 : cqe.res == b->res) {
			TH_LOG("%s%s: %d", b->name, async ? ", async" : "", cqe.res);
		}
		ASSERT_CQE(&self->ring, 1, 6);
		ASSERT_CQE(&self->ring, UD_CLONE, 0);
		EXPECT_EQ(0, wait_gone(pid));
		forget();
	}
}

TEST_F(blocking, program_runs_behind_each_that_is_woken)
{
	char path[256], *argv[] = { "quick", NULL };
	struct io_uring_cqe cqe;
	const struct blocker *b;
	struct chain c;
	int async;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	FOR_EACH_BLOCKER(b, async) {
		if (!b->wake)
			continue;
		ASSERT_TRUE(prepare());
		chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
		b->add(&c);
		c.sqe[0].flags = async ? IOSQE_ASYNC : 0;
		chain_exec(&c, path, argv);
		chain_link(&c, IOSQE_IO_LINK);
		ASSERT_EQ(0, chain_submit(&self->ring, &c));
		EXPECT_TRUE(no_more_cqes(&self->ring));
		b->wake();
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		ASSERT_LT(0, cqe.res) {
			TH_LOG("%s%s", b->name, async ? ", async" : "");
		}
		EXPECT_EQ(0, wait_exit(cqe.res));
		forget();
	}
}

TEST_F(blocking, each_ends_by_sigkill_at_once)
{
	const struct blocker *b;
	unsigned long start;
	struct chain c;
	pid_t pid;
	int async;

	FOR_EACH_BLOCKER(b, async) {
		pid = ASSERT_BLOCKED(&self->ring, b, &c, async);
		start = now_ms();
		ASSERT_EQ(0, kill(pid, SIGKILL));
		EXPECT_TRUE(cut_short(&self->ring, -EINTR)) {
			TH_LOG("%s%s", b->name, async ? ", async" : "");
		}
		EXPECT_EQ(0, wait_gone(pid));
		EXPECT_GT(PROMPT_MS, now_ms() - start) {
			TH_LOG("%s%s", b->name, async ? ", async" : "");
		}
		forget();
	}
	EXPECT_TRUE(no_child_left());
}

TEST_F(blocking, each_ends_with_its_clone_cancelled)
{
	const struct blocker *b;
	struct io_uring_sqe *sqe;
	unsigned long start;
	struct chain c;
	pid_t pid;
	int async;

	FOR_EACH_BLOCKER(b, async) {
		pid = ASSERT_BLOCKED(&self->ring, b, &c, async);
		start = now_ms();
		sqe = get_sqe(&self->ring);
		io_uring_prep_cancel64(sqe, UD_CLONE, 0);
		sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
		ASSERT_EQ(0, submit_all(&self->ring));
		EXPECT_TRUE(cut_short(&self->ring, -ECANCELED)) {
			TH_LOG("%s%s", b->name, async ? ", async" : "");
		}
		EXPECT_EQ(0, wait_gone(pid));
		EXPECT_GT(PROMPT_MS, now_ms() - start);
		forget();
	}
}

TEST_F(blocking, each_ends_when_the_ring_is_closed)
{
	const struct blocker *b;
	struct io_uring ring;
	unsigned long start;
	struct chain c;
	pid_t pid;
	int async;

	FOR_EACH_BLOCKER(b, async) {
		ASSERT_EQ(0, ring_init_small(&ring, variant->ring_flags));
		pid = ASSERT_BLOCKED(&ring, b, &c, async);
		start = now_ms();
		io_uring_queue_exit(&ring);
		EXPECT_EQ(0, wait_gone(pid)) {
			TH_LOG("%s%s", b->name, async ? ", async" : "");
		}
		EXPECT_GT(PROMPT_MS, now_ms() - start);
		forget();
	}
	EXPECT_TRUE(no_child_left());
}

/*
 * WAITID: the only children that the task of a chain can have are those left to it as the init of
 * a PID namespace. Makes one, which lives until something is written to the descriptor returned.
 */
static int leave_orphan(pid_t init)
{
	int hold[2], pidfd = syscall(SYS_pidfd_open, init, 0);
	pid_t pid;
	char byte;

	if (pidfd < 0 || pipe(hold))
		return -1;
	pid = fork();
	if (!pid) {
		/* its children are in there, and the second generation is left to init */
		if (setns(pidfd, CLONE_NEWPID))
			_exit(1);
		pid = fork();
		if (pid)
			_exit(pid < 0 || wait_exit(pid));
		pid = fork();
		if (pid)
			_exit(pid < 0);
		_exit(read(hold[0], &byte, 1) == 1 ? 7 : 8);
	}
	close(pidfd);
	close(hold[0]);
	return wait_exit(pid) ? -1 : hold[1];
}

/* Waits for its orphan, which is there. */
static pid_t wait_for_orphan(struct io_uring *ring, struct chain *c, siginfo_t *info, int *hold)
{
	struct io_uring_cqe cqe = {};
	int gate[2];

	if (pipe(gate))
		return 0;
	chain_init(c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	c->args.flags = CLONE_NEWPID;
	chain_read(c, gate[0], buf, 1);
	iou_prep(chain_add(c), OP_WAITID, 0, 0, P_ALL, U64(info));
	c->sqe[1].file_index = WEXITED;
	chain_link(c, IOSQE_IO_LINK);
	if (chain_submit(ring, c) || next_cqe(ring, &cqe) || cqe.res <= 0)
		return 0;
	*hold = leave_orphan(cqe.res);
	if (*hold < 0 || write(gate[1], "x", 1) != 1 || !no_more_cqes(ring))
		return 0;
	return wait_state(cqe.res, 'S') ? 0 : cqe.res;
}

TEST_F(blocking, waitid_takes_an_orphan_of_its_pid_namespace)
{
	siginfo_t info = {};
	struct chain c;
	int hold = -1;

	ASSERT_LT(0, wait_for_orphan(&self->ring, &c, &info, &hold));
	ASSERT_EQ(1, write(hold, "x", 1));
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	EXPECT_EQ(CLD_EXITED, info.si_code);
	EXPECT_EQ(7, info.si_status);
	EXPECT_EQ(3, info.si_pid);
	EXPECT_TRUE(no_child_left());
}

TEST_F(blocking, waitid_ends_by_sigkill_at_once)
{
	siginfo_t info = {};
	unsigned long start;
	struct chain c;
	int hold = -1;
	pid_t pid;

	pid = wait_for_orphan(&self->ring, &c, &info, &hold);
	ASSERT_LT(0, pid);
	start = now_ms();
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_CQE(&self->ring, UD_CLONE, -EINTR);
	EXPECT_EQ(0, wait_gone(pid));
	EXPECT_GT(PROMPT_MS, now_ms() - start);
	EXPECT_TRUE(no_child_left());
}

TEST_MAIN
