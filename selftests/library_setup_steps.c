// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy setup_steps: a set-up as a service manager's, each step of which can fail. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "lib/library.h"
#include "stable/setup_steps.h"
#include "stable/setup_steps.skel.h"

LIBRARY_FIXTURE(setup_steps)

#define TARGET_FD	40
#define MAX_STEPS	80
#define CODE		42

enum { EXIT_STDIN = 208, EXIT_CHDIR = 200, EXIT_EXEC = 203, EXIT_USER = 217 };

static union {
	struct setup_steps_arg	arg;
	unsigned char		bytes[SETUP_STEPS_ARG_LEN(MAX_STEPS)];
} region;

static struct coded program;

static void prepare(struct chain *c, void *arg, unsigned int len)
{
	unsigned int i;

	memset(&region, 0, sizeof(region));
	for (i = 0; i < MAX_STEPS; i++)
		region.arg.res[i] = 77;		/* says that the step did not end */
	policy_chain(c, arg, len);
}

static void step_chdir(struct chain *c, const char *path)
{
	struct io_uring_sqe *sqe = chain_add(c);

	iou_prep_task_chdir(sqe, AT_FDCWD, U64(path));
	sqe->user_data = EXIT_CHDIR;
}

static void step_dup(struct chain *c, int fd)
{
	struct io_uring_sqe *sqe = chain_add(c);

	iou_prep_task_dup(sqe, fd, TARGET_FD, 0);
	sqe->user_data = EXIT_STDIN;
}

/* The program writes to the descriptor that step_dup() made. */
static int step_exec(struct chain *c)
{
	int err = coded_init(&program, TARGET_FD, CODE);

	chain_exec(c, program.path, program.argv)->user_data = EXIT_EXEC;
	return err;
}

#define EXPECT_REPORT(err, where, what, soft) do {				\
	EXPECT_EQ((err), region.arg.report.error);				\
	EXPECT_EQ((where), region.arg.report.step);				\
	EXPECT_EQ((__u64)(what), region.arg.report.code);			\
	EXPECT_EQ((soft), region.arg.report.nr_soft);				\
} while (0)

TEST_F(setup_steps, steps_are_done_in_order_then_the_program_runs)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct chain c;

	LIBRARY_ATTACH(setup_steps);
	prepare(&c, &region, sizeof(region));
	step_chdir(&c, "/dev");
	step_chdir(&c, "..");
	step_dup(&c, fd);
	ASSERT_EQ(0, step_exec(&c));
	EXPECT_EQ(CODE, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	EXPECT_REPORT(0, 3, EXIT_EXEC, 0);
	EXPECT_EQ(0, region.arg.res[1]);
	EXPECT_EQ(TARGET_FD, region.arg.res[2]);
	EXPECT_EQ(77, region.arg.res[3]);
}

TEST_F(setup_steps, missing_directory_is_said_with_its_code)
{
	struct chain c;

	LIBRARY_ATTACH(setup_steps);
	prepare(&c, &region, sizeof(region));
	step_dup(&c, 2);
	step_chdir(&c, "/no/such/directory");
	ASSERT_EQ(0, step_exec(&c));
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 0);
	EXPECT_REPORT(-ENOENT, 1, EXIT_CHDIR, 0);
	EXPECT_EQ(77, region.arg.res[2]);
	EXPECT_TRUE(no_child_left());
}

TEST_F(setup_steps, descriptor_that_is_not_open_is_said_with_its_code)
{
	struct chain c;

	LIBRARY_ATTACH(setup_steps);
	prepare(&c, &region, sizeof(region));
	step_chdir(&c, "/");
	step_dup(&c, 999);
	ASSERT_EQ(0, step_exec(&c));
	ASSERT_OUTCOME(&self->ring, &c, -EBADF, 0);
	EXPECT_REPORT(-EBADF, 1, EXIT_STDIN, 0);
}

TEST_F(setup_steps, missing_program_is_said_with_its_code)
{
	struct chain c;

	LIBRARY_ATTACH(setup_steps);
	prepare(&c, &region, sizeof(region));
	step_chdir(&c, "/");
	chain_exec(&c, "no/such/program", program.argv)->user_data = EXIT_EXEC;
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 0);
	EXPECT_REPORT(-ENOENT, 1, EXIT_EXEC, 0);
}

TEST_F(setup_steps, soft_steps_are_noted_and_passed_over)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct chain c;

	LIBRARY_ATTACH(setup_steps);
	prepare(&c, &region, sizeof(region));
	step_chdir(&c, "/no/such/directory");
	step_dup(&c, 999);
	step_dup(&c, fd);
	ASSERT_EQ(0, step_exec(&c));
	c.sqe[0].addr3 = 1 << 0 | 1 << 1;
	EXPECT_EQ(CODE, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	EXPECT_REPORT(0, 3, EXIT_EXEC, 2);
	EXPECT_EQ(-ENOENT, region.arg.res[0]);
	EXPECT_EQ(-EBADF, region.arg.res[1]);
}

TEST_F(setup_steps, only_64_steps_can_be_soft)
{
	struct chain c;
	int i;

	LIBRARY_ATTACH(setup_steps);
	prepare(&c, &region, sizeof(region));
	for (i = 0; i < MAX_STEPS; i++)
		step_dup(&c, 999);
	c.sqe[0].addr3 = ~0ULL;
	ASSERT_OUTCOME(&self->ring, &c, -EBADF, 0);
	EXPECT_REPORT(-EBADF, 64, EXIT_STDIN, 64);
	EXPECT_EQ(-EBADF, region.arg.res[64]);
	EXPECT_EQ(77, region.arg.res[65]);
}

TEST_F(setup_steps, what_is_linked_behind_goes_on)
{
	struct chain c;
	pid_t pid;

	LIBRARY_ATTACH(setup_steps);
	prepare(&c, &region, sizeof(region));
	ASSERT_EQ(0, step_exec(&c));		/* of the chain, not a template */
	c.nr_submit = 2;
	c.sqe[0].flags |= IOSQE_IO_LINK;
	step_dup(&c, open("/dev/null", O_WRONLY | O_CLOEXEC));
	pid = ASSERT_EXECED(&self->ring, &c);
	EXPECT_EQ(CODE, wait_exit(pid));
	EXPECT_REPORT(0, 0, EXIT_STDIN, 0);
}

TEST_F(setup_steps, failed_step_breaks_the_link_behind)
{
	struct chain c;

	LIBRARY_ATTACH(setup_steps);
	prepare(&c, &region, sizeof(region));
	ASSERT_EQ(0, step_exec(&c));
	c.nr_submit = 2;
	c.sqe[0].flags |= IOSQE_IO_LINK;
	step_dup(&c, 999);
	ASSERT_OUTCOME(&self->ring, &c, -EBADF, 0);
	EXPECT_REPORT(-EBADF, 0, EXIT_STDIN, 0);
}

TEST_F(setup_steps, set_up_alone_ends_with_0)
{
	struct chain c;

	LIBRARY_ATTACH(setup_steps);
	prepare(&c, NULL, 0);
	step_chdir(&c, "/");
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_TRUE(no_child_left());
}

TEST_F(setup_steps, step_that_is_to_say_nothing_is_heard)
{
	struct chain c;

	LIBRARY_ATTACH(setup_steps);
	prepare(&c, &region, sizeof(region));
	step_chdir(&c, "/");
	c.sqe[1].flags = IOSQE_CQE_SKIP_SUCCESS;
	step_dup(&c, 999);
	ASSERT_OUTCOME(&self->ring, &c, -EBADF, 0);
	EXPECT_REPORT(-EBADF, 1, EXIT_STDIN, 0);
	EXPECT_EQ(0, region.arg.res[0]);
}

/* A link ends with the step of the policy that queued it. */
TEST_F(setup_steps, links_between_steps_do_not_matter)
{
	struct chain c;
	unsigned int i;

	LIBRARY_ATTACH(setup_steps);
	prepare(&c, &region, sizeof(region));
	step_chdir(&c, "/no/such/directory");
	step_dup(&c, open("/dev/null", O_WRONLY | O_CLOEXEC));
	ASSERT_EQ(0, step_exec(&c));
	for (i = 1; i <= 3; i++)
		c.sqe[i].flags = i == 1 ? IOSQE_IO_LINK : IOSQE_IO_HARDLINK;
	c.sqe[0].addr3 = 1 << 0;
	EXPECT_EQ(CODE, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	EXPECT_REPORT(0, 2, EXIT_EXEC, 1);
}

TEST_F(setup_steps, bad_regions_are_told_apart)
{
	struct chain c;

	LIBRARY_ATTACH(setup_steps);
	prepare(&c, &region, sizeof(region.arg) - 1);
	step_chdir(&c, "/");
	ASSERT_OUTCOME(&self->ring, &c, -ERANGE, 0);
	prepare(&c, &region, SETUP_STEPS_ARG_LEN(1));
	step_chdir(&c, "/");
	step_chdir(&c, "/");
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(0, region.arg.res[0]);
	EXPECT_EQ(77, region.arg.res[1]);
	prepare(&c, (void *)4096, sizeof(region));
	ASSERT_OUTCOME(&self->ring, &c, -EFAULT, 0);
}

TEST_MAIN
