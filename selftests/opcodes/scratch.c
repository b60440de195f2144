// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Files, pipes, sockets for one case; none of it outlives the case. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "opcodes.h"

struct scratch scratch;

static int first_fd;

void must_hold(bool ok, const char *cond, const char *file, int line)
{
	if (ok)
		return;
	fprintf(stderr, "# %s:%d: not %s: %s\n", file, line, cond, strerror(errno));
	exit(1);
}

static void make_files(void)
{
	snprintf(scratch.dir, sizeof(scratch.dir), "/tmp/opcodes-XXXXXX");
	must(mkdtemp(scratch.dir));
	snprintf(scratch.file, sizeof(scratch.file), "%s/file", scratch.dir);
	snprintf(scratch.other, sizeof(scratch.other), "%s/other", scratch.dir);
	must(!write_file(scratch.file, TEXT));
	scratch.fd = open(scratch.file, O_RDWR);
	must(scratch.fd >= 0);
}

static void make_sockets(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	scratch.listener = socket(AF_INET, SOCK_STREAM, 0);
	must(scratch.listener >= 0);
	must(!bind(scratch.listener, (void *)&addr, sizeof(addr)));
	must(!listen(scratch.listener, 8));
	must(!getsockname(scratch.listener, (void *)&addr, &len));
	scratch.client = socket(AF_INET, SOCK_STREAM, 0);
	must(!connect(scratch.client, (void *)&addr, sizeof(addr)));
	scratch.socket = socket(AF_INET, SOCK_STREAM, 0);
	must(scratch.socket >= 0);
	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, scratch.pair));
}

/* One of a ring cannot be registered. */
static void register_all(struct io_uring *submitter)
{
	int fds[NR_REGISTERED - REGISTERED(0)], nr = sizeof(fds) / sizeof(fds[0]), fd;

	for (fd = 0; fd < nr; fd++)
		fds[fd] = fd >= first_fd && fd != scratch.ring.ring_fd &&
			  fcntl(fd, F_GETFD) >= 0 ? fd : -1;
	must(io_uring_register_files_update(submitter, REGISTERED(0), fds, nr) == nr);
}

void prepare(struct io_uring *submitter)
{
	first_fd = dup(0);
	must(first_fd >= 0);
	make_files();
	make_sockets();
	must(!pipe(scratch.full) && !pipe(scratch.empty));
	must(write(scratch.full[1], TEXT, TEXT_LEN) == TEXT_LEN);
	scratch.epoll = epoll_create1(0);
	must(scratch.epoll >= 0);
	must(!ring_init_small(&scratch.ring, 0));
	must(!fcntl(scratch.ring.ring_fd, F_SETFD, 0));
	memset(scratch.buf, 0, sizeof(scratch.buf));
	scratch.iov = (struct iovec){ scratch.buf, TEXT_LEN };
	scratch.soon = (struct __kernel_timespec){ .tv_nsec = 1000000 };
	scratch.never = (struct __kernel_timespec){ .tv_sec = 3600 };
	register_all(submitter);
}

void forget(void)
{
	io_uring_queue_exit(&scratch.ring);
	must(!close_range(first_fd, ~0U, 0));
	unlink(scratch.file);
	if (unlink(scratch.other))
		rmdir(scratch.other);
	must(!rmdir(scratch.dir));
}

/* TEXT, and nothing behind it, can be read at once. */
bool got_text(int fd)
{
	char buf[64] = "";
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && read(fd, buf, sizeof(buf)) == TEXT_LEN && !strcmp(buf, TEXT);
}

struct io_uring_sqe *op_add(struct chain *c, __u8 opcode, int fd, const void *addr, __u32 len,
			    __u64 off)
{
	iou_prep(chain_add(c), opcode, fd, U64(addr), len, off);
	return op_placed(c);
}

struct io_uring_sqe *op_placed(struct chain *c)
{
	struct io_uring_sqe *sqe = &c->sqe[c->nr - 1];

	sqe->user_data = c->nr - 1;
	return sqe;
}
