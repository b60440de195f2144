// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Ordinary operations in a chain, beside each other and beside the submitter. What each of them
 * does is in opcodes.c and blocking.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "lib/fixture.h"

RING_FIXTURE_2(ops)

static char *argv[] = { "quick", NULL };

TEST_F(ops, read_of_closed_pipe_is_eof_then_exec_ok)
{
	char path[256], byte;
	struct chain c;
	int fds[2];
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, pipe(fds));
	chain_init(&c, true, 0);
	iou_prep(chain_add(&c), IORING_OP_CLOSE, fds[1], 0, 0, 0);
	chain_read(&c, fds[0], &byte, 1);
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_HARDLINK);	/* a short read breaks a soft one, as on any ring */
	c.sqe[0].user_data = 100;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	close(fds[1]);
	ASSERT_CQE(&self->ring, 100, 0);
	ASSERT_CQE(&self->ring, 1, 0);
	ASSERT_CQE(&self->ring, 2, 0);
	EXPECT_EQ(0, wait_exit(pid));
}

TEST_F(ops, open_with_creat_makes_no_thread)
{
	char path[256], file[] = "/tmp/creat-XXXXXX", byte;
	struct chain c;
	int fds[2];
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, pipe(fds));
	ASSERT_LE(0, mkstemp(file));
	unlink(file);
	chain_init(&c, true, 0);
	io_uring_prep_openat(chain_add(&c), AT_FDCWD, file, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	c.sqe[0].user_data = 0;
	chain_read(&c, fds[0], &byte, 1);
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_HARDLINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	{
		struct io_uring_cqe cqe;

		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		ASSERT_EQ(0, cqe.user_data);
		ASSERT_LT(2, cqe.res);
	}
	EXPECT_EQ(1, nr_threads(pid));
	EXPECT_EQ(0, access(file, F_OK));
	ASSERT_EQ(1, write(fds[1], "x", 1));
	ASSERT_CQE(&self->ring, 1, 1);
	ASSERT_CQE(&self->ring, 2, 0);
	EXPECT_EQ(0, wait_exit(pid));
	unlink(file);
}

/*
 * What io_uring always hands to a worker; here the task does it itself, and its thread group stays
 * one.
 */
TEST_F(ops, punted_ops_run_in_the_task_ok)
{
	char dir[] = "/tmp/punted-XXXXXX", a[64], b[64], l[64], byte;
	struct statx stx;
	struct io_uring_cqe cqe;
	struct chain c;
	unsigned int i;
	int fds[2];
	pid_t pid;

	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, pipe(fds));
	snprintf(a, sizeof(a), "%s/a", dir);
	snprintf(b, sizeof(b), "%s/b", dir);
	snprintf(l, sizeof(l), "%s/l", dir);
	chain_init(&c, true, 0);
	io_uring_prep_mkdirat(chain_add(&c), AT_FDCWD, a, 0700);
	io_uring_prep_renameat(chain_add(&c), AT_FDCWD, a, AT_FDCWD, b, 0);
	io_uring_prep_symlinkat(chain_add(&c), b, AT_FDCWD, l);
	io_uring_prep_statx(chain_add(&c), AT_FDCWD, l, 0, STATX_MODE, &stx);
	io_uring_prep_unlinkat(chain_add(&c), AT_FDCWD, l, 0);
	io_uring_prep_unlinkat(chain_add(&c), AT_FDCWD, b, AT_REMOVEDIR);
	io_uring_prep_fsync(chain_add(&c), 0, 0);
	chain_read(&c, fds[0], &byte, 1);
	chain_link(&c, IOSQE_IO_HARDLINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	for (i = 0; i < 7; i++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		if (i < 6)
			EXPECT_EQ(0, cqe.res) {
				TH_LOG("step %u", i);
			}
	}
	EXPECT_TRUE(S_ISDIR(stx.stx_mode));
	EXPECT_EQ(1, nr_threads(pid));
	ASSERT_EQ(1, write(fds[1], "x", 1));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(0, rmdir(dir));
}

/* What the submitter waits for before it does something for the one that blocks. */
TEST_F(ops, completions_are_told_while_a_punted_op_blocks)
{
	int in[2], out[2];
	struct chain c;

	ASSERT_EQ(0, pipe(in));
	ASSERT_EQ(0, pipe(out));
	chain_init(&c, true, IORING_CLONE_FINAL);
	chain_nop(&c, 7);
	io_uring_prep_splice(chain_add(&c), in[0], -1, out[1], -1, 1, 0);
	c.sqe[1].user_data = 1;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 0, 7);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_EQ(1, write(in[1], "x", 1));
	ASSERT_CQE(&self->ring, 1, 1);
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
}

/* There is one task to do them. What can be polled goes on meanwhile, and is told later. */
TEST_F(ops, punted_ops_take_turns)
{
	char dir[] = "/tmp/turns-XXXXXX", made[64], byte = 0;
	int in[2], out[2], other[2], i, told = 0;
	struct io_uring_cqe cqe;
	struct chain c;
	pid_t pid;

	ASSERT_NE(NULL, mkdtemp(dir));
	snprintf(made, sizeof(made), "%s/made", dir);
	ASSERT_EQ(0, pipe(in));
	ASSERT_EQ(0, pipe(out));
	ASSERT_EQ(0, pipe(other));
	chain_init(&c, true, IORING_CLONE_FINAL);
	io_uring_prep_splice(chain_add(&c), in[0], -1, out[1], -1, 1, 0);
	io_uring_prep_mkdirat(chain_add(&c), AT_FDCWD, made, 0700);
	chain_read(&c, other[0], &byte, 1);
	for (i = 0; i < 3; i++)
		c.sqe[i].user_data = i;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	EXPECT_EQ(0, wait_state(pid, 'S'));
	ASSERT_EQ(1, write(other[1], "o", 1));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	EXPECT_EQ(1, nr_threads(pid));
	EXPECT_NE(0, access(made, F_OK));
	ASSERT_EQ(1, write(in[1], "x", 1));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		told |= 1 << cqe.user_data;
		EXPECT_EQ(cqe.user_data == 1 ? 0 : 1, cqe.res);
	}
	EXPECT_EQ(7, told);
	EXPECT_EQ('o', byte);
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	EXPECT_EQ(0, rmdir(made));
	EXPECT_EQ(0, rmdir(dir));
}

TEST_F(ops, linked_timeout_does_not_interrupt_a_punted_op)
{
	struct __kernel_timespec ts = { .tv_nsec = 1000000 };
	struct io_uring_cqe cqe;
	int in[2], out[2], i;
	struct chain c;

	ASSERT_EQ(0, pipe(in));
	ASSERT_EQ(0, pipe(out));
	chain_init(&c, true, IORING_CLONE_FINAL);
	io_uring_prep_splice(chain_add(&c), in[0], -1, out[1], -1, 1, 0);
	io_uring_prep_link_timeout(chain_add(&c), &ts, 0);
	for (i = 0; i < 2; i++)
		c.sqe[i].user_data = i;
	c.sqe[0].flags = IOSQE_IO_LINK;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_EQ(1, write(in[1], "x", 1));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		if (!cqe.user_data) {
			EXPECT_EQ(1, cqe.res);
			continue;
		}
		/* it starts when the operation is done, and may still be too late */
		EXPECT_TRUE(cqe.res == -ECANCELED || cqe.res == -ENOENT) {
			TH_LOG("the timeout completed with %d", cqe.res);
		}
	}
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
}

/* The one that runs is out of reach, those that have not begun are not. */
TEST_F(ops, cancel_of_a_punted_op_that_has_not_begun_ok)
{
	char dir[] = "/tmp/turns-XXXXXX", made[64];
	int in[2], out[2], i, res[3] = { 1, 1, 1 };
	struct io_uring_cqe cqe;
	struct chain c;

	ASSERT_NE(NULL, mkdtemp(dir));
	snprintf(made, sizeof(made), "%s/made", dir);
	ASSERT_EQ(0, pipe(in));
	ASSERT_EQ(0, pipe(out));
	chain_init(&c, true, IORING_CLONE_FINAL);
	io_uring_prep_splice(chain_add(&c), in[0], -1, out[1], -1, 1, 0);
	io_uring_prep_mkdirat(chain_add(&c), AT_FDCWD, made, 0700);
	io_uring_prep_cancel64(chain_add(&c), 1, 0);
	for (i = 0; i < 3; i++)
		c.sqe[i].user_data = i;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_EQ(1, write(in[1], "x", 1));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		ASSERT_GT(3, cqe.user_data);
		res[cqe.user_data] = cqe.res;
	}
	EXPECT_EQ(1, res[0]);
	EXPECT_EQ(-ECANCELED, res[1]);
	EXPECT_EQ(0, res[2]);
	EXPECT_NE(0, access(made, F_OK));
	EXPECT_EQ(0, rmdir(dir));
}

TEST_F(ops, msg_ring_reaches_the_submitter_ok)
{
	struct io_uring_cqe cqe;
	struct chain c;
	int i, told = 0;

	/* a chain keeps the submitter's ring only if its program would inherit it */
	ASSERT_EQ(0, fcntl(self->ring.ring_fd, F_SETFD, 0));
	chain_init(&c, true, 0);
	io_uring_prep_msg_ring(chain_add(&c), self->ring.ring_fd, 77, 4711, 0);
	c.sqe[0].user_data = 0;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		told += cqe.user_data == 4711 && cqe.res == 77;
	}
	EXPECT_EQ(1, told);
}

TEST_F(ops, close_on_exec_ring_of_the_submitter_is_not_in_the_chain_ebadf)
{
	struct chain c;

	chain_init(&c, true, 0);
	io_uring_prep_msg_ring(chain_add(&c), self->ring.ring_fd, 77, 4711, 0);
	c.sqe[0].user_data = 0;
	ASSERT_OUTCOME(&self->ring, &c, -EBADF, 0);
}

TEST_F(ops, what_a_chain_opens_and_closes_is_its_own)
{
	struct io_uring_cqe cqe;
	struct chain c;
	int fds[2], before;

	ASSERT_EQ(0, pipe(fds));
	before = nr_descriptors();
	chain_init(&c, true, 0);
	io_uring_prep_openat(chain_add(&c), AT_FDCWD, "/", O_RDONLY, 0);
	c.sqe[0].user_data = 0;
	iou_prep(chain_add(&c), IORING_OP_CLOSE, fds[1], 0, 0, 0);
	c.sqe[1].user_data = 1;
	c.sqe[0].flags = IOSQE_IO_HARDLINK;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	ASSERT_LE(0, cqe.res);
	ASSERT_CQE(&self->ring, 1, 0);
	EXPECT_EQ(before, nr_descriptors());
	EXPECT_EQ(1, write(fds[1], "x", 1));
}

TEST_F(ops, bad_descriptor_in_a_chain_ebadf)
{
	struct chain c;
	char byte;

	chain_init(&c, true, 0);
	chain_read(&c, 999, &byte, 1);
	ASSERT_OUTCOME(&self->ring, &c, -EBADF, 0);
}

TEST_F(ops, unmapped_buffer_efault)
{
	struct chain c;
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	chain_init(&c, true, 0);
	chain_write(&c, fds[1], (void *)4096, 1);
	ASSERT_OUTCOME(&self->ring, &c, -EFAULT, 0);
}

TEST_MAIN
