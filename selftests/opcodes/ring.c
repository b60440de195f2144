// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Operations on rings, and on what is registered with one. */
#include <linux/sockios.h>
#include <sys/socket.h>
#include <unistd.h>
#include "opcodes.h"

static void add_nop(struct chain *c)
{
	chain_nop(c, 7);
}

static bool ok_nop(const int *res)
{
	return res[0] == 7;
}

static void add_msg_ring(struct chain *c)
{
	io_uring_prep_msg_ring(chain_add(c), scratch.ring.ring_fd, 77, 4711, 0);
	op_placed(c);
}

static bool ok_msg_ring(const int *res)
{
	struct io_uring_cqe cqe = {};

	return res[0] == 0 && !next_cqe(&scratch.ring, &cqe) && cqe.user_data == 4711 &&
	       cqe.res == 77;
}

/* Sends a direct descriptor of its own ring: a chain's has none. */
static void add_msg_ring_fd(struct chain *c)
{
	op_add(c, IORING_OP_MSG_RING, scratch.ring.ring_fd, (void *)IORING_MSG_SEND_FD, 0, 0);
	c->sqe[0].file_index = 1;
}

static void add_read_fixed(struct chain *c)
{
	op_add(c, IORING_OP_READ_FIXED, scratch.full[0], scratch.buf, TEXT_LEN, -1);
}

static void add_write_fixed(struct chain *c)
{
	op_add(c, IORING_OP_WRITE_FIXED, scratch.empty[1], scratch.buf, TEXT_LEN, -1);
}

static void add_files_update(struct chain *c)
{
	op_add(c, IORING_OP_FILES_UPDATE, 0, &scratch.fd, 1, 0);
}

static void add_provide_buffers(struct chain *c)
{
	io_uring_prep_provide_buffers(chain_add(c), scratch.buf, sizeof(scratch.buf), 1, 0, 0);
	op_placed(c);
}

static void add_remove_buffers(struct chain *c)
{
	io_uring_prep_remove_buffers(chain_add(c), 1, 0);
	op_placed(c);
}

#define URING_OP_SIOCINQ	0	/* of a socket */

static void add_uring_cmd(struct chain *c)
{
	op_add(c, IORING_OP_URING_CMD, scratch.client, NULL, 0, URING_OP_SIOCINQ);
}

static void add_read_multishot(struct chain *c)
{
	op_add(c, OP_READ_MULTISHOT, scratch.full[0], NULL, 0, -1)->flags = IOSQE_BUFFER_SELECT;
}

static void add_fixed_fd_install(struct chain *c)
{
	op_add(c, OP_FIXED_FD_INSTALL, REGISTERED(scratch.fd), NULL, 0, 0)->flags =
		IOSQE_FIXED_FILE;
}

static bool ok_fixed_fd_install(const int *res)
{
	return res[0] > 2;
}

static void add_fixed_fd_install_nothing(struct chain *c)
{
	op_add(c, OP_FIXED_FD_INSTALL, 0, NULL, 0, 0)->flags = IOSQE_FIXED_FILE;
}

static bool ok_ebadf(const int *res)
{
	return res[0] == -EBADF;
}

/* It installs what is registered, nothing else. */
static void add_fixed_fd_install_fd(struct chain *c)
{
	op_add(c, OP_FIXED_FD_INSTALL, scratch.fd, NULL, 0, 0);
}

const struct op ring_ops[] = {
	{ RUNS(NOP), .cases = { CASE(nop) } },
	{ RUNS(MSG_RING), .cases = { CASE(msg_ring), { add_msg_ring_fd, ok_ebadf } } },
	{ RUNS_612(FIXED_FD_INSTALL), .cases = { CASE(fixed_fd_install),
						 { add_fixed_fd_install_nothing, ok_ebadf },
						 { add_fixed_fd_install_fd, ok_ebadf } } },
	{ REFUSED(READ_FIXED, add_read_fixed) },
	{ REFUSED(WRITE_FIXED, add_write_fixed) },
	{ REFUSED(FILES_UPDATE, add_files_update) },
	{ REFUSED(PROVIDE_BUFFERS, add_provide_buffers) },
	{ REFUSED(REMOVE_BUFFERS, add_remove_buffers) },
	{ REFUSED(URING_CMD, add_uring_cmd) },
	{ REFUSED_612(READ_MULTISHOT, add_read_multishot) },
	{}
};
