// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy by_stat: files, directories, links, sizes, and what cannot be looked at. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "lib/library.h"
#include "testing/by_stat.h"
#include "testing/by_stat.skel.h"

LIBRARY_FIXTURE(by_stat)

#define FILE_PATH	"/tmp/by_stat"
#define A		40	/* what the programs exit with */
#define B		41

static struct by_stat_arg region;
static struct coded program[2];

static int prepare(struct chain *c, const char *path, void *arg, unsigned int len)
{
	int i, err = 0;

	for (i = 0; i < 2 && !err; i++)
		err = coded_init(&program[i], open("/dev/null", O_WRONLY), A + i);
	memset(&region, 0, sizeof(region));
	region.want.path = U64(path);
	region.want.dfd = AT_FDCWD;
	policy_chain(c, arg, len);
	for (i = 0; i < 2; i++)
		chain_exec(c, program[i].path, program[i].argv);
	return err;
}

#define ASSERT_CHOSEN(code, c) do {					\
	EXPECT_EQ(code, wait_exit(ASSERT_EXECED(&self->ring, c)));	\
	EXPECT_EQ((code) - A + 1, region.report.chosen);		\
	EXPECT_EQ(0, region.report.error);				\
} while (0)

TEST_F(by_stat, file_as_wanted_and_not)
{
	struct chain c;

	LIBRARY_ATTACH(by_stat);
	ASSERT_EQ(0, write_file(FILE_PATH, "12345"));
	ASSERT_EQ(0, prepare(&c, FILE_PATH, &region, sizeof(region)));
	region.want.type = S_IFREG;
	region.want.min_size = 5;
	ASSERT_CHOSEN(A, &c);
	EXPECT_EQ(S_IFREG | 0644, region.report.mode);
	EXPECT_EQ(5, region.report.size);

	ASSERT_EQ(0, prepare(&c, FILE_PATH, &region, sizeof(region)));
	region.want.min_size = 6;
	ASSERT_CHOSEN(B, &c);

	ASSERT_EQ(0, prepare(&c, FILE_PATH, &region, sizeof(region)));
	region.want.perm = 0111;
	ASSERT_CHOSEN(B, &c);
	ASSERT_EQ(0, chmod(FILE_PATH, 0755));
	ASSERT_CHOSEN(A, &c);
}

TEST_F(by_stat, missing_or_of_another_type)
{
	struct chain c;

	LIBRARY_ATTACH(by_stat);
	ASSERT_EQ(0, write_file(FILE_PATH, ""));
	ASSERT_EQ(0, prepare(&c, "/no/such/file", &region, sizeof(region)));
	ASSERT_CHOSEN(B, &c);
	EXPECT_EQ(-ENOENT, region.report.stat);

	ASSERT_EQ(0, prepare(&c, FILE_PATH "/file", &region, sizeof(region)));
	ASSERT_CHOSEN(B, &c);
	EXPECT_EQ(-ENOTDIR, region.report.stat);

	ASSERT_EQ(0, prepare(&c, "/tmp", &region, sizeof(region)));
	region.want.type = S_IFREG;
	ASSERT_CHOSEN(B, &c);
	region.want.type = S_IFDIR;
	ASSERT_CHOSEN(A, &c);
}

TEST_F(by_stat, link_or_what_it_points_to)
{
	struct chain c;

	LIBRARY_ATTACH(by_stat);
	ASSERT_EQ(0, symlink("/no/such/file", "/tmp/by_stat_link"));
	ASSERT_EQ(0, prepare(&c, "/tmp/by_stat_link", &region, sizeof(region)));
	ASSERT_CHOSEN(B, &c);
	region.want.at_flags = AT_SYMLINK_NOFOLLOW;
	region.want.type = S_IFLNK;
	ASSERT_CHOSEN(A, &c);
	unlink("/tmp/by_stat_link");
}

TEST_F(by_stat, descriptor_alone)
{
	struct chain c;

	LIBRARY_ATTACH(by_stat);
	ASSERT_EQ(0, write_file(FILE_PATH, "x"));
	ASSERT_EQ(0, prepare(&c, "", &region, sizeof(region)));
	region.want.dfd = open(FILE_PATH, O_RDONLY);
	region.want.at_flags = AT_EMPTY_PATH;
	region.want.min_size = 1;
	ASSERT_CHOSEN(A, &c);
}

TEST_F(by_stat, what_cannot_be_seen_is_not_missing)
{
	struct chain c;

	LIBRARY_ATTACH(by_stat);
	ASSERT_EQ(0, symlink("by_stat_loop", "/tmp/by_stat_loop"));
	ASSERT_EQ(0, prepare(&c, "/tmp/by_stat_loop", &region, sizeof(region)));
	ASSERT_OUTCOME(&self->ring, &c, -ELOOP, 0);
	unlink("/tmp/by_stat_loop");
	EXPECT_EQ(-ELOOP, region.report.error);
	EXPECT_EQ(0, region.report.chosen);

	ASSERT_EQ(0, prepare(&c, (char *)4096, &region, sizeof(region)));
	ASSERT_OUTCOME(&self->ring, &c, -EFAULT, 0);
	EXPECT_TRUE(no_child_left());
}

TEST_F(by_stat, program_missing_enoent)
{
	struct chain c;

	LIBRARY_ATTACH(by_stat);
	ASSERT_EQ(0, prepare(&c, "/tmp", &region, sizeof(region)));
	c.sqe[1].addr = U64("/no/such/program");
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 0);
	EXPECT_EQ(-ENOENT, region.report.error);
	EXPECT_EQ(1, region.report.chosen);
}

TEST_F(by_stat, bad_regions_are_told_apart)
{
	struct chain c;

	LIBRARY_ATTACH(by_stat);
	ASSERT_EQ(0, prepare(&c, "/tmp", &region, sizeof(region) - 1));
	ASSERT_OUTCOME(&self->ring, &c, -ERANGE, 0);
	ASSERT_EQ(0, prepare(&c, "/tmp", (void *)4096, sizeof(region)));
	ASSERT_OUTCOME(&self->ring, &c, -EFAULT, 0);
	ASSERT_EQ(0, prepare(&c, "/tmp", &region, sizeof(region)));
	c.nr = 1;
	ASSERT_OUTCOME(&self->ring, &c, -ERANGE, 0);
}

TEST_MAIN
