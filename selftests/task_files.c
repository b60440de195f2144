// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Attributes DUP, OPEN, CLOSE_RANGE, CHDIR, CHROOT and UMASK do what their system calls do. A line
 * is a case: its name, what the system call returns, who does it, what is set.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include "lib/fixture.h"
#include "lib/attr.h"

#define BAD	((void *)8)
#define NOFILE	RLIMIT_NOFILE

TEST(dup_is_dup2)
{
	struct attr_case cases[] = {
		{ "onto a free number", FREE_FD, NULL, { DUP(FILE_FD, FREE_FD) } },
		{ "onto an open one", DIR_FD, NULL, { DUP(FILE_FD, DIR_FD) } },
		{ "onto standard input", 0, NULL, { DUP(DIR_FD, 0) } },
		{ "of a close-on-exec one", FREE_FD, NULL, { DUP(CLOEXEC_FD, FREE_FD) } },
		{ "onto itself", FILE_FD, NULL, { DUP(FILE_FD, FILE_FD) } },
		{ "onto itself, inheritable", CLOEXEC_FD, NULL, { DUP(CLOEXEC_FD, CLOEXEC_FD) } },
		{ "of O_PATH", FREE_FD, NULL, { DUP(PATH_FD, FREE_FD) } },
		{ "onto the ring", RING_FD, NULL, { DUP(FILE_FD, RING_FD) } },
		{ "of a copy", 21, NULL, { DUP(FILE_FD, 20), DUP(20, 21) } },
		{ "swap", CLOEXEC_FD, NULL,
		  { DUP(FILE_FD, 20), DUP(CLOEXEC_FD, FILE_FD), DUP(20, CLOEXEC_FD) } },
		{ "close-on-exec", FREE_FD, NULL, { DUP(FILE_FD, FREE_FD, .flags = O_CLOEXEC) } },
		{ "close-on-exec, onto an open one", DIR_FD, NULL,
		  { DUP(FILE_FD, DIR_FD, .flags = O_CLOEXEC) } },
		{ "onto itself, close-on-exec", DIR_FD, NULL,
		  { DUP(DIR_FD, DIR_FD, .flags = O_CLOEXEC) } },
		{ "onto itself, flag that is none", -EINVAL, NULL,
		  { DUP(2, 2, .flags = O_NONBLOCK) } },
		{ "of a closed one", -EBADF, NULL, { DUP(FREE_FD, 20) } },
		{ "of a negative one", -EBADF, NULL, { DUP(-1, 20) } },
		{ "of AT_FDCWD", -EBADF, NULL, { DUP(AT_FDCWD, 20) } },
		{ "onto a negative one", -EBADF, NULL, { DUP(FILE_FD, -1) } },
		{ "a closed one onto itself", -EBADF, NULL, { DUP(FREE_FD, FREE_FD) } },
		{ "above the limit", -EBADF, NULL, { RLIMIT(NOFILE, 32, 64), DUP(FILE_FD, 32) } },
		{ "below the limit", 31, NULL, { RLIMIT(NOFILE, 32, 64), DUP(FILE_FD, 31) } },
		{ "flag that is none", -EINVAL, NULL, { DUP(FILE_FD, 20, .flags = O_NONBLOCK) } },
	};

	EXPECT_ALL_EQUAL(cases);
}

TEST(open_is_open_and_dup2)
{
	char toolong[4200];
	struct attr_case cases[] = {
		{ "to read", FREE_FD, NULL, { OPEN(AT_FDCWD, "file", O_RDONLY, 0, FREE_FD) } },
		{ "onto an open one", DIR_FD, NULL, { OPEN(AT_FDCWD, "file", O_RDWR, 0, DIR_FD) } },
		{ "onto standard input", 0, NULL, { OPEN(AT_FDCWD, "file", O_RDONLY, 0, 0) } },
		{ "onto the ring", RING_FD, NULL, { OPEN(AT_FDCWD, "file", O_RDWR, 0, RING_FD) } },
		{ "from a directory", FREE_FD, NULL, { OPEN(DIR_FD, "inside", O_RDONLY, 0, 18) } },
		{ "from O_PATH", FREE_FD, NULL, { OPEN(PATH_FD, "inside", O_RDONLY, 0, 18) } },
		{ "close-on-exec", 18, NULL, { OPEN(AT_FDCWD, "file", O_CLOEXEC, 0, 18) } },
		{ "close-on-exec, onto an open one", DIR_FD, NULL,
		  { OPEN(AT_FDCWD, "file", O_CLOEXEC, 0, DIR_FD) } },
		{ "close-on-exec goes", CLOEXEC_FD, NULL,
		  { OPEN(AT_FDCWD, "file", O_RDONLY, 0, CLOEXEC_FD) } },
		{ "a new file", 18, NULL, { OPEN(AT_FDCWD, "new", O_CREAT | O_RDWR, 0666, 18) } },
		{ "a new file under a mask", 18, NULL,
		  { UMASK(077), OPEN(AT_FDCWD, "new", O_CREAT | O_EXCL | O_RDWR, 0777, 18) } },
		{ "a new set-uid file", 18, NULL,
		  { OPEN(AT_FDCWD, "new", O_CREAT | O_EXCL | O_RDWR, 06755, 18) } },
		{ "no name", 18, NULL, { OPEN(AT_FDCWD, ".", O_TMPFILE | O_RDWR, 0600, 18) } },
		{ "to truncate", 18, NULL, { OPEN(AT_FDCWD, "file", O_TRUNC | O_WRONLY, 0, 18) } },
		{ "to append", 18, NULL, { OPEN(AT_FDCWD, "file", O_APPEND | O_WRONLY, 0, 18) } },
		{ "O_PATH", 18, NULL, { OPEN(AT_FDCWD, "link", O_PATH | O_NOFOLLOW, 0, 18) } },
		{ "mode without O_CREAT", 18, NULL,
		  { OPEN(AT_FDCWD, "file", O_RDONLY, 07777, 18) } },
		{ "flag unknown to open(2)", 18, NULL, { OPEN(AT_FDCWD, "file", 1 << 30, 0, 18) } },
		{ "its own path", 18, as_nobody, { OPEN(AT_FDCWD, "file", O_RDONLY, 0, 18) } },
		{ "after CHDIR", 18, NULL,
		  { CHDIR(AT_FDCWD, "dir"), OPEN(AT_FDCWD, "inside", O_RDONLY, 0, 18) } },
		{ "missing", -ENOENT, NULL, { OPEN(AT_FDCWD, "missing", O_RDONLY, 0, 18) } },
		{ "empty", -ENOENT, NULL, { OPEN(AT_FDCWD, "", O_RDONLY, 0, 18) } },
		{ "not ours", -EACCES, as_nobody, { OPEN(AT_FDCWD, "secret", O_RDONLY, 0, 18) } },
		{ "no capability", -EACCES, as_nobody,
		  { OPEN(CLOSED_FD, "new", O_CREAT, 0600, 18) } },
		{ "there", -EEXIST, NULL, { OPEN(AT_FDCWD, "file", O_CREAT | O_EXCL, 0600, 18) } },
		{ "directory", -EISDIR, NULL, { OPEN(AT_FDCWD, "dir", O_RDWR, 0, 18) } },
		{ "no directory", -ENOTDIR, NULL, { OPEN(FILE_FD, "inside", O_RDONLY, 0, 18) } },
		{ "O_DIRECTORY", -ENOTDIR, NULL, { OPEN(AT_FDCWD, "file", O_DIRECTORY, 0, 18) } },
		{ "link", -ELOOP, NULL, { OPEN(AT_FDCWD, "link", O_NOFOLLOW, 0, 18) } },
		{ "loop", -ELOOP, NULL, { OPEN(AT_FDCWD, "loop", O_RDONLY, 0, 18) } },
		{ "too long", -ENAMETOOLONG, NULL, { OPEN(AT_FDCWD, toolong, O_RDONLY, 0, 18) } },
		{ "bad path", -EFAULT, NULL, { OPEN(AT_FDCWD, BAD, O_RDONLY, 0, 18) } },
		{ "closed directory", -EBADF, NULL, { OPEN(20, "inside", O_RDONLY, 0, 18) } },
		{ "above the limit", -EBADF, NULL,
		  { RLIMIT(NOFILE, 32, 64), OPEN(AT_FDCWD, "file", O_RDONLY, 0, 32) } },
		{ "far too high", -EBADF, NULL, { OPEN(AT_FDCWD, "file", O_RDONLY, 0, 1 << 30) } },
		{ "negative", -EBADF, NULL, { OPEN(AT_FDCWD, "file", O_RDONLY, 0, (__u32)-1) } },
		{ "O_TMPFILE to read", -EINVAL, NULL,
		  { OPEN(AT_FDCWD, ".", O_TMPFILE, 0600, 18) } },
		{ "O_CREAT of a directory", -EINVAL, NULL,
		  { OPEN(AT_FDCWD, "new", O_CREAT | O_DIRECTORY, 0600, 18) } },
	};

	memset(toolong, 'a', sizeof(toolong));
	toolong[sizeof(toolong) - 1] = '\0';
	EXPECT_ALL_EQUAL(cases);
}

TEST(close_range_is_close_range)
{
	struct attr_case cases[] = {
		{ "one", 0, NULL, { CLOSE_RANGE(FILE_FD, FILE_FD, 0) } },
		{ "one that is closed", 0, NULL, { CLOSE_RANGE(20, 20, 0) } },
		{ "some", 0, NULL, { CLOSE_RANGE(FILE_FD, RING_FD, 0) } },
		{ "the ring", 0, NULL, { CLOSE_RANGE(RING_FD, RING_FD, 0) } },
		{ "standard input", 0, NULL, { CLOSE_RANGE(0, 0, 0) } },
		{ "all", 0, NULL, { CLOSE_RANGE(0, ~0U, 0) }, .exec = -EBADF },
		{ "from a number no table has", 0, NULL, { CLOSE_RANGE(1 << 20, ~0U, 0) } },
		{ "at exec", 0, NULL, { CLOSE_RANGE(FILE_FD, RING_FD, CLOSE_RANGE_CLOEXEC) } },
		{ "all at exec", 0, NULL, { CLOSE_RANGE(0, ~0U, CLOSE_RANGE_CLOEXEC) } },
		{ "of its own", 0, NULL, { CLOSE_RANGE(FILE_FD, 12, CLOSE_RANGE_UNSHARE) } },
		{ "both flags", 0, NULL,
		  { CLOSE_RANGE(FILE_FD, 12, CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) } },
		{ "then one again", 20, NULL,
		  { CLOSE_RANGE(CLOEXEC_FD, RING_FD, 0), DUP(FILE_FD, 20) } },
		{ "at exec, but one", DIR_FD, NULL,
		  { CLOSE_RANGE(FILE_FD, RING_FD, CLOSE_RANGE_CLOEXEC), DUP(DIR_FD, DIR_FD) } },
		{ "backwards", -EINVAL, NULL, { CLOSE_RANGE(12, 11, 0) } },
		{ "flag that is none", -EINVAL, NULL, { CLOSE_RANGE(12, 13, 1) } },
	};

	EXPECT_ALL_EQUAL(cases);
}

TEST(chdir_is_chdir_and_fchdir)
{
	struct attr_case cases[] = {
		{ "relative", 0, NULL, { CHDIR(AT_FDCWD, "dir") } },
		{ "absolute", 0, NULL, { CHDIR(AT_FDCWD, "/") } },
		{ "absolute, no directory needed", 0, NULL, { CHDIR(20, "/") } },
		{ "from a directory", 0, NULL, { CHDIR(DIR_FD, ".") } },
		{ "from O_PATH", 0, NULL, { CHDIR(PATH_FD, "../closed") } },
		{ "to a descriptor", 0, NULL, { CHDIR(DIR_FD, NULL) } },
		{ "to O_PATH", 0, NULL, { CHDIR(PATH_FD, NULL) } },
		{ "there and back", 0, NULL, { CHDIR(AT_FDCWD, "dir"), CHDIR(AT_FDCWD, "..") } },
		{ "missing", -ENOENT, NULL, { CHDIR(AT_FDCWD, "missing") } },
		{ "empty", -ENOENT, NULL, { CHDIR(DIR_FD, "") } },
		{ "file", -ENOTDIR, NULL, { CHDIR(AT_FDCWD, "file") } },
		{ "from a file", -ENOTDIR, NULL, { CHDIR(FILE_FD, "inside") } },
		{ "to a file's descriptor", -ENOTDIR, NULL, { CHDIR(FILE_FD, NULL) } },
		{ "closed to us", -EACCES, as_nobody, { CHDIR(AT_FDCWD, "closed") } },
		{ "closed to us, by descriptor", -EACCES, as_nobody, { CHDIR(CLOSED_FD, NULL) } },
		{ "closed descriptor", -EBADF, NULL, { CHDIR(20, NULL) } },
		{ "AT_FDCWD as a descriptor", -EBADF, NULL, { CHDIR(AT_FDCWD, NULL) } },
		{ "from a closed descriptor", -EBADF, NULL, { CHDIR(20, "dir") } },
		{ "loop", -ELOOP, NULL, { CHDIR(AT_FDCWD, "loop") } },
		{ "bad path", -EFAULT, NULL, { CHDIR(AT_FDCWD, BAD) } },
	};

	EXPECT_ALL_EQUAL(cases);
}

TEST(chroot_is_chroot)
{
	struct attr_case cases[] = {
		{ "relative", 0, NULL, { CHROOT(AT_FDCWD, "dir") } },
		{ "here", 0, NULL, { CHROOT(AT_FDCWD, ".") } },
		{ "absolute", 0, NULL, { CHROOT(AT_FDCWD, "/tmp") } },
		{ "from a directory", 0, NULL, { CHROOT(DIR_FD, ".") } },
		{ "from O_PATH", 0, NULL, { CHROOT(PATH_FD, "..") } },
		{ "and go there", 0, NULL, { CHROOT(AT_FDCWD, "dir"), CHDIR(AT_FDCWD, "/") } },
		{ "before it is given up", 0, NULL,
		  { CHROOT(AT_FDCWD, "dir"), UID(NOBODY, NOBODY, NOBODY) } },
		{ "after it is given up", -EPERM, NULL,
		  { UID(NOBODY, NOBODY, NOBODY), CHROOT(AT_FDCWD, "dir") } },
		{ "as nobody", -EPERM, as_nobody, { CHROOT(AT_FDCWD, "dir") } },
		{ "as root without capabilities", -EPERM, as_root_without_caps,
		  { CHROOT(AT_FDCWD, "dir") } },
		{ "closed to us", -EACCES, as_nobody, { CHROOT(AT_FDCWD, "closed") } },
		{ "missing", -ENOENT, NULL, { CHROOT(AT_FDCWD, "missing") } },
		{ "empty", -ENOENT, NULL, { CHROOT(DIR_FD, "") } },
		{ "file", -ENOTDIR, NULL, { CHROOT(AT_FDCWD, "file") } },
		{ "from a closed descriptor", -EBADF, NULL, { CHROOT(20, "dir") } },
		{ "loop", -ELOOP, NULL, { CHROOT(AT_FDCWD, "loop") } },
		{ "bad path", -EFAULT, NULL, { CHROOT(AT_FDCWD, BAD) } },
		{ "no path", -EFAULT, NULL, { CHROOT(AT_FDCWD, NULL) } },
	};

	EXPECT_ALL_EQUAL(cases);
}

TEST(umask_is_umask_and_answers_the_old_one)
{
	struct attr_case cases[] = {
		{ "to nothing", 022, NULL, { UMASK(0) } },
		{ "to everything", 022, NULL, { UMASK(0777) } },
		{ "more than there is", 0777, NULL, { UMASK(~0U), UMASK(022) } },
		{ "twice", 027, NULL, { UMASK(027), UMASK(022) } },
	};

	EXPECT_ALL_EQUAL(cases);
}

/* Files can be opened, to read. */
static void under_landlock(struct attr_case *c)
{
	struct landlock_ruleset_attr attr = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
				     LANDLOCK_ACCESS_FS_MAKE_REG,
	};
	int fd = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

	if (fd < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_landlock_restrict_self, fd, 0))
		perror("# Landlock");
	close(fd);
}

/* As an example of a security module. */
TEST(landlock_holds_for_open)
{
	struct attr_case cases[] = {
		{ "allowed", 18, under_landlock, { OPEN(AT_FDCWD, "file", O_RDONLY, 0, 18) } },
		{ "to write", -EACCES, under_landlock,
		  { OPEN(AT_FDCWD, "file", O_WRONLY, 0, 18) } },
		{ "directory", -EACCES, under_landlock,
		  { OPEN(AT_FDCWD, "dir", O_RDONLY, 0, 18) } },
		{ "new", -EACCES, under_landlock, { OPEN(AT_FDCWD, "new", O_CREAT, 0600, 18) } },
	};

	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 0)
		SKIP(return, "a kernel without Landlock");
	EXPECT_ALL_EQUAL(cases);
}

/* dup2 of an opened file needs a second number for a moment; the attribute does not. */
TEST(open_works_when_all_other_numbers_are_taken)
{
	struct io_uring ring;
	struct attr full[] = {
		RLIMIT(NOFILE, 3, 3), OPEN(AT_FDCWD, "/", O_RDONLY, 0, 2),
		OPEN(AT_FDCWD, "/", O_RDONLY, 0, 3),
	};
	struct chain c;
	unsigned int i;

	ASSERT_EQ(0, ring_init(&ring, 0));
	chain_init(&c, true, IORING_CLONE_DEFER);
	for (i = 0; i < ARRAY_SIZE(full); i++)
		attr_sqe(chain_add(&c), &full[i]);
	chain_link(&c, IOSQE_IO_HARDLINK);
	ASSERT_EQ(0, chain_submit(&ring, &c));
	ASSERT_CQE(&ring, 0, 0);
	ASSERT_CQE(&ring, 1, 2);
	ASSERT_CQE(&ring, 2, -EBADF);
	ASSERT_CQE(&ring, UD_CLONE, -EBADF);
	io_uring_queue_exit(&ring);
}

TEST_MAIN
