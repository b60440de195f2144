// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy wait_ready: pipes, sockets on which somebody accepts late or never, processes. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "lib/library.h"
#include "testing/wait_ready.h"
#include "testing/wait_ready.skel.h"

LIBRARY_FIXTURE(wait_ready)

#define MS		1000000ULL
#define CODE		40

static struct wait_ready_arg region;
static struct coded program;

/* One CQE, the outcome. */
static int prepare(struct chain *c, __u32 kind, int fd)
{
	static int null = -1;
	int err;

	if (null < 0)
		null = open("/dev/null", O_WRONLY);
	err = coded_init(&program, null, CODE);
	memset(&region, 0, sizeof(region));
	region.want.kind = kind;
	region.want.fd = fd;
	region.want.events = POLLIN;
	policy_chain(c, &region, sizeof(region));
	chain_exec(c, program.path, program.argv);
	c->clone.rw_flags = IORING_CLONE_DEFER | IORING_CLONE_QUIET;
	return err;
}

#define ASSERT_RUNS() do {						\
	struct io_uring_cqe __cqe;					\
	ASSERT_EQ(0, next_cqe(&self->ring, &__cqe));			\
	ASSERT_LT(0, __cqe.res);					\
	EXPECT_EQ(CODE, wait_exit(__cqe.res));				\
} while (0)

#define ASSERT_READY() do {						\
	ASSERT_RUNS();							\
	EXPECT_EQ(1, region.report.ready);				\
	EXPECT_EQ(0, region.report.error);				\
} while (0)

/* ---- Descriptors -------------------------------------------------------------------------- */

TEST_F(wait_ready, pipe_that_is_written_to_later)
{
	struct chain c;
	int fds[2];

	LIBRARY_ATTACH(wait_ready);
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	ASSERT_EQ(0, prepare(&c, WAIT_READY_POLL, fds[0]));
	region.want.timeout_ns = 20000 * MS;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_EQ(1, write(fds[1], "\n", 1));
	ASSERT_READY();
	EXPECT_EQ(1, region.report.attempts);
	EXPECT_EQ(POLLIN, region.report.last);
	EXPECT_NE(0, region.report.waited_ns);
}

TEST_F(wait_ready, ready_at_once)
{
	struct chain c;
	int fds[2];

	LIBRARY_ATTACH(wait_ready);
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	ASSERT_EQ(0, prepare(&c, WAIT_READY_POLL, fds[1]));
	region.want.events = POLLOUT;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_READY();
}

TEST_F(wait_ready, never_ready_etimedout)
{
	struct chain c;
	int fds[2];

	LIBRARY_ATTACH(wait_ready);
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	ASSERT_EQ(0, prepare(&c, WAIT_READY_POLL, fds[0]));
	region.want.timeout_ns = 50 * MS;
	ASSERT_OUTCOME(&self->ring, &c, -ETIMEDOUT, 0);
	EXPECT_EQ(-ETIMEDOUT, region.report.error);
	EXPECT_EQ(0, region.report.ready);
	EXPECT_LE(50 * MS, region.report.waited_ns);
	EXPECT_TRUE(no_child_left());
}

TEST_F(wait_ready, other_side_goes_away_epipe)
{
	struct chain c;
	int fds[2];

	LIBRARY_ATTACH(wait_ready);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	ASSERT_EQ(0, prepare(&c, WAIT_READY_POLL, fds[0]));
	region.want.events = POLLPRI;
	/* fds[] has no other: the task must not hold the other side itself */
	c.clone.rw_flags |= IORING_CLONE_NO_FILES;
	c.args.fds = U64((&(struct io_uring_clone_fd){ .fd = fds[0], .target = fds[0] }));
	c.args.nr_fds = 1;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	close(fds[1]);
	ASSERT_CQE(&self->ring, UD_CLONE, -EPIPE);
	EXPECT_EQ(POLLHUP, region.report.last & POLLHUP);
	EXPECT_EQ(0, region.report.ready);
}

TEST_F(wait_ready, no_descriptor_ebadf)
{
	struct chain c;

	LIBRARY_ATTACH(wait_ready);
	ASSERT_EQ(0, prepare(&c, WAIT_READY_POLL, 999));
	ASSERT_OUTCOME(&self->ring, &c, -EBADF, 0);
	EXPECT_EQ(-EBADF, region.report.last);
}

/* ---- Sockets ------------------------------------------------------------------------------ */

static struct sockaddr_un server = { .sun_family = AF_UNIX, .sun_path = "/tmp/wait_ready" };

static int client(struct chain *c, int family, const void *addr, unsigned int len)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err = prepare(c, WAIT_READY_CONNECT, fd);

	region.want.addr = U64(addr);
	region.want.addr_len = len;
	return fd < 0 ? -errno : err;
}

static int listen_at(int family, const void *addr, unsigned int len)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, addr, len) || listen(fd, 0))
		return -errno;
	return fd;
}

TEST_F(wait_ready, unix_server_that_starts_later)
{
	struct chain c;

	LIBRARY_ATTACH(wait_ready);
	unlink(server.sun_path);
	ASSERT_EQ(0, client(&c, AF_UNIX, &server, sizeof(server)));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	/* the second one may be reported and not made yet, and then it is the one that succeeds */
	ASSERT_BECOMES_TRUE(__atomic_load_n(&region.report.attempts, __ATOMIC_RELAXED) > 2);
	ASSERT_LE(0, listen_at(AF_UNIX, &server, sizeof(server)));
	ASSERT_READY();
	EXPECT_LT(2, region.report.attempts);
	EXPECT_EQ(0, region.report.last);
}

TEST_F(wait_ready, socket_file_without_a_server_is_waited_for)
{
	struct chain c;
	int fd;

	LIBRARY_ATTACH(wait_ready);
	unlink(server.sun_path);
	fd = listen_at(AF_UNIX, &server, sizeof(server));
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, client(&c, AF_UNIX, &server, sizeof(server)));
	region.want.timeout_ns = 1000 * MS;	/* for two attempts, however slow */
	ASSERT_OUTCOME(&self->ring, &c, -ETIMEDOUT, 0);
	EXPECT_EQ(-ECONNREFUSED, region.report.last);
	EXPECT_LT(1, region.report.attempts);
	EXPECT_TRUE(no_child_left());
}

/* Here a socket without O_NONBLOCK would block the task, and the time limit with it. */
TEST_F(wait_ready, full_backlog_does_not_block)
{
	int fd, first = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct chain c;

	LIBRARY_ATTACH(wait_ready);
	unlink(server.sun_path);
	fd = listen_at(AF_UNIX, &server, sizeof(server));
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, connect(first, (void *)&server, sizeof(server)));
	ASSERT_EQ(0, client(&c, AF_UNIX, &server, sizeof(server)));
	region.want.timeout_ns = 60 * MS;
	ASSERT_OUTCOME(&self->ring, &c, -ETIMEDOUT, 0);
	EXPECT_EQ(-EAGAIN, region.report.last);

	ASSERT_EQ(0, client(&c, AF_UNIX, &server, sizeof(server)));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_LE(0, accept(fd, NULL, NULL));
	ASSERT_READY();
}

TEST_F(wait_ready, tcp_server_that_starts_later)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_port = htons(4711),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct chain c;

	LIBRARY_ATTACH(wait_ready);
	ASSERT_EQ(0, client(&c, AF_INET, &addr, sizeof(addr)));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_BECOMES_TRUE(__atomic_load_n(&region.report.attempts, __ATOMIC_RELAXED) > 1);
	EXPECT_EQ(-ECONNREFUSED, region.report.last);
	ASSERT_LE(0, listen_at(AF_INET, &addr, sizeof(addr)));
	ASSERT_READY();
}

TEST_F(wait_ready, what_is_no_socket_enotsock)
{
	struct chain c;

	LIBRARY_ATTACH(wait_ready);
	ASSERT_EQ(0, client(&c, AF_UNIX, &server, sizeof(server)));
	region.want.fd = open("/dev/null", O_RDWR);
	ASSERT_OUTCOME(&self->ring, &c, -ENOTSOCK, 0);
	EXPECT_EQ(1, region.report.attempts);
}

/* ---- Processes ---------------------------------------------------------------------------- */

TEST_F(wait_ready, process_that_ends_later)
{
	struct chain c;
	pid_t pid;

	LIBRARY_ATTACH(wait_ready);
	pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	ASSERT_EQ(0, prepare(&c, WAIT_READY_EXIT, syscall(SYS_pidfd_open, pid, 0)));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	kill(pid, SIGKILL);
	ASSERT_READY();
	EXPECT_EQ(128 + SIGKILL, wait_exit(pid));
}

TEST_F(wait_ready, spawns_in_a_row)
{
	struct chain first, second;
	struct wait_ready_arg gate;
	int fds[2], pidfd = -1;

	LIBRARY_ATTACH(wait_ready);
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	ASSERT_EQ(0, prepare(&first, WAIT_READY_POLL, fds[0]));
	gate = region;
	first.sqe[0].addr = U64(&gate);
	first.args.flags = CLONE_PIDFD;
	first.args.pidfd = U64(&pidfd);
	first.base = 1 << 20;
	ASSERT_EQ(0, chain_submit(&self->ring, &first));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_LE(0, pidfd);

	ASSERT_EQ(0, prepare(&second, WAIT_READY_EXIT, pidfd));
	ASSERT_EQ(0, chain_submit(&self->ring, &second));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_EQ(1, write(fds[1], "\n", 1));
	ASSERT_RUNS();		/* either: both become the same program */
	ASSERT_RUNS();
	EXPECT_EQ(1, gate.report.ready);
	EXPECT_EQ(1, region.report.ready);
}

/* ---- Errors ------------------------------------------------------------------------------- */

TEST_F(wait_ready, errors_are_told_apart)
{
	struct chain c;
	int fds[2];

	LIBRARY_ATTACH(wait_ready);
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	ASSERT_EQ(0, prepare(&c, 3, fds[1]));
	ASSERT_OUTCOME(&self->ring, &c, -EINVAL, 0);

	ASSERT_EQ(0, prepare(&c, WAIT_READY_POLL, fds[1]));
	region.want.events = POLLOUT;
	c.sqe[1].addr = U64("/no/such/program");
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 0);
	EXPECT_EQ(-ENOENT, region.report.error);
	EXPECT_EQ(1, region.report.ready);

	c.nr = 1;
	ASSERT_OUTCOME(&self->ring, &c, -ERANGE, 0);
	c.sqe[0].len = sizeof(region.want) - 1;
	ASSERT_OUTCOME(&self->ring, &c, -ERANGE, 0);
	c.sqe[0].addr = 4096;
	ASSERT_OUTCOME(&self->ring, &c, -EFAULT, 0);
}

TEST_MAIN
