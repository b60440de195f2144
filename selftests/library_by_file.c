// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy by_file: scripts and programs, short files, FIFOs, and no descriptor left over. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "lib/library.h"
#include "targets/report.h"
#include "testing/by_file.h"
#include "testing/by_file.skel.h"

LIBRARY_FIXTURE(by_file)

#define FILE_PATH	"/tmp/by_file"
#define A		40	/* what the programs exit with */
#define B		41

static struct by_file_arg region;
static struct coded program[2];

static int prepare(struct chain *c, const char *path, const char *prefix, int fd)
{
	int i, err = 0;

	for (i = 0; i < 2 && !err; i++)
		err = coded_init(&program[i], fd, A + i);
	memset(&region, 0, sizeof(region));
	region.want.path = U64(path);
	region.want.dfd = AT_FDCWD;
	region.want.len = strlen(prefix);
	memcpy(region.prefix, prefix, strlen(prefix));
	policy_chain(c, &region, sizeof(region));
	for (i = 0; i < 2; i++)
		chain_exec(c, program[i].path, program[i].argv);
	return err;
}

static int null_fd(void)
{
	return open("/dev/null", O_WRONLY);
}

#define ASSERT_CHOSEN(code, c) do {					\
	EXPECT_EQ(code, wait_exit(ASSERT_EXECED(&self->ring, c)));	\
	EXPECT_EQ((code) - A + 1, region.report.chosen);		\
	EXPECT_EQ(0, region.report.error);				\
} while (0)

TEST_F(by_file, script_or_elf)
{
	char path[256];
	struct chain c;

	LIBRARY_ATTACH(by_file);
	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, write_file(FILE_PATH, "#!/bin/sh\n"));
	ASSERT_EQ(0, prepare(&c, FILE_PATH, "#!", null_fd()));
	ASSERT_CHOSEN(A, &c);
	EXPECT_EQ(2, region.report.res);
	ASSERT_EQ(0, prepare(&c, path, "#!", null_fd()));
	ASSERT_CHOSEN(B, &c);
	ASSERT_EQ(0, prepare(&c, path, "\177ELF", null_fd()));
	ASSERT_CHOSEN(A, &c);
}

TEST_F(by_file, short_empty_and_missing)
{
	struct chain c;

	LIBRARY_ATTACH(by_file);
	ASSERT_EQ(0, write_file(FILE_PATH, "#"));
	ASSERT_EQ(0, prepare(&c, FILE_PATH, "#!", null_fd()));
	ASSERT_CHOSEN(B, &c);
	EXPECT_EQ(1, region.report.res);
	ASSERT_EQ(0, write_file(FILE_PATH, ""));
	ASSERT_CHOSEN(B, &c);
	region.want.len = 0;
	ASSERT_CHOSEN(A, &c);
	ASSERT_EQ(0, prepare(&c, "/no/such/file", "#!", null_fd()));
	ASSERT_CHOSEN(B, &c);
	EXPECT_EQ(-ENOENT, region.report.res);
}

TEST_F(by_file, longest_prefix)
{
	char text[BY_FILE_MAX + 2];
	struct chain c;

	LIBRARY_ATTACH(by_file);
	memset(text, 'x', BY_FILE_MAX + 1);
	text[BY_FILE_MAX + 1] = '\0';
	ASSERT_EQ(0, write_file(FILE_PATH, text));
	text[BY_FILE_MAX] = '\0';
	ASSERT_EQ(0, prepare(&c, FILE_PATH, text, null_fd()));
	ASSERT_CHOSEN(A, &c);
	text[BY_FILE_MAX - 1] = 'y';
	ASSERT_EQ(0, prepare(&c, FILE_PATH, text, null_fd()));
	ASSERT_CHOSEN(B, &c);
}

TEST_F(by_file, program_does_not_get_the_descriptor)
{
	struct report r;
	struct chain c;
	int fds[2];

	LIBRARY_ATTACH(by_file);
	ASSERT_EQ(0, write_file(FILE_PATH, "#!"));
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	ASSERT_EQ(0, prepare(&c, FILE_PATH, "#!", 7));
	c.clone.rw_flags = IORING_CLONE_NO_FILES;
	c.args.fds = U64((&(struct io_uring_clone_fd){ .fd = fds[1], .target = 7 }));
	c.args.nr_fds = 1;
	ASSERT_CHOSEN(A, &c);
	ASSERT_EQ(sizeof(r), read(fds[0], &r, sizeof(r)));
	EXPECT_EQ(1ULL << 7, r.fds);
}

TEST_F(by_file, fifo_without_a_writer_blocks_nobody)
{
	struct chain c;

	LIBRARY_ATTACH(by_file);
	unlink("/tmp/by_file_fifo");
	ASSERT_EQ(0, mkfifo("/tmp/by_file_fifo", 0600));
	ASSERT_EQ(0, prepare(&c, "/tmp/by_file_fifo", "#!", null_fd()));
	ASSERT_CHOSEN(B, &c);
	EXPECT_EQ(0, region.report.res);
	unlink("/tmp/by_file_fifo");
}

TEST_F(by_file, errors_end_it)
{
	struct chain c;

	LIBRARY_ATTACH(by_file);
	ASSERT_EQ(0, prepare(&c, "/tmp", "#!", null_fd()));
	ASSERT_OUTCOME(&self->ring, &c, -EISDIR, 0);
	EXPECT_EQ(-EISDIR, region.report.error);
	EXPECT_EQ(-EISDIR, region.report.res);
	EXPECT_EQ(0, region.report.chosen);

	ASSERT_EQ(0, write_file(FILE_PATH, "#!"));
	ASSERT_EQ(0, prepare(&c, FILE_PATH, "#!", null_fd()));
	c.sqe[1].addr = U64("/no/such/program");
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 0);
	EXPECT_EQ(1, region.report.chosen);
	EXPECT_TRUE(no_child_left());
}

TEST_F(by_file, bad_regions_are_told_apart)
{
	struct chain c;

	LIBRARY_ATTACH(by_file);
	ASSERT_EQ(0, prepare(&c, FILE_PATH, "#!", null_fd()));
	region.want.len = BY_FILE_MAX + 1;
	ASSERT_OUTCOME(&self->ring, &c, -EINVAL, 0);
	region.want.len = 2;
	c.sqe[0].len--;
	ASSERT_OUTCOME(&self->ring, &c, -ERANGE, 0);
	c.sqe[0].addr = 4096;
	ASSERT_OUTCOME(&self->ring, &c, -EFAULT, 0);
}

TEST_MAIN
