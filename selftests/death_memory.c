// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Memory that goes away under a chain: -EFAULT where it is used, and nothing else. The chain waits
 * for a byte; what comes behind it names memory that is unmapped, or made unreadable, meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include "lib/policy.h"

#define PAGE	4096

enum what { BUFFER, VECTOR, PATH, ARGV, ARGUMENT, ENVP, VARIABLE, REGION };

FIXTURE(memory) {
	struct io_uring ring;
	struct script script;
	struct chain chain;
	char path[256];
	int gate[2], sink[2];
	char byte, *page;
};

FIXTURE_VARIANT(memory) {
	enum what what;
};
FIXTURE_VARIANT_ADD(memory, buffer) { .what = BUFFER };
FIXTURE_VARIANT_ADD(memory, buffer_of_a_vector) { .what = VECTOR };
FIXTURE_VARIANT_ADD(memory, path_of_exec) { .what = PATH };
FIXTURE_VARIANT_ADD(memory, argv) { .what = ARGV };
FIXTURE_VARIANT_ADD(memory, argument) { .what = ARGUMENT };
FIXTURE_VARIANT_ADD(memory, envp) { .what = ENVP };
FIXTURE_VARIANT_ADD(memory, variable) { .what = VARIABLE };
FIXTURE_VARIANT_ADD(memory, region_of_a_policy) { .what = REGION };

/* [0] waits, [1] uses the page, [2] is never reached. */
static void build(FIXTURE_DATA(memory) *self, enum what what)
{
	static char *argv[] = { "quick", NULL }, *envp[] = { "A=1", NULL };
	static struct iovec vector;
	struct chain *c = &self->chain;
	char **pointers = (char **)self->page;
	struct io_uring_sqe *exec;

	chain_init(c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_read(c, self->gate[0], &self->byte, 1);
	switch (what) {
	case BUFFER:
		chain_write(c, self->sink[1], self->page, 8);
		break;
	case VECTOR:
		vector = (struct iovec){ self->page, 8 };
		iou_prep(chain_add(c), IORING_OP_WRITEV, self->sink[1], U64(&vector), 1, -1);
		break;
	case REGION:
		chain_policy(c, 0, self->page, 8);
		break;
	default:
		exec = chain_exec(c, self->path, argv);
		exec->addr3 = U64(envp);
		if (what == PATH)
			exec->addr = U64(strcpy(self->page, self->path));
		if (what == ARGV || what == ENVP)
			pointers[0] = "A=1";
		if (what == ARGV)
			exec->off = U64(self->page);
		if (what == ENVP)
			exec->addr3 = U64(self->page);
		if (what == ARGUMENT || what == VARIABLE)
			strcpy(self->page, "A=2");
		argv[0] = what == ARGUMENT ? self->page : "quick";
		envp[0] = what == VARIABLE ? self->page : "A=1";
	}
	chain_write(c, self->sink[1], "never", 5);
	chain_link(c, IOSQE_IO_LINK);
}

FIXTURE_SETUP(memory)
{
	ASSERT_EQ(0, ring_init(&self->ring, 0));
	ASSERT_EQ(0, script_open(&self->script, self->ring.ring_fd, 0));
	ASSERT_EQ(0, script_attach(&self->script));
	SCRIPT(&self->script, S_END(RET_DONE));
	ASSERT_EQ(0, target(self->path, sizeof(self->path), "quick"));
	ASSERT_EQ(0, pipe(self->gate));
	ASSERT_EQ(0, pipe2(self->sink, O_NONBLOCK));
	self->page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->page);
	build(self, variant->what);
	ASSERT_EQ(0, chain_submit(&self->ring, &self->chain));
	/* it has taken its SQEs, and what is read when they are */
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

FIXTURE_TEARDOWN(memory)
{
	char buf[8];

	EXPECT_TRUE(no_child_left());
	EXPECT_EQ(-1, read(self->sink[0], buf, sizeof(buf)));
	EXPECT_EQ(EAGAIN, errno);
	script_close(&self->script);
	io_uring_queue_exit(&self->ring);
}

#define EXPECT_EFAULT() do {							\
	struct io_uring_cqe cqe;						\
	ASSERT_EQ(1, write(self->gate[1], "x", 1));				\
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));				\
	EXPECT_EQ(-EFAULT, cqe.res);						\
	EXPECT_EQ(1, IORING_CQE_STEP(&cqe));					\
} while (0)

TEST_F(memory, unmapped_efault)
{
	ASSERT_EQ(0, munmap(self->page, PAGE));
	EXPECT_EFAULT();
}

TEST_F(memory, not_to_be_read_efault)
{
	ASSERT_EQ(0, mprotect(self->page, PAGE, PROT_NONE));
	EXPECT_EFAULT();
}

/* A file of one page, cut to none: there is a mapping, but nothing in it. */
TEST_F(memory, beyond_the_end_of_its_file_efault)
{
	int fd = memfd_create("short", MFD_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_EQ(self->page, mmap(self->page, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0));
	EXPECT_EFAULT();
}

/* The buffer of the read that waits: the byte stays where it is. */
TEST(buffer_of_a_waiting_read_unmapped_efault)
{
	struct io_uring ring;
	struct chain c;
	int fds[2];
	char *page, byte;

	ASSERT_EQ(0, ring_init(&ring, 0));
	ASSERT_EQ(0, pipe(fds));
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_read(&c, fds[0], page, 1);
	ASSERT_EQ(0, chain_submit(&ring, &c));
	EXPECT_TRUE(no_more_cqes(&ring));
	ASSERT_EQ(0, munmap(page, PAGE));
	ASSERT_EQ(1, write(fds[1], "x", 1));
	ASSERT_CQE(&ring, UD_CLONE, -EFAULT);
	EXPECT_EQ(1, read(fds[0], &byte, 1));
	io_uring_queue_exit(&ring);
}

/* What it names is copied when CLONE is submitted. */
TEST(array_of_the_chain_unmapped_ok)
{
	struct io_uring_clone_args *args;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char *page;

	ASSERT_EQ(0, ring_init(&ring, 0));
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	args = (void *)page;
	sqe = (void *)(page + 1024);
	sqe->opcode = IORING_OP_NOP;
	args->sqes = U64(sqe);
	args->nr_sqes = args->nr_submit = 1;
	sqe = get_sqe(&ring);
	iou_prep_clone(sqe, U64(args), sizeof(*args), IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	sqe->user_data = UD_CLONE;
	ASSERT_EQ(0, submit_all(&ring));
	ASSERT_EQ(0, munmap(page, PAGE));
	ASSERT_CQE(&ring, UD_CLONE, 0);
	io_uring_queue_exit(&ring);
}

TEST_MAIN
