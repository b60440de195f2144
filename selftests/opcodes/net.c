// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Operations on sockets. */
#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "opcodes.h"

static struct sockaddr_in loopback;
static socklen_t address_len;
static struct msghdr msg;
static struct iovec iov;

static bool ok_fd(const int *res)
{
	return res[0] > 2;
}

static bool ok_enxio(const int *res)
{
	return res[0] == -ENXIO;
}

static void add_socket(struct chain *c)
{
	io_uring_prep_socket(chain_add(c), AF_UNIX, SOCK_STREAM, 0, 0);
	op_placed(c);
}

/* As on a ring without a table of direct descriptors. */
static void add_socket_direct(struct chain *c)
{
	io_uring_prep_socket_direct(chain_add(c), AF_UNIX, SOCK_STREAM, 0, 0, 0);
	op_placed(c);
}

static void to_loopback(void)
{
	loopback = (struct sockaddr_in){ .sin_family = AF_INET };
	loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

static void add_bind(struct chain *c)
{
	to_loopback();
	op_add(c, OP_BIND, scratch.socket, &loopback, 0, sizeof(loopback));
}

static bool ok_bind(const int *res)
{
	socklen_t len = sizeof(loopback);

	return res[0] == 0 && !getsockname(scratch.socket, (void *)&loopback, &len) &&
	       loopback.sin_port;
}

static void add_listen(struct chain *c)
{
	op_add(c, OP_LISTEN, scratch.socket, NULL, 4, 0);
}

static bool ok_listen(const int *res)
{
	int on = 0;
	socklen_t len = sizeof(on);

	return res[0] == 0 && !getsockopt(scratch.socket, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) &&
	       on;
}

static void add_connect(struct chain *c)
{
	address_len = sizeof(loopback);
	must(!getsockname(scratch.listener, (void *)&loopback, &address_len));
	io_uring_prep_connect(chain_add(c), scratch.socket, (void *)&loopback, sizeof(loopback));
	op_placed(c);
}

static bool ok_connect(const int *res)
{
	socklen_t len = sizeof(loopback);

	return res[0] == 0 && !getpeername(scratch.socket, (void *)&loopback, &len);
}

/* Nobody listens there. */
static void add_connect_refused(struct chain *c)
{
	to_loopback();
	loopback.sin_port = htons(1);
	io_uring_prep_connect(chain_add(c), scratch.socket, (void *)&loopback, sizeof(loopback));
	op_placed(c);
}

static bool ok_connect_refused(const int *res)
{
	return res[0] == -ECONNREFUSED;
}

static void add_accept(struct chain *c)
{
	address_len = sizeof(loopback);
	io_uring_prep_accept(chain_add(c), scratch.listener, (void *)&loopback, &address_len, 0);
	op_placed(c);
}

static bool ok_accept(const int *res)
{
	return ok_fd(res) && loopback.sin_addr.s_addr == htonl(INADDR_LOOPBACK);
}

static void add_accept_direct(struct chain *c)
{
	io_uring_prep_accept_direct(chain_add(c), scratch.listener, NULL, NULL, 0, 0);
	op_placed(c);
}

static void add_shutdown(struct chain *c)
{
	io_uring_prep_shutdown(chain_add(c), scratch.pair[0], SHUT_WR);
	op_placed(c);
}

static bool ok_shutdown(const int *res)
{
	return res[0] == 0 && read(scratch.pair[1], scratch.buf, 1) == 0;
}

static void add_send(struct chain *c)
{
	io_uring_prep_send(chain_add(c), scratch.pair[0], TEXT, TEXT_LEN, 0);
	op_placed(c);
}

static bool ok_sent(const int *res)
{
	return res[0] == TEXT_LEN && got_text(scratch.pair[1]);
}

static void add_recv(struct chain *c)
{
	must(write(scratch.pair[0], TEXT, TEXT_LEN) == TEXT_LEN);
	io_uring_prep_recv(chain_add(c), scratch.pair[1], scratch.buf, sizeof(scratch.buf), 0);
	op_placed(c);
}

static void add_recv_waits(struct chain *c)
{
	io_uring_prep_recv(chain_add(c), scratch.pair[1], scratch.buf, TEXT_LEN, MSG_WAITALL);
	op_placed(c);
	op_add(c, IORING_OP_SEND, scratch.pair[0], TEXT, 2, 0);
	op_add(c, IORING_OP_SEND, scratch.pair[0], &TEXT[2], TEXT_LEN - 2, 0);
	c->sqe[1].flags = IOSQE_IO_LINK;
}

static bool ok_received(const int *res)
{
	return res[0] == TEXT_LEN && !strcmp(scratch.buf, TEXT);
}

static void one_message(void *text)
{
	iov = (struct iovec){ text, TEXT_LEN };
	msg = (struct msghdr){ .msg_iov = &iov, .msg_iovlen = 1 };
}

static void add_sendmsg(struct chain *c)
{
	one_message(TEXT);
	io_uring_prep_sendmsg(chain_add(c), scratch.pair[0], &msg, 0);
	op_placed(c);
}

static void add_recvmsg(struct chain *c)
{
	one_message(scratch.buf);
	must(write(scratch.pair[0], TEXT, TEXT_LEN) == TEXT_LEN);
	io_uring_prep_recvmsg(chain_add(c), scratch.pair[1], &msg, 0);
	op_placed(c);
}

static void add_send_zc(struct chain *c)
{
	io_uring_prep_send_zc(chain_add(c), scratch.client, TEXT, TEXT_LEN, 0, 0);
	op_placed(c);
}

static void add_sendmsg_zc(struct chain *c)
{
	one_message(TEXT);
	io_uring_prep_sendmsg_zc(chain_add(c), scratch.client, &msg, 0);
	op_placed(c);
}

const struct op net_ops[] = {
	{ RUNS(SOCKET), .cases = { { add_socket, ok_fd }, IN_CHAIN(socket_direct, ok_enxio) } },
	{ ON_FILE_612(BIND), .cases = { CASE(bind) } },
	{ ON_FILE_612(LISTEN), .cases = { CASE(listen) } },
	{ ON_FILE(CONNECT), .cases = { CASE(connect), CASE(connect_refused) } },
	{ ON_FILE(ACCEPT), .cases = { CASE(accept), IN_CHAIN(accept_direct, ok_enxio) } },
	{ ON_FILE(SHUTDOWN), .cases = { CASE(shutdown) } },
	{ ON_FILE(SEND), .cases = { { add_send, ok_sent } } },
	{ ON_FILE(RECV), .cases = { { add_recv, ok_received }, { add_recv_waits, ok_received } } },
	{ ON_FILE(SENDMSG), .cases = { { add_sendmsg, ok_sent } } },
	{ ON_FILE(RECVMSG), .cases = { { add_recvmsg, ok_received } } },
	{ REFUSED(SEND_ZC, add_send_zc) },
	{ REFUSED(SENDMSG_ZC, add_sendmsg_zc) },
	{}
};
