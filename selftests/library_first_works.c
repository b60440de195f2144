// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy first_works: alternatives that are missing, forbidden or there. */
#include <errno.h>
#include <fcntl.h>
#include "lib/library.h"
#include "stable/first_works.h"
#include "stable/first_works.skel.h"

LIBRARY_FIXTURE(first_works)

#define MISSING		"/no/such/cmd"

static struct first_works_arg region;
static struct coded program[2];		/* exit with 40 and 41 */

static int prepare(struct chain *c, void *arg, unsigned int len)
{
	int i, err = 0;

	for (i = 0; i < 2 && !err; i++)
		err = coded_init(&program[i], open("/dev/null", O_WRONLY), 40 + i);
	memset(&region, 0, sizeof(region));
	policy_chain(c, arg, len);
	return err;
}

TEST_F(first_works, second_runs_with_its_own_argv)
{
	struct chain c;

	LIBRARY_ATTACH(first_works);
	ASSERT_EQ(0, prepare(&c, &region, sizeof(region)));
	chain_exec(&c, MISSING, program[0].argv);
	chain_exec(&c, program[1].path, program[1].argv);
	chain_exec(&c, program[0].path, program[0].argv);
	EXPECT_EQ(41, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	EXPECT_EQ(0, region.report.error);
	EXPECT_EQ(2, region.report.tried);
}

TEST_F(first_works, any_error_goes_on)
{
	static char nul[] = "", *argv[] = { (char *)4096, NULL };	/* EFAULT */
	struct chain c;

	LIBRARY_ATTACH(first_works);
	ASSERT_EQ(0, prepare(&c, &region, sizeof(region)));
	chain_exec(&c, "/tmp", program[0].argv);
	chain_exec(&c, program[0].path, argv);
	chain_exec(&c, nul, program[0].argv);
	chain_exec(&c, program[0].path, program[0].argv);
	EXPECT_EQ(40, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	EXPECT_EQ(4, region.report.tried);
}

TEST_F(first_works, without_a_region_ok)
{
	struct chain c;

	LIBRARY_ATTACH(first_works);
	ASSERT_EQ(0, prepare(&c, NULL, 0));
	chain_exec(&c, MISSING, program[0].argv);
	chain_exec(&c, program[1].path, program[1].argv);
	EXPECT_EQ(41, wait_exit(ASSERT_EXECED(&self->ring, &c)));
}

TEST_F(first_works, none_runs_last_error_counts)
{
	struct chain c;

	LIBRARY_ATTACH(first_works);
	ASSERT_EQ(0, prepare(&c, &region, sizeof(region)));
	chain_exec(&c, MISSING, program[0].argv);
	chain_exec(&c, "/tmp", program[0].argv);
	ASSERT_OUTCOME(&self->ring, &c, -EACCES, 0);
	EXPECT_EQ(-EACCES, region.report.error);
	EXPECT_EQ(2, region.report.tried);
	EXPECT_TRUE(no_child_left());
}

TEST_F(first_works, as_many_as_fit_are_tried)
{
	struct chain c;
	unsigned int i;

	LIBRARY_ATTACH(first_works);
	ASSERT_EQ(0, prepare(&c, &region, sizeof(region)));
	for (i = 0; i < CHAIN_MAX - 2; i++)
		chain_exec(&c, MISSING, program[0].argv);
	chain_exec(&c, program[1].path, program[1].argv);
	EXPECT_EQ(41, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	EXPECT_EQ(CHAIN_MAX - 1, region.report.tried);
}

TEST_F(first_works, no_alternative_erange)
{
	struct chain c;

	LIBRARY_ATTACH(first_works);
	ASSERT_EQ(0, prepare(&c, &region, sizeof(region)));
	ASSERT_OUTCOME(&self->ring, &c, -ERANGE, 0);
	EXPECT_EQ(-ERANGE, region.report.error);
	EXPECT_EQ(0, region.report.tried);
}

TEST_F(first_works, alternative_that_is_no_exec_einval)
{
	struct chain c;

	LIBRARY_ATTACH(first_works);
	ASSERT_EQ(0, prepare(&c, &region, sizeof(region)));
	chain_nop(&c, 0)->flags = IOSQE_CQE_SKIP_SUCCESS;
	chain_exec(&c, program[1].path, program[1].argv);
	ASSERT_OUTCOME(&self->ring, &c, -EINVAL, 0);
	EXPECT_EQ(1, region.report.tried);
}

TEST_F(first_works, bad_regions_are_told_apart)
{
	struct chain c;

	LIBRARY_ATTACH(first_works);
	ASSERT_EQ(0, prepare(&c, &region, sizeof(region) - 1));
	chain_exec(&c, program[0].path, program[0].argv);
	ASSERT_OUTCOME(&self->ring, &c, -ERANGE, 0);
	ASSERT_EQ(0, prepare(&c, (void *)4096, sizeof(region)));
	chain_exec(&c, program[0].path, program[0].argv);
	ASSERT_OUTCOME(&self->ring, &c, -EFAULT, 0);
}

TEST_MAIN
