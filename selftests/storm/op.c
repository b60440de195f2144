// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Operations of a chain, drawn: what is quick, what blocks, what is punted, what is refused. */
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "storm.h"

/*
 * The first byte of a static program is mapped in all of them: what writes it leaves its mark even
 * if it is, wrongly, issued in the memory of the new program.
 */
extern const char __ehdr_start[];

struct draw {
	struct dice		*d;
	struct spawn_plan	*s;
	unsigned int		lane, i, k;
	char			*buf;
};

static struct __kernel_timespec soon = { .tv_nsec = 200000 }, later = { .tv_nsec = 2000000 },
				never = { .tv_sec = 100000 };
static char bytes[LANES][4096];
static struct iovec iov[LANES];
static struct epoll_event event = { .events = EPOLLIN };
static const char *const names[] = {
	SCENE_DIR "/a", SCENE_DIR "/b", SCENE_DIR "/c/d", "/nowhere/e",
};

#define FD(which)	LANE_FD(x->lane, which)

static __u64 a_name(struct draw *x)
{
	return U64(names[pick(x->d, 4)]);
}

static __u64 a_user_data(struct draw *x)
{
	return base_of(x->i) + pick(x->d, SQES);
}

static struct __kernel_timespec *a_time(struct draw *x)
{
	struct __kernel_timespec *const times[] = { &soon, &soon, &later, &never };

	return times[pick(x->d, 4)];
}

static void nop(struct draw *x, struct io_uring_sqe *sqe)
{
	iou_prep(sqe, IORING_OP_NOP, -1, 0, one_in(x->d, 4) ? -EIO : 0, 0);
	sqe->rw_flags = NOP_INJECT_RESULT;
}

static void mark(struct draw *x, struct io_uring_sqe *sqe)
{
	iou_prep(sqe, IORING_OP_WRITE, MARKS_FD, U64(__ehdr_start), 1,
		 slot_of(x->lane, x->i, x->k));
}

static void read_pipe(struct draw *x, struct io_uring_sqe *sqe)
{
	iou_prep(sqe, IORING_OP_READ, FD(EMPTY_R), U64(x->buf), 1 + pick(x->d, 8), -1);
}

static void readv_pipe(struct draw *x, struct io_uring_sqe *sqe)
{
	iov[x->lane] = (struct iovec){ x->buf, 4 };
	iou_prep(sqe, IORING_OP_READV, FD(EMPTY_R), U64(&iov[x->lane]), 1, -1);
}

static void write_pipe(struct draw *x, struct io_uring_sqe *sqe)
{
	iou_prep(sqe, IORING_OP_WRITE, FD(one_in(x->d, 2) ? EMPTY_W : OUT_W), U64(x->buf), 3, -1);
}

static void poll_pipe(struct draw *x, struct io_uring_sqe *sqe)
{
	iou_prep(sqe, IORING_OP_POLL_ADD, FD(one_in(x->d, 2) ? EMPTY_R : SOCK_A), 0, 0, 0);
	sqe->poll32_events = POLLIN;
}

static void poll_remove(struct draw *x, struct io_uring_sqe *sqe)
{
	iou_prep(sqe, IORING_OP_POLL_REMOVE, -1, a_user_data(x), 0, 0);
}

static void timeout(struct draw *x, struct io_uring_sqe *sqe)
{
	iou_prep(sqe, IORING_OP_TIMEOUT, -1, U64(a_time(x)), 1,
		 one_in(x->d, 3) ? 1 + pick(x->d, 3) : 0);
}

static void timeout_remove(struct draw *x, struct io_uring_sqe *sqe)
{
	iou_prep(sqe, IORING_OP_TIMEOUT_REMOVE, -1, a_user_data(x), 0, U64(a_time(x)));
	if (one_in(x->d, 3))
		sqe->timeout_flags = IORING_TIMEOUT_UPDATE;
}

static void link_timeout(struct draw *x, struct io_uring_sqe *sqe)
{
	iou_prep(sqe, IORING_OP_LINK_TIMEOUT, -1, U64(a_time(x)), 1, 0);
}

static void cancel(struct draw *x, struct io_uring_sqe *sqe)
{
	static const unsigned int flags[] = { 0, 0, IORING_ASYNC_CANCEL_ALL,
					      IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL };

	iou_prep(sqe, IORING_OP_ASYNC_CANCEL, -1, a_user_data(x), 0, 0);
	sqe->cancel_flags = flags[pick(x->d, 4)];
}

static void futex_wait(struct draw *x, struct io_uring_sqe *sqe)
{
	iou_prep(sqe, OP_FUTEX_WAIT, FUTEX2_U32_PRIVATE, U64(&storm_futex[x->lane][pick(x->d, 4)]),
		 0, 0);
	sqe->addr3 = ~0U;
}

static void futex_wake(struct draw *x, struct io_uring_sqe *sqe)
{
	iou_prep(sqe, STORM_FUTEX_WAKE, FUTEX2_U32_PRIVATE,
		 U64(&storm_futex[x->lane][pick(x->d, 4)]), 0, 2);
	sqe->addr3 = ~0U;
}

static void wait_child(struct draw *x, struct io_uring_sqe *sqe)
{
	iou_prep(sqe, OP_WAITID, 0, 0, P_ALL, 0);
	sqe->file_index = WEXITED;
}

static void open_file(struct draw *x, struct io_uring_sqe *sqe)
{
	io_uring_prep_openat(sqe, AT_FDCWD, (void *)a_name(x),
			     O_RDWR | (one_in(x->d, 2) ? O_CREAT : 0), 0600);
}

static void close_file(struct draw *x, struct io_uring_sqe *sqe)
{
	iou_prep(sqe, IORING_OP_CLOSE, one_in(x->d, 2) ? (int)pick(x->d, 16) :
		 FD(pick(x->d, NR_LANE_FDS)), 0, 0, 0);
}

static void stat_file(struct draw *x, struct io_uring_sqe *sqe)
{
	io_uring_prep_statx(sqe, AT_FDCWD, (void *)a_name(x), 0, STATX_BASIC_STATS,
			    (void *)(x->buf + 1024));
}

static void change_names(struct draw *x, struct io_uring_sqe *sqe)
{
	void *a = (void *)a_name(x), *b = (void *)a_name(x);

	switch (pick(x->d, 6)) {
	case 0:
		io_uring_prep_renameat(sqe, AT_FDCWD, a, AT_FDCWD, b, 0);
		break;
	case 1:
		io_uring_prep_unlinkat(sqe, AT_FDCWD, a, 0);
		break;
	case 2:
		io_uring_prep_unlinkat(sqe, AT_FDCWD, a, AT_REMOVEDIR);
		break;
	case 3:
		io_uring_prep_mkdirat(sqe, AT_FDCWD, a, 0755);
		break;
	case 4:
		io_uring_prep_symlinkat(sqe, a, AT_FDCWD, b);
		break;
	default:
		io_uring_prep_linkat(sqe, AT_FDCWD, a, AT_FDCWD, b, 0);
	}
}

/* Sleeps in the task itself if there is nothing to move. */
static void splice_pipes(struct draw *x, struct io_uring_sqe *sqe)
{
	if (one_in(x->d, 2))
		io_uring_prep_splice(sqe, FD(EMPTY_R), -1, FD(OUT_W), -1, 4, 0);
	else
		io_uring_prep_tee(sqe, FD(EMPTY_R), FD(OUT_W), 4, 0);
}

static void advise(struct draw *x, struct io_uring_sqe *sqe)
{
	if (one_in(x->d, 2))
		io_uring_prep_madvise(sqe, bytes, sizeof(bytes), MADV_WILLNEED);
	else
		io_uring_prep_fadvise(sqe, FD(SCRATCH), 0, 4096, POSIX_FADV_WILLNEED);
}

static void change_scratch(struct draw *x, struct io_uring_sqe *sqe)
{
	switch (pick(x->d, 4)) {
	case 0:
		io_uring_prep_fallocate(sqe, FD(SCRATCH), 0, 0, 4096 * (1 + pick(x->d, 4)));
		break;
	case 1:
		iou_prep(sqe, STORM_FTRUNCATE, FD(SCRATCH), 0, 0, pick(x->d, 9000));
		break;
	case 2:
		io_uring_prep_fsync(sqe, FD(SCRATCH), 0);
		break;
	default:
		iou_prep(sqe, IORING_OP_WRITE, FD(SCRATCH), U64(x->buf), pick(x->d, 4096), 0);
	}
}

static void receive(struct draw *x, struct io_uring_sqe *sqe)
{
	iou_prep(sqe, IORING_OP_RECV, FD(SOCK_A), U64(x->buf), 8, 0);
}

static void send_some(struct draw *x, struct io_uring_sqe *sqe)
{
	iou_prep(sqe, IORING_OP_SEND, FD(SOCK_B), U64(x->buf), 3, 0);
}

static void sockets(struct draw *x, struct io_uring_sqe *sqe)
{
	switch (pick(x->d, 5)) {
	case 0:
		iou_prep(sqe, IORING_OP_SOCKET, AF_UNIX, 0, 0, SOCK_STREAM);
		break;
	case 1:
		iou_prep(sqe, IORING_OP_CONNECT, FD(SOCK_A), U64(&storm_address[x->lane]), 0,
			 sizeof(storm_address[0]));
		break;
	case 2:
		iou_prep(sqe, IORING_OP_SHUTDOWN, FD(SOCK_B), 0, pick(x->d, 3), 0);
		break;
	default:
		iou_prep(sqe, IORING_OP_ACCEPT, FD(LISTENER), 0, 0, 0);
	}
}

static void epoll(struct draw *x, struct io_uring_sqe *sqe)
{
	iou_prep(sqe, IORING_OP_EPOLL_CTL, FD(EPOLL), U64(&event), 1 + pick(x->d, 3),
		 FD(pick(x->d, NR_LANE_FDS)));
}

static void message(struct draw *x, struct io_uring_sqe *sqe)
{
	iou_prep(sqe, IORING_OP_MSG_RING, one_in(x->d, 3) ? RING_FD : FD(OTHER_RING), 0, 7,
		 UD_OTHER);
}

/* Any opcode, most of its fields zero: many are refused, the others find nothing. */
static void anything(struct draw *x, struct io_uring_sqe *sqe)
{
	iou_prep(sqe, pick(x->d, 256), pick(x->d, 16), 0, 0, 0);
	if (one_in(x->d, 8))
		sqe->flags = roll(x->d) & IOSQE_ASYNC;
	if (one_in(x->d, 8))
		sqe->ioprio = roll(x->d);
	/* these would stop the ring's own use of them, or are drawn elsewhere */
	if (sqe->opcode == IORING_OP_EXEC || sqe->opcode == IORING_OP_SPAWN_BPF)
		sqe->opcode = IORING_OP_URING_CMD;
	/* a ring it may hit takes nothing else */
	if (sqe->opcode == IORING_OP_MSG_RING)
		sqe->off = UD_OTHER;
}

static void exec(struct draw *x, struct io_uring_sqe *sqe)
{
	draw_exec(x->d, x->s, x->lane, x->i, x->k);
}

static void attribute(struct draw *x, struct io_uring_sqe *sqe)
{
	draw_attr(x->d, sqe);
}

static void fixed_file(struct draw *x, struct io_uring_sqe *sqe)
{
	if (one_in(x->d, 3))
		iou_prep(sqe, STORM_FIXED_FD_INSTALL, pick(x->d, NR_LANE_FDS + 2), 0, 0, 0);
	else
		iou_prep(sqe, IORING_OP_READ, pick(x->d, NR_LANE_FDS + 2), U64(x->buf), 4, -1);
	sqe->flags = IOSQE_FIXED_FILE;
}

static const struct {
	void		(*fn)(struct draw *x, struct io_uring_sqe *sqe);
	unsigned int	weight;
} ops[] = {
	{ nop, 10 }, { mark, 40 }, { read_pipe, 6 }, { readv_pipe, 2 }, { write_pipe, 6 },
	{ poll_pipe, 4 }, { poll_remove, 2 }, { timeout, 6 }, { timeout_remove, 2 },
	{ link_timeout, 6 }, { cancel, 5 }, { futex_wait, 3 }, { futex_wake, 3 }, { wait_child, 2 },
	{ open_file, 3 }, { close_file, 3 }, { stat_file, 3 }, { change_names, 6 },
	{ splice_pipes, 2 }, { advise, 2 }, { change_scratch, 4 }, { receive, 3 }, { send_some, 3 },
	{ sockets, 4 }, { epoll, 2 }, { message, 3 }, { anything, 6 }, { exec, 8 },
	{ attribute, 10 }, { fixed_file, 4 },
};

void draw_op(struct dice *d, struct plan *p, unsigned int lane, unsigned int i, unsigned int k)
{
	static unsigned char weights[sizeof(ops) / sizeof(ops[0])];
	struct spawn_plan *s = &p->lane[lane].spawn[i];
	struct draw x = { d, s, lane, i, k, bytes[lane] };
	unsigned int n;

	for (n = 0; n < sizeof(weights); n++)
		weights[n] = ops[n].weight;
	ops[draw_weighted(d, weights, sizeof(weights))].fn(&x, &s->chain.sqe[k]);
}
