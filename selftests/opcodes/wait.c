// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Operations that wait, and those that end a wait. */
#include <linux/futex.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>
#include "opcodes.h"

static __u32 words[2];
static siginfo_t info;

static bool ok_cancelled(const int *res)
{
	return res[0] == -ECANCELED && res[1] == 0;
}

static void add_poll(struct chain *c)
{
	io_uring_prep_poll_add(chain_add(c), scratch.full[0], POLLIN);
	op_placed(c);
}

static bool ok_poll(const int *res)
{
	return res[0] == POLLIN;
}

static void add_poll_waits(struct chain *c)
{
	io_uring_prep_poll_add(chain_add(c), scratch.empty[0], POLLIN);
	op_placed(c);
	op_add(c, IORING_OP_WRITE, scratch.empty[1], TEXT, 1, -1);
}

static void add_poll_remove(struct chain *c)
{
	io_uring_prep_poll_add(chain_add(c), scratch.empty[0], POLLIN);
	op_placed(c);
	io_uring_prep_poll_remove(chain_add(c), 0);
	op_placed(c);
}

/* It waits for what will not come, then for what is there. */
static void add_poll_update(struct chain *c)
{
	io_uring_prep_poll_add(chain_add(c), scratch.empty[1], POLLPRI);
	op_placed(c);
	io_uring_prep_poll_update(chain_add(c), 0, 0, POLLOUT, IORING_POLL_UPDATE_EVENTS);
	op_placed(c);
}

static bool ok_poll_update(const int *res)
{
	return res[0] == POLLOUT && res[1] == 0;
}

static void add_timeout(struct chain *c)
{
	io_uring_prep_timeout(chain_add(c), &scratch.soon, 0, 0);
	op_placed(c);
}

static bool ok_etime(const int *res)
{
	return res[0] == -ETIME;
}

/* Over as soon as one other completes. */
static void add_timeout_count(struct chain *c)
{
	io_uring_prep_timeout(chain_add(c), &scratch.never, 1, 0);
	op_placed(c);
	op_add(c, IORING_OP_NOP, 0, NULL, 0, 0);
}

static bool ok_timeout_count(const int *res)
{
	return res[0] == 0 && res[1] == 0;
}

static void add_timeout_remove(struct chain *c)
{
	io_uring_prep_timeout(chain_add(c), &scratch.never, 0, 0);
	op_placed(c);
	io_uring_prep_timeout_remove(chain_add(c), 0, 0);
	op_placed(c);
}

static void add_timeout_update(struct chain *c)
{
	io_uring_prep_timeout(chain_add(c), &scratch.never, 0, 0);
	op_placed(c);
	io_uring_prep_timeout_update(chain_add(c), &scratch.soon, 0, 0);
	op_placed(c);
}

static bool ok_timeout_update(const int *res)
{
	return res[0] == -ETIME && res[1] == 0;
}

static void add_link_timeout(struct chain *c)
{
	op_add(c, IORING_OP_READ, scratch.empty[0], scratch.buf, 1, -1)->flags = IOSQE_IO_LINK;
	io_uring_prep_link_timeout(chain_add(c), &scratch.soon, 0);
	op_placed(c);
}

static bool ok_link_timeout(const int *res)
{
	return res[0] == -ECANCELED && res[1] == -ETIME;
}

static void add_link_timeout_not_needed(struct chain *c)
{
	op_add(c, IORING_OP_READ, scratch.full[0], scratch.buf, 1, -1)->flags = IOSQE_IO_LINK;
	io_uring_prep_link_timeout(chain_add(c), &scratch.never, 0);
	op_placed(c);
}

static bool ok_link_timeout_not_needed(const int *res)
{
	return res[0] == 1 && res[1] == -ECANCELED;
}

static void add_cancel(struct chain *c)
{
	op_add(c, IORING_OP_READ, scratch.empty[0], scratch.buf, 1, -1);
	io_uring_prep_cancel64(chain_add(c), 0, 0);
	op_placed(c);
}

static void add_cancel_by_fd(struct chain *c)
{
	op_add(c, IORING_OP_READ, scratch.empty[0], scratch.buf, 1, -1);
	io_uring_prep_cancel_fd(chain_add(c), scratch.empty[0], 0);
	op_placed(c);
}

static void add_cancel_all(struct chain *c)
{
	op_add(c, IORING_OP_READ, scratch.empty[0], scratch.buf, 1, -1);
	op_add(c, IORING_OP_POLL_ADD, scratch.empty[0], NULL, 0, 0)->poll32_events = POLLIN;
	io_uring_prep_cancel_fd(chain_add(c), scratch.empty[0], IORING_ASYNC_CANCEL_ALL);
	op_placed(c);
}

static bool ok_cancel_all(const int *res)
{
	return res[0] == -ECANCELED && res[1] == -ECANCELED && res[2] == 2;
}

static void add_cancel_nothing(struct chain *c)
{
	io_uring_prep_cancel64(chain_add(c), 4711, 0);
	op_placed(c);
}

static bool ok_cancel_nothing(const int *res)
{
	return res[0] == -ENOENT;
}

/* One wait that somebody ends, in both orders of the table. */
static void add_futex(struct chain *c)
{
	struct io_uring_sqe *sqe;

	words[0] = 7;
	sqe = op_add(c, OP_FUTEX_WAIT, FUTEX2_U32_PRIVATE, &words[0], 0, 7);
	sqe->addr3 = FUTEX_BITSET_MATCH_ANY;
	sqe = op_add(c, OP_FUTEX_WAKE, FUTEX2_U32_PRIVATE, &words[0], 0, 1);
	sqe->addr3 = FUTEX_BITSET_MATCH_ANY;
}

static bool ok_futex(const int *res)
{
	return res[0] == 0 && res[1] == 1;
}

static void add_futex_changed(struct chain *c)
{
	words[0] = 7;
	op_add(c, OP_FUTEX_WAIT, FUTEX2_U32_PRIVATE, &words[0], 0, 8)->addr3 =
		FUTEX_BITSET_MATCH_ANY;
}

static bool ok_futex_changed(const int *res)
{
	return res[0] == -EAGAIN;
}

static void add_futex_waitv(struct chain *c)
{
	static struct futex_waitv both[2];
	int i;

	for (i = 0; i < 2; i++) {
		words[i] = i;
		both[i] = (struct futex_waitv){ .val = i, .uaddr = U64(&words[i]),
						.flags = FUTEX2_U32_PRIVATE };
	}
	op_add(c, OP_FUTEX_WAITV, 0, both, 2, 0);
	op_add(c, OP_FUTEX_WAKE, FUTEX2_U32_PRIVATE, &words[1], 0, 1)->addr3 =
		FUTEX_BITSET_MATCH_ANY;
}

static bool ok_futex_waitv(const int *res)
{
	return res[0] == 1 && res[1] == 1;
}

/* Neither the test nor, so far, the task of a chain has children. */
static void add_waitid(struct chain *c)
{
	op_add(c, OP_WAITID, 0, NULL, P_ALL, U64(&info))->file_index = WEXITED;
}

static bool ok_waitid(const int *res)
{
	return res[0] == -ECHILD;
}

static struct epoll_event event;

static void add_epoll_ctl(struct chain *c)
{
	event = (struct epoll_event){ .events = EPOLLIN, .data.u32 = 4711 };
	io_uring_prep_epoll_ctl(chain_add(c), scratch.epoll, scratch.full[0], EPOLL_CTL_ADD,
				&event);
	op_placed(c);
}

static bool ok_epoll_ctl(const int *res)
{
	struct epoll_event got = {};

	return res[0] == 0 && epoll_wait(scratch.epoll, &got, 1, 0) == 1 && got.data.u32 == 4711;
}

const struct op wait_ops[] = {
	{ ON_FILE(POLL_ADD), .cases = { CASE(poll), { add_poll_waits, ok_poll } } },
	{ RUNS(POLL_REMOVE), .cases = { { add_poll_remove, ok_cancelled }, CASE(poll_update) } },
	{ RUNS(TIMEOUT), .cases = { { add_timeout, ok_etime }, CASE(timeout_count) } },
	{ RUNS(TIMEOUT_REMOVE), .cases = { { add_timeout_remove, ok_cancelled },
					   CASE(timeout_update) } },
	{ RUNS(LINK_TIMEOUT), .cases = { CASE(link_timeout), CASE(link_timeout_not_needed) } },
	{ RUNS(ASYNC_CANCEL), .cases = { { add_cancel, ok_cancelled },
					 { add_cancel_by_fd, ok_cancelled },
					 CASE(cancel_all), CASE(cancel_nothing) } },
	{ RUNS_612(FUTEX_WAIT), .cases = { CASE(futex), CASE(futex_changed) } },
	{ RUNS_612(FUTEX_WAKE), .cases = { CASE(futex) } },
	{ RUNS_612(FUTEX_WAITV), .cases = { CASE(futex_waitv) } },
	{ RUNS_612(WAITID), .cases = { CASE(waitid) } },
	{ RUNS(EPOLL_CTL), .cases = { CASE(epoll_ctl) } },
	{}
};
