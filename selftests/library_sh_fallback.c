// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The policy sh_fallback: scripts with and without "#!". In the place of the shell is
 * targets/witness, which as a shell does minds its last argument and not the name of the script.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "lib/library.h"
#include "stable/sh_fallback.h"
#include "stable/sh_fallback.skel.h"
#include "targets/witness.h"

LIBRARY_FIXTURE(sh_fallback)

#define SCRIPT	"/tmp/script"

static struct sh_fallback_arg region;
static char shell[256], *argv[] = { "sh", SCRIPT, "4", NULL };	/* 4: where the pid is written */

static int prepare(struct chain *c, const char *text, void *arg, unsigned int len)
{
	int err, fd = memfd_create("witness", 0);

	if (dup2(fd, WITNESS_FD) != WITNESS_FD)
		return -errno;
	err = target(shell, sizeof(shell), "witness") ?: write_file(SCRIPT, text);
	if (err || chmod(SCRIPT, 0755))
		return err ?: -errno;
	memset(&region, 0, sizeof(region));
	policy_chain(c, arg, len);
	chain_exec(c, SCRIPT, &argv[1]);
	chain_exec(c, shell, argv);
	return 0;
}

/* The pid that the program wrote where its last argument said. */
static pid_t witnessed(void)
{
	pid_t pid = 0;

	return pread(WITNESS_FD, &pid, sizeof(pid), 4) == sizeof(pid) ? pid : -1;
}

TEST_F(sh_fallback, script_without_a_first_line_goes_to_the_shell)
{
	struct chain c;
	pid_t pid;

	LIBRARY_ATTACH(sh_fallback);
	ASSERT_EQ(0, prepare(&c, "echo\n", &region, sizeof(region)));
	pid = ASSERT_EXECED(&self->ring, &c);
	EXPECT_EQ(0, wait_exit(pid));
	EXPECT_EQ(pid, witnessed());
	EXPECT_EQ(0, region.report.error);
	EXPECT_EQ(1, region.report.sh);
}

TEST_F(sh_fallback, script_with_a_first_line_is_the_kernels)
{
	char text[300];
	struct chain c;
	pid_t pid;

	LIBRARY_ATTACH(sh_fallback);
	ASSERT_EQ(0, target(shell, sizeof(shell), "witness"));
	snprintf(text, sizeof(text), "#!%s\n", shell);
	ASSERT_EQ(0, prepare(&c, text, &region, sizeof(region)));
	pid = ASSERT_EXECED(&self->ring, &c);
	EXPECT_EQ(0, wait_exit(pid));
	EXPECT_EQ(pid, witnessed());
	EXPECT_EQ(0, region.report.sh);
}

TEST_F(sh_fallback, without_a_region_ok)
{
	struct chain c;
	pid_t pid;

	LIBRARY_ATTACH(sh_fallback);
	ASSERT_EQ(0, prepare(&c, "echo\n", NULL, 0));
	pid = ASSERT_EXECED(&self->ring, &c);
	EXPECT_EQ(0, wait_exit(pid));
	EXPECT_EQ(pid, witnessed());
}

TEST_F(sh_fallback, missing_script_is_not_for_the_shell)
{
	struct chain c;

	LIBRARY_ATTACH(sh_fallback);
	ASSERT_EQ(0, prepare(&c, "echo\n", &region, sizeof(region)));
	ASSERT_EQ(0, unlink(SCRIPT));
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 0);
	EXPECT_EQ(-ENOENT, region.report.error);
	EXPECT_EQ(0, region.report.sh);
	EXPECT_TRUE(no_child_left());
}

TEST_F(sh_fallback, script_without_x_is_not_for_the_shell)
{
	struct chain c;

	LIBRARY_ATTACH(sh_fallback);
	ASSERT_EQ(0, prepare(&c, "echo\n", &region, sizeof(region)));
	ASSERT_EQ(0, chmod(SCRIPT, 0644));
	ASSERT_OUTCOME(&self->ring, &c, -EACCES, 0);
	EXPECT_EQ(0, region.report.sh);
}

TEST_F(sh_fallback, shell_is_missing_enoent)
{
	struct chain c;

	LIBRARY_ATTACH(sh_fallback);
	ASSERT_EQ(0, prepare(&c, "echo\n", &region, sizeof(region)));
	c.sqe[2].addr = U64("/no/such/shell");
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 0);
	EXPECT_EQ(-ENOENT, region.report.error);
	EXPECT_EQ(1, region.report.sh);
}

TEST_F(sh_fallback, shell_is_a_script_itself_enoexec)
{
	struct chain c;

	LIBRARY_ATTACH(sh_fallback);
	ASSERT_EQ(0, prepare(&c, "echo\n", &region, sizeof(region)));
	c.sqe[2].addr = U64(SCRIPT);
	ASSERT_OUTCOME(&self->ring, &c, -ENOEXEC, 0);
	EXPECT_EQ(1, region.report.sh);
}

TEST_F(sh_fallback, no_template_for_the_shell_erange)
{
	struct chain c;

	LIBRARY_ATTACH(sh_fallback);
	ASSERT_EQ(0, prepare(&c, "echo\n", &region, sizeof(region)));
	c.nr = 2;
	ASSERT_OUTCOME(&self->ring, &c, -ERANGE, 0);
	EXPECT_EQ(-ERANGE, region.report.error);
}

TEST_F(sh_fallback, bad_regions_are_told_apart)
{
	struct chain c;

	LIBRARY_ATTACH(sh_fallback);
	ASSERT_EQ(0, prepare(&c, "echo\n", &region, sizeof(region) - 1));
	ASSERT_OUTCOME(&self->ring, &c, -ERANGE, 0);
	ASSERT_EQ(0, prepare(&c, "echo\n", (void *)4096, sizeof(region)));
	ASSERT_OUTCOME(&self->ring, &c, -EFAULT, 0);
}

TEST_MAIN
