// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Registered files of the submitter in a chain: which file an index means, for how long, and that
 * nothing of it reaches the program or the submitter. What each operation does with one is in
 * opcodes.c, fds[] in fds.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include "lib/policy.h"
#include "targets/report.h"

POLICY_FIXTURE_2(fixed)

#define NR_FILES	4
#define NO_CLOEXEC	(1U << 0)	/* IORING_FIXED_FD_NO_CLOEXEC */

static int give(struct io_uring *ring, unsigned int index, int fd)
{
	int ret = io_uring_register_files_update(ring, index, &fd, 1);

	return ret == 1 ? 0 : ret;
}

/* A chain that waits at a pipe of its own, then does what is added behind. */
static void wait_first(struct chain *c, const int *gate, char *byte)
{
	chain_init(c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_read(c, gate[0], byte, 1);
}

/* Whether everybody who could write to it is gone. */
static bool at_eof(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char byte;

	return poll(&p, 1, WAIT_MS) == 1 && read(fd, &byte, 1) == 0;
}

TEST_F(fixed, index_given_to_another_file_is_still_the_old_one)
{
	int gate[2], was[2], is[2];
	struct chain c;
	char byte = 0;

	ASSERT_EQ(0, pipe(gate));
	ASSERT_EQ(0, pipe2(was, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(is, O_CLOEXEC | O_NONBLOCK));
	ASSERT_EQ(0, io_uring_register_files_sparse(&self->ring, NR_FILES));
	ASSERT_EQ(0, give(&self->ring, 2, was[1]));
	wait_first(&c, gate, &byte);
	chain_write(&c, 2, "w", 1)->flags = IOSQE_FIXED_FILE;
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_EQ(0, give(&self->ring, 2, is[1]));
	ASSERT_EQ(1, write(gate[1], "x", 1));
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	ASSERT_EQ(1, read(was[0], &byte, 1));
	EXPECT_EQ('w', byte);
	EXPECT_EQ(-1, read(is[0], &byte, 1));
}

TEST_F(fixed, index_filled_after_clone_ebadf)
{
	int gate[2], out[2];
	struct chain c;
	char byte;

	ASSERT_EQ(0, pipe(gate));
	ASSERT_EQ(0, pipe(out));
	ASSERT_EQ(0, io_uring_register_files_sparse(&self->ring, NR_FILES));
	wait_first(&c, gate, &byte);
	chain_write(&c, 2, "w", 1)->flags = IOSQE_FIXED_FILE;
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_EQ(0, give(&self->ring, 2, out[1]));
	ASSERT_EQ(1, write(gate[1], "x", 1));
	ASSERT_CQE(&self->ring, UD_CLONE, -EBADF);
}

TEST_F(fixed, unregistered_while_a_chain_reads_from_it_ok)
{
	int in[2], fd;
	struct chain c;
	char byte = 0;

	ASSERT_EQ(0, pipe(in));
	fd = in[0];
	ASSERT_EQ(0, io_uring_register_files(&self->ring, &fd, 1));
	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_read(&c, 0, &byte, 1)->flags = IOSQE_FIXED_FILE;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_EQ(0, io_uring_unregister_files(&self->ring));
	ASSERT_EQ(1, write(in[1], "u", 1));
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	EXPECT_EQ('u', byte);
}

TEST_F(fixed, no_such_index_ebadf)
{
	static const int index[] = { 0, NR_FILES - 1, NR_FILES, 1 << 20, -1, 0x7fffffff };
	struct chain c;
	unsigned int i;

	ASSERT_EQ(0, io_uring_register_files_sparse(&self->ring, NR_FILES));
	for (i = 0; i < ARRAY_SIZE(index); i++) {
		chain_init(&c, true, 0);
		chain_write(&c, index[i], "x", 1)->flags = IOSQE_FIXED_FILE;
		ASSERT_OUTCOME(&self->ring, &c, -EBADF, 0);
	}
	ASSERT_EQ(0, io_uring_unregister_files(&self->ring));
	chain_init(&c, true, 0);
	chain_write(&c, 0, "x", 1)->flags = IOSQE_FIXED_FILE;
	ASSERT_OUTCOME(&self->ring, &c, -EBADF, 0);
}

TEST_F(fixed, on_what_the_task_does_itself_einval)
{
	char path[256], *argv[] = { "quick", NULL };
	unsigned int i;
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	for (i = 0; i < 3; i++) {
		chain_init(&c, true, 0);
		switch (i) {
		case 0:
			chain_exec(&c, path, argv);
			break;
		case 1:
			iou_prep_task(chain_add(&c), IORING_TASK_UMASK, 0, 0, 022, 0, 0);
			break;
		case 2:
			chain_policy(&c, 0, NULL, 0);
			break;
		}
		c.sqe[0].flags = IOSQE_FIXED_FILE;
		ASSERT_OUTCOME(&self->ring, &c, -EINVAL, 0);
	}
	EXPECT_TRUE(no_child_left());
}

/* Templates are looked up with the chain; what a policy makes up is in no one's table. */
TEST_F(fixed, only_indices_of_chain_and_templates_mean_something_to_a_policy)
{
	struct io_uring_sqe *raw;
	int out[2];
	struct chain c;
	char byte = 0;

	ASSERT_EQ(0, script_attach(&self->script));
	SCRIPT(&self->script, { S_QUEUE, 1 }, { S_QUEUE_RAW, 0 }, { S_QUEUE_RAW, 1 },
	       S_END(RET_CONTINUE), { S_REAP }, { S_REAP }, { S_REAP }, S_END(RET_DONE));
	ASSERT_EQ(0, pipe(out));
	ASSERT_EQ(0, io_uring_register_files_sparse(&self->ring, NR_FILES));
	ASSERT_EQ(0, give(&self->ring, 2, out[1]));
	ASSERT_EQ(0, give(&self->ring, 3, out[1]));
	policy_chain(&c, NULL, 0);
	chain_write(&c, 2, "t", 1)->flags = IOSQE_FIXED_FILE;
	raw = self->script.skel->bss->raw;
	raw[0] = c.sqe[1];		/* the template's index, as good from here */
	raw[0].addr = U64("r");
	raw[1] = c.sqe[1];
	raw[1].fd = 3;			/* a file, but nobody named it */
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_TRUE(script_all_ok(&self->script));
	EXPECT_EQ(1, RECORD(3).res);
	EXPECT_EQ(1, RECORD(4).res);
	EXPECT_EQ(-EBADF, RECORD(5).res);
	ASSERT_EQ(1, read(out[0], &byte, 1));
	EXPECT_EQ('t', byte);
	ASSERT_EQ(1, read(out[0], &byte, 1));
	EXPECT_EQ('r', byte);
}

/* Which descriptors below 64 a program finds that was started behind one FIXED_FD_INSTALL. */
static int report_behind_install(struct io_uring *ring, unsigned int install_flags, int out[2],
				 struct report *r)
{
	char path[256], fd[8], *argv[] = { "report", fd, "0", NULL };
	struct outcome o;
	struct chain c;

	if (target(path, sizeof(path), "report"))
		return -1;
	snprintf(fd, sizeof(fd), "%d", out[1]);
	chain_init(&c, true, 0);
	iou_prep(chain_add(&c), OP_FIXED_FD_INSTALL, 0, 0, 0, 0);
	c.sqe[0].flags = IOSQE_FIXED_FILE;
	c.sqe[0].rw_flags = install_flags;
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_LINK);
	o = chain_outcome(ring, &c);
	if (o.res <= 0 || wait_exit(o.res))
		return -1;
	return read(out[0], r, sizeof(*r)) == sizeof(*r) ? 0 : -1;
}

TEST_F(fixed, installed_descriptor_is_the_programs_and_not_the_submitters)
{
	struct report without, with;
	int out[2], fd, before;

	fd = open("/", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pipe(out));
	ASSERT_EQ(0, io_uring_register_files(&self->ring, &fd, 1));
	close(fd);
	before = nr_descriptors();
	/* as FIXED_FD_INSTALL has it on any ring: close-on-exec, unless told */
	ASSERT_EQ(0, report_behind_install(&self->ring, 0, out, &without));
	ASSERT_EQ(0, report_behind_install(&self->ring, NO_CLOEXEC, out, &with));
	EXPECT_EQ(1, __builtin_popcountll(with.fds & ~without.fds));
	EXPECT_EQ(0, without.fds & ~with.fds);
	EXPECT_EQ(before, nr_descriptors());
}

TEST_F(fixed, running_program_does_not_keep_a_registered_file)
{
	char path[256], fd[8], *argv[] = { "report", fd, "0", NULL };
	int held[2], stuffed[2];
	struct report r;
	struct chain c;
	pid_t pid;

	/* a program that waits for its reader, so that it is there while we look */
	ASSERT_EQ(0, pipe(stuffed));
	ASSERT_EQ(4096, fcntl(stuffed[1], F_SETPIPE_SZ, 4096));
	ASSERT_EQ(4096, write(stuffed[1], (char[4096]){}, 4096));
	ASSERT_EQ(0, pipe2(held, O_CLOEXEC));
	ASSERT_EQ(0, io_uring_register_files(&self->ring, &held[1], 1));
	ASSERT_EQ(0, target(path, sizeof(path), "report"));
	snprintf(fd, sizeof(fd), "%d", stuffed[1]);
	chain_init(&c, true, 0);
	chain_write(&c, 0, "h", 1)->flags = IOSQE_FIXED_FILE;
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_LINK);
	pid = ASSERT_EXECED(&self->ring, &c);
	ASSERT_EQ(0, io_uring_unregister_files(&self->ring));
	close(held[1]);
	ASSERT_EQ(1, read(held[0], &r, 1));
	EXPECT_TRUE(at_eof(held[0]));
	EXPECT_EQ(0, wait_state(pid, 'S'));
	ASSERT_EQ(4096, read(stuffed[0], (char[4096]){}, 4096));
	EXPECT_EQ(0, wait_exit(pid));
}

TEST_F(fixed, chain_that_ended_does_not_keep_a_registered_file)
{
	struct chain c;
	char byte;
	int held[2];

	ASSERT_EQ(0, pipe2(held, O_CLOEXEC));
	ASSERT_EQ(0, io_uring_register_files(&self->ring, &held[1], 1));
	chain_init(&c, true, 0);
	chain_write(&c, 0, "h", 1)->flags = IOSQE_FIXED_FILE;
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	ASSERT_EQ(0, io_uring_unregister_files(&self->ring));
	close(held[1]);
	ASSERT_EQ(1, read(held[0], &byte, 1));
	EXPECT_TRUE(at_eof(held[0]));
}

TEST_MAIN
