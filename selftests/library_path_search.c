// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy path_search: directories that are missing, no directories, forbidden, busy. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "lib/library.h"
#include "stable/path_search.h"
#include "stable/path_search.skel.h"

LIBRARY_FIXTURE(path_search)

#define MISSING		"/no/such/cmd"
#define PLAIN		"/tmp/plain"		/* a file without x, so EACCES */
#define BELOW		PLAIN "/cmd"		/* ENOTDIR */
#define CODE		42

static union {
	struct path_search_arg	arg;
	unsigned char		bytes[4096];
} region;

static struct coded program;

/* The region names nr paths; the template is to exit with CODE. */
static int prepare(struct chain *c, const char *const *paths, unsigned int nr)
{
	unsigned int i;
	int err;

	err = coded_init(&program, open("/dev/null", O_WRONLY), CODE) ?: write_file(PLAIN, "x");
	memset(&region, 0, sizeof(region));
	region.arg.nr_paths = nr;
	for (i = 0; i < nr; i++)
		region.arg.paths[i] = U64(paths[i]);
	policy_chain(c, &region, PATH_SEARCH_ARG_LEN(nr));
	chain_exec(c, NULL, program.argv);
	return err;
}

#define EXPECT_REPORT(err, where, nr) do {					\
	EXPECT_EQ((err), region.arg.report.error);				\
	EXPECT_EQ((where), region.arg.report.path);				\
	EXPECT_EQ((nr), region.arg.report.tried);				\
} while (0)

TEST_F(path_search, third_path_runs)
{
	const char *paths[] = { MISSING, BELOW, program.path, MISSING };
	struct chain c;

	LIBRARY_ATTACH(path_search);
	ASSERT_EQ(0, prepare(&c, paths, ARRAY_SIZE(paths)));
	EXPECT_EQ(CODE, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	EXPECT_REPORT(0, 2, 3);
}

TEST_F(path_search, nowhere_enoent)
{
	const char *paths[] = { BELOW, MISSING };
	struct chain c;

	LIBRARY_ATTACH(path_search);
	ASSERT_EQ(0, prepare(&c, paths, ARRAY_SIZE(paths)));
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 0);
	EXPECT_REPORT(-ENOENT, 1, 2);
	EXPECT_TRUE(no_child_left());
}

TEST_F(path_search, eacces_is_remembered)
{
	const char *paths[] = { MISSING, PLAIN, MISSING };
	struct chain c;

	LIBRARY_ATTACH(path_search);
	ASSERT_EQ(0, prepare(&c, paths, ARRAY_SIZE(paths)));
	ASSERT_OUTCOME(&self->ring, &c, -EACCES, 0);
	EXPECT_REPORT(-EACCES, 1, 3);
}

TEST_F(path_search, eacces_goes_on)
{
	const char *paths[] = { PLAIN, program.path };
	struct chain c;

	LIBRARY_ATTACH(path_search);
	ASSERT_EQ(0, prepare(&c, paths, ARRAY_SIZE(paths)));
	EXPECT_EQ(CODE, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	EXPECT_REPORT(0, 1, 2);
}

TEST_F(path_search, enoexec_ends_the_search)
{
	const char *paths[] = { MISSING, PLAIN, program.path };
	struct chain c;

	LIBRARY_ATTACH(path_search);
	ASSERT_EQ(0, prepare(&c, paths, ARRAY_SIZE(paths)));
	ASSERT_EQ(0, chmod(PLAIN, 0755));
	ASSERT_OUTCOME(&self->ring, &c, -ENOEXEC, 0);
	EXPECT_REPORT(-ENOEXEC, 1, 2);
	unlink(PLAIN);
}

TEST_F(path_search, path_that_cannot_be_read_efault)
{
	const char *paths[] = { MISSING, (const char *)4096, program.path };
	struct chain c;

	LIBRARY_ATTACH(path_search);
	ASSERT_EQ(0, prepare(&c, paths, ARRAY_SIZE(paths)));
	ASSERT_OUTCOME(&self->ring, &c, -EFAULT, 0);
	EXPECT_REPORT(-EFAULT, 1, 2);
}

TEST_F(path_search, as_many_paths_as_fit_are_tried)
{
	const char *paths[PATH_SEARCH_MAX_PATHS];
	struct chain c;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(paths) - 1; i++)
		paths[i] = MISSING;
	paths[i] = program.path;
	LIBRARY_ATTACH(path_search);
	ASSERT_EQ(0, prepare(&c, paths, ARRAY_SIZE(paths)));
	EXPECT_EQ(CODE, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	EXPECT_REPORT(0, PATH_SEARCH_MAX_PATHS - 1, PATH_SEARCH_MAX_PATHS);
}

TEST_F(path_search, completions_of_the_chain_are_passed_over)
{
	const char *paths[] = { MISSING, program.path };
	struct chain c;

	LIBRARY_ATTACH(path_search);
	ASSERT_EQ(0, prepare(&c, paths, ARRAY_SIZE(paths)));
	c.sqe[2] = c.sqe[1];
	iou_prep(&c.sqe[1], IORING_OP_CLOSE, 999, 0, 0, 0);
	c.nr = 3;
	c.nr_submit = 2;
	EXPECT_EQ(CODE, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	EXPECT_REPORT(0, 1, 2);
}

TEST_F(path_search, bad_regions_are_told_apart)
{
	const char *paths[] = { program.path };
	struct chain c;

	LIBRARY_ATTACH(path_search);
	ASSERT_EQ(0, prepare(&c, paths, 1));
	c.sqe[0].len = PATH_SEARCH_ARG_LEN(1) - 1;
	ASSERT_OUTCOME(&self->ring, &c, -ERANGE, 0);
	EXPECT_REPORT(-ERANGE, 0, 0);
	ASSERT_EQ(0, prepare(&c, paths, 1));
	c.sqe[0].addr = 4096;
	ASSERT_OUTCOME(&self->ring, &c, -EFAULT, 0);
	ASSERT_EQ(0, prepare(&c, paths, 1));
	c.sqe[0].addr = c.sqe[0].len = 0;
	ASSERT_OUTCOME(&self->ring, &c, -ERANGE, 0);
	EXPECT_TRUE(no_child_left());
}

TEST_F(path_search, no_template_erange)
{
	const char *paths[] = { MISSING };
	struct chain c;

	LIBRARY_ATTACH(path_search);
	ASSERT_EQ(0, prepare(&c, paths, 1));
	c.nr = 1;
	ASSERT_OUTCOME(&self->ring, &c, -ERANGE, 0);
}

TEST_MAIN
