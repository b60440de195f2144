// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Which descriptors a spawned task has: copies, fds[], or nothing else than fds[]. */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "lib/fixture.h"
#include "targets/report.h"

RING_FIXTURE_2(fds)

#define OUT	60	/* where a program finds what it reports to */

static void give(struct chain *c, struct io_uring_clone_fd *fds, unsigned int nr)
{
	c->args.fds = U64(fds);
	c->args.nr_fds = nr;
}

static void add_report(struct chain *c, char *path)
{
	static char *argv[] = { "report", "60", "0", NULL };

	chain_exec(c, path, argv);
}

#define UD_GATE	0x6a7e

/* CLONE is prepared now and runs when something was written to the descriptor returned. */
static int submit_behind_a_gate(struct io_uring *ring, struct chain *c)
{
	struct io_uring_sqe *sqe;
	static char byte;
	int gate[2];

	if (pipe2(gate, O_CLOEXEC))
		return -1;
	sqe = get_sqe(ring);
	iou_prep(sqe, IORING_OP_READ, gate[0], U64(&byte), 1, -1);
	sqe->user_data = UD_GATE;
	c->clone.flags = IOSQE_IO_DRAIN;
	return chain_submit(ring, c) ? -1 : gate[1];
}

static int nr_bits(unsigned long long set)
{
	return __builtin_popcountll(set);
}

TEST_F(fds, no_files_and_one_given_is_all_there_is)
{
	struct io_uring_clone_fd give_out = { .target = OUT };
	struct report r = {};
	struct chain c;
	char path[256];
	int out[2];

	ASSERT_EQ(0, target(path, sizeof(path), "report"));
	ASSERT_EQ(0, pipe(out));
	give_out.fd = out[1];
	chain_init(&c, true, IORING_CLONE_NO_FILES);
	give(&c, &give_out, 1);
	add_report(&c, path);
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	close(out[1]);
	ASSERT_EQ(sizeof(r), read(out[0], &r, sizeof(r)));
	EXPECT_EQ(1ULL << OUT, r.fds);
}

TEST_F(fds, no_files_in_link_form_is_an_empty_table)
{
	struct chain c;

	chain_init(&c, false, IORING_CLONE_NO_FILES);
	chain_write(&c, 1, "x", 1);
	ASSERT_OUTCOME(&self->ring, &c, -EBADF, 0);
}

TEST_F(fds, no_files_first_open_is_zero)
{
	struct io_uring_cqe cqe;
	struct chain c;

	chain_init(&c, true, IORING_CLONE_NO_FILES);
	io_uring_prep_openat(chain_add(&c), AT_FDCWD, "/", O_RDONLY, 0);
	c.sqe[0].user_data = 7;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(7, cqe.user_data);
	EXPECT_EQ(0, cqe.res);
}

TEST_F(fds, given_replaces_a_copy)
{
	struct io_uring_clone_fd replace = {};
	struct io_uring_cqe cqe;
	int a[2], b[2];
	struct chain c;
	char byte = 0;

	ASSERT_EQ(0, pipe(a));
	ASSERT_EQ(0, pipe(b));
	replace.fd = b[1];
	replace.target = a[1];
	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	give(&c, &replace, 1);
	chain_write(&c, a[1], "x", 1);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	ASSERT_EQ(0, cqe.res);
	ASSERT_EQ(1, read(b[0], &byte, 1));
	EXPECT_EQ('x', byte);
	close(a[1]);
	EXPECT_EQ(0, read(a[0], &byte, 1));
}

TEST_F(fds, all_are_looked_up_before_one_is_installed)
{
	struct io_uring_clone_fd swap[2] = {};
	struct chain c;
	int a[2], b[2];
	char byte[2];

	ASSERT_EQ(0, pipe(a));
	ASSERT_EQ(0, pipe(b));
	swap[0].fd = swap[1].target = a[1];
	swap[1].fd = swap[0].target = b[1];
	chain_init(&c, true, 0);
	give(&c, swap, 2);
	chain_write(&c, a[1], "b", 1);
	chain_write(&c, b[1], "a", 1);
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	ASSERT_EQ(1, read(a[0], &byte[0], 1));
	ASSERT_EQ(1, read(b[0], &byte[1], 1));
	EXPECT_EQ('a', byte[0]);
	EXPECT_EQ('b', byte[1]);
}

TEST_F(fds, only_the_cloexec_ones_are_closed_by_exec)
{
	struct io_uring_clone_fd list[3] = {
		{ .target = OUT }, { .target = 40, .flags = IORING_CLONE_FD_CLOEXEC },
		{ .target = 41 },
	};
	struct report r = {};
	struct chain c;
	char path[256];
	int out[2];

	ASSERT_EQ(0, target(path, sizeof(path), "report"));
	ASSERT_EQ(0, pipe2(out, O_CLOEXEC));
	list[0].fd = list[1].fd = list[2].fd = out[1];
	chain_init(&c, true, IORING_CLONE_NO_FILES);
	give(&c, list, 3);
	add_report(&c, path);
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	ASSERT_EQ(sizeof(r), read(out[0], &r, sizeof(r)));
	EXPECT_EQ(1ULL << OUT | 1ULL << 41, r.fds);
}

TEST_F(fds, registered_file_as_source)
{
	struct io_uring_clone_fd list = { .fd = 1, .target = OUT, .flags = IORING_CLONE_FD_FIXED };
	struct report r = {};
	struct chain c;
	int out[2], files[2] = { -1 };
	char path[256];

	ASSERT_EQ(0, target(path, sizeof(path), "report"));
	ASSERT_EQ(0, pipe2(out, O_CLOEXEC));
	files[1] = out[1];
	ASSERT_EQ(0, io_uring_register_files(&self->ring, files, 2));
	chain_init(&c, true, IORING_CLONE_NO_FILES);
	give(&c, &list, 1);
	add_report(&c, path);
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	ASSERT_EQ(sizeof(r), read(out[0], &r, sizeof(r)));
	EXPECT_EQ(1, nr_bits(r.fds));

	list.fd = 0;
	ASSERT_OUTCOME(&self->ring, &c, -EBADF, STEP_NONE);
	list.fd = 2;
	ASSERT_OUTCOME(&self->ring, &c, -EBADF, STEP_NONE);
}

TEST_F(fds, path_descriptor_can_be_given)
{
	struct io_uring_clone_fd list = { .target = 9 };
	char path[256], *argv[] = { "quick", NULL };
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	list.fd = open(path, O_PATH | O_CLOEXEC);
	ASSERT_LE(0, list.fd);
	chain_init(&c, true, IORING_CLONE_NO_FILES);
	give(&c, &list, 1);
	iou_prep_exec(chain_add(&c), 9, U64(""), U64(argv), U64(environ), AT_EMPTY_PATH, 0);
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
}

/* The spawn does not hold on to what it has installed. */
TEST_F(fds, closed_in_the_chain_is_closed)
{
	struct io_uring_clone_fd list[2] = { { .target = 0 }, { .target = 1 } };
	struct chain c;
	int a[2], b[2];
	char byte;

	ASSERT_EQ(0, pipe(a));
	ASSERT_EQ(0, pipe(b));
	list[0].fd = a[1];
	list[1].fd = b[0];
	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET | IORING_CLONE_NO_FILES);
	give(&c, list, 2);
	iou_prep(chain_add(&c), IORING_OP_CLOSE, 0, 0, 0, 0);
	chain_read(&c, 1, &byte, 1);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	close(a[1]);
	EXPECT_EQ(0, read(a[0], &byte, 1));
	ASSERT_EQ(1, write(b[1], "x", 1));
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
}

TEST_F(fds, submitter_keeps_its_table)
{
	struct io_uring_clone_fd list = { .target = OUT };
	struct chain c;
	int before, out[2];

	ASSERT_EQ(0, pipe(out));
	before = nr_descriptors();
	list.fd = out[1];
	chain_init(&c, true, 0);
	give(&c, &list, 1);
	chain_nop(&c, 0);
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(before, nr_descriptors());
	EXPECT_EQ(-1, fcntl(OUT, F_GETFD));
}

/* Looked up when CLONE is submitted, so what is closed before it runs is there all the same. */
TEST_F(fds, closed_after_submission_ok)
{
	struct io_uring_clone_fd list = { .target = 0 };
	struct chain c;
	int out[2], gate;
	char byte = 0;

	ASSERT_EQ(0, pipe(out));
	list.fd = out[1];
	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET | IORING_CLONE_NO_FILES);
	give(&c, &list, 1);
	chain_write(&c, 0, "x", 1);
	gate = submit_behind_a_gate(&self->ring, &c);
	ASSERT_LE(0, gate);
	close(out[1]);
	ASSERT_EQ(1, write(gate, "g", 1));
	ASSERT_CQE(&self->ring, UD_GATE, 1);
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	ASSERT_EQ(1, read(out[0], &byte, 1));
	EXPECT_EQ('x', byte);
	EXPECT_EQ(0, read(out[0], &byte, 1));
}

/* The ring itself may be given on purpose; closing it does not leave anything behind then either. */
TEST_F(fds, own_ring_given_and_closed_is_freed)
{
	struct io_uring_clone_fd list = { .target = 5 };
	struct usage before = usage_now();
	struct io_uring ring;
	struct chain c;
	int blocked[2];
	char byte;

	if (!fork()) {
		if (pipe(blocked) || ring_init(&ring, variant->ring_flags))
			_exit(1);
		/* never started: a drain behind a read that never completes */
		iou_prep(get_sqe(&ring), IORING_OP_READ, blocked[0], U64(&byte), 1, -1);
		list.fd = ring.ring_fd;
		chain_init(&c, true, IORING_CLONE_NO_FILES);
		give(&c, &list, 1);
		chain_nop(&c, 0);
		c.clone.flags = IOSQE_IO_DRAIN;
		_exit(!!chain_submit(&ring, &c));
	}
	EXPECT_TRUE(all_children_gone());
	EXPECT_TRUE(usage_settles(&before));
}

static int with_list(struct io_uring *ring, struct io_uring_clone_fd *list, unsigned int nr)
{
	struct chain c;

	chain_init(&c, true, 0);
	give(&c, list, nr);
	chain_nop(&c, 0);
	return chain_outcome(ring, &c).res;
}

TEST_F(fds, bad_lists_are_refused)
{
	struct io_uring_clone_fd ok = { .fd = 1, .target = 1 }, two[2] = { ok, ok }, bad;
	struct rlimit lim = { 64, 64 };

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &lim));
	EXPECT_EQ(0, with_list(&self->ring, &ok, 1));
	EXPECT_EQ(-EINVAL, with_list(&self->ring, two, 2));
	bad = ok, bad.fd = 999;
	EXPECT_EQ(-EBADF, with_list(&self->ring, &bad, 1));
	bad = ok, bad.fd = -1;
	EXPECT_EQ(-EBADF, with_list(&self->ring, &bad, 1));
	bad = ok, bad.target = -1;
	EXPECT_EQ(-EBADF, with_list(&self->ring, &bad, 1));
	bad = ok, bad.target = 64;
	EXPECT_EQ(-EBADF, with_list(&self->ring, &bad, 1));
	bad = ok, bad.target = 63;
	EXPECT_EQ(0, with_list(&self->ring, &bad, 1));
	bad = ok, bad.flags = 1U << 2;
	EXPECT_EQ(-EINVAL, with_list(&self->ring, &bad, 1));
	bad = ok, bad.__resv = 1;
	EXPECT_EQ(-EINVAL, with_list(&self->ring, &bad, 1));
	EXPECT_EQ(-EINVAL, with_list(&self->ring, NULL, 1));
	EXPECT_EQ(-EINVAL, with_list(&self->ring, &ok, 0));
	EXPECT_EQ(-EFAULT, with_list(&self->ring, (void *)4096, 1));
	EXPECT_EQ(-E2BIG, with_list(&self->ring, &ok, IORING_SPAWN_MAX_FDS + 1));
	EXPECT_TRUE(no_child_left());
}

TEST_F(fds, as_many_as_there_may_be_ok)
{
	struct io_uring_clone_fd list[IORING_SPAWN_MAX_FDS] = {};
	struct rlimit lim = { 4096, 4096 };
	int i;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &lim));
	for (i = 0; i < IORING_SPAWN_MAX_FDS; i++) {
		list[i].fd = 1;
		list[i].target = 4095 - i;
	}
	EXPECT_EQ(0, with_list(&self->ring, list, IORING_SPAWN_MAX_FDS));
}

TEST_F(fds, fixed_file_in_a_chain_outlives_its_registration)
{
	int out[2], files[1], gate;
	struct chain c;
	char byte = 0;

	ASSERT_EQ(0, pipe2(out, O_CLOEXEC));
	files[0] = out[1];
	ASSERT_EQ(0, io_uring_register_files(&self->ring, files, 1));
	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET | IORING_CLONE_NO_FILES);
	chain_write(&c, 0, "f", 1)->flags = IOSQE_FIXED_FILE;
	gate = submit_behind_a_gate(&self->ring, &c);
	ASSERT_LE(0, gate);
	files[0] = -1;
	ASSERT_EQ(1, io_uring_register_files_update(&self->ring, 0, files, 1));
	close(out[1]);
	ASSERT_EQ(1, write(gate, "g", 1));
	ASSERT_CQE(&self->ring, UD_GATE, 1);
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	ASSERT_EQ(1, read(out[0], &byte, 1));
	EXPECT_EQ('f', byte);
	EXPECT_EQ(0, read(out[0], &byte, 1));
}

TEST_F(fds, fixed_file_in_link_form_ok)
{
	int out[2], files[1];
	struct chain c;
	char byte = 0;

	ASSERT_EQ(0, pipe2(out, O_CLOEXEC));
	files[0] = out[1];
	ASSERT_EQ(0, io_uring_register_files(&self->ring, files, 1));
	chain_init(&c, false, 0);
	chain_write(&c, 0, "f", 1)->flags = IOSQE_FIXED_FILE;
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	ASSERT_EQ(1, read(out[0], &byte, 1));
	EXPECT_EQ('f', byte);
}

TEST_F(fds, fixed_index_without_a_file_ebadf)
{
	struct chain c;

	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	chain_write(&c, 3, "f", 1)->flags = IOSQE_FIXED_FILE;
	ASSERT_OUTCOME(&self->ring, &c, -EBADF, 1);
}

TEST_MAIN
