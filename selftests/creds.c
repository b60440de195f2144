// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Credentials dropped in a chain hold for every later op of it, punted or not; what a program
 * makes of them is what it makes of those of an ordinary process.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "lib/fixture.h"
#include "lib/attr.h"

CHAIN_FIXTURE_2(creds)

#define KEEP	(~0U)
#define DROP	GROUPS(NULL, 0), GID(NOBODY, NOBODY, NOBODY), UID(NOBODY, NOBODY, NOBODY)

static char dir[32];

/* A directory for everybody, and a closed one in it. */
static int make_directory(void)
{
	strcpy(dir, "/tmp/creds-XXXXXX");
	return !mkdtemp(dir) || chmod(dir, 0777) || chdir(dir) || mkdir("closed", 0700) ||
	       mkdir("closed/full", 0700) || write_file("closed/file", "x") ||
	       write_file("roots", "x") || chmod("roots", 0600);
}

static void remove_directory(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	if (chdir("/") || system(command))
		perror(dir);
}

static long owner(const char *name)
{
	struct stat st;

	return lstat(name, &st) ? -1 : (long)st.st_uid << 32 | st.st_gid;
}

#define ROOTS	0L
#define NOBODYS	((long)NOBODY << 32 | NOBODY)

static void add(struct chain *c, const struct attr *steps, unsigned int nr)
{
	while (nr--)
		attr_sqe(chain_add(c), steps++);
}

#define ADD(c, ...) do {							\
	struct attr __steps[] = { __VA_ARGS__ };				\
	add(c, __steps, ARRAY_SIZE(__steps));					\
} while (0)

static void number(struct chain *c)
{
	unsigned int i;

	for (i = 0; i < c->nr; i++)
		c->sqe[i].user_data = i;
}

/* All of these are punted: the task runs them later than it looks at the SQE. */
static void chain_of_owners(struct chain *c, bool array, __u8 flags)
{
	unsigned int i;

	chain_init(c, array, 0);
	io_uring_prep_openat(chain_add(c), AT_FDCWD, "before", O_CREAT | O_WRONLY, 0600);
	io_uring_prep_mkdirat(chain_add(c), AT_FDCWD, "dir_before", 0700);
	ADD(c, DROP);
	io_uring_prep_openat(chain_add(c), AT_FDCWD, "after", O_CREAT | O_WRONLY, 0600);
	io_uring_prep_mkdirat(chain_add(c), AT_FDCWD, "dir_after", 0700);
	io_uring_prep_symlinkat(chain_add(c), "nowhere", AT_FDCWD, "link_after");
	chain_nop(c, 0);
	number(c);
	for (i = 0; i < c->nr; i++)
		c->sqe[i].flags |= flags;
	c->sqe[c->nr - 1].flags &= IOSQE_ASYNC;
}

TEST_F(creds, hold_for_every_later_op_soft_hard_and_async)
{
	static const __u8 flags[] = {
		IOSQE_IO_LINK, IOSQE_IO_HARDLINK, IOSQE_IO_LINK | IOSQE_ASYNC,
		IOSQE_IO_HARDLINK | IOSQE_ASYNC,
	};
	struct chain c;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		ASSERT_EQ(0, make_directory());
		chain_of_owners(&c, variant->array, flags[i]);
		ASSERT_OUTCOME(&self->ring, &c, 0, 0);
		EXPECT_EQ(ROOTS, owner("before"));
		EXPECT_EQ(ROOTS, owner("dir_before"));
		EXPECT_EQ(NOBODYS, owner("after"));
		EXPECT_EQ(NOBODYS, owner("dir_after"));
		EXPECT_EQ(NOBODYS, owner("link_after"));
		EXPECT_EQ(0, geteuid());
		remove_directory();
	}
}

/* What root could do a moment ago. */
TEST_F(creds, later_op_on_what_is_roots_eacces)
{
	static struct statx stx;
	unsigned int i, first;
	struct chain c;
	int fd;

	ASSERT_EQ(0, make_directory());
	fd = open("closed", O_PATH | O_DIRECTORY);
	ASSERT_LE(0, fd);
	chain_init(&c, variant->array, 0);
	io_uring_prep_openat(chain_add(&c), AT_FDCWD, "closed/made", O_CREAT | O_WRONLY, 0600);
	io_uring_prep_openat(chain_add(&c), AT_FDCWD, "roots", O_RDONLY, 0);
	ADD(&c, DROP);
	first = c.nr;
	io_uring_prep_openat(chain_add(&c), AT_FDCWD, "roots", O_RDONLY, 0);
	io_uring_prep_openat(chain_add(&c), AT_FDCWD, "closed/after", O_CREAT | O_WRONLY, 0600);
	io_uring_prep_openat(chain_add(&c), fd, "after", O_CREAT | O_WRONLY, 0600);
	io_uring_prep_mkdirat(chain_add(&c), AT_FDCWD, "closed/dir", 0700);
	io_uring_prep_unlinkat(chain_add(&c), AT_FDCWD, "closed/file", 0);
	io_uring_prep_renameat(chain_add(&c), AT_FDCWD, "closed/file", AT_FDCWD, "stolen", 0);
	io_uring_prep_linkat(chain_add(&c), AT_FDCWD, "closed/file", AT_FDCWD, "stolen", 0);
	io_uring_prep_symlinkat(chain_add(&c), "x", AT_FDCWD, "closed/link");
	io_uring_prep_statx(chain_add(&c), AT_FDCWD, "closed/file", 0, STATX_ALL, &stx);
	chain_exec(&c, "closed/file", (char *[]){ "file", NULL });
	ADD(&c, OPEN(AT_FDCWD, "roots", O_RDONLY, 0, 50));
	ADD(&c, CHDIR(AT_FDCWD, "closed"));
	number(&c);
	chain_link(&c, IOSQE_IO_HARDLINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	for (i = 0; i < c.nr; i++) {
		struct io_uring_cqe cqe = {};

		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		ASSERT_EQ(i, cqe.user_data);
		EXPECT_TRUE(i < first ? cqe.res >= 0 : cqe.res == -EACCES) {
			TH_LOG("SQE %u: %d", i, cqe.res);
		}
	}
	EXPECT_EQ(ROOTS, owner("closed/made"));
	EXPECT_EQ(-1, owner("stolen"));
	close(fd);
	remove_directory();
}

/* A file opened before is as good afterwards as it is to a process that drops privileges. */
TEST_F(creds, descriptor_of_before_stays_usable)
{
	struct chain c;
	char byte = 0;
	int fd;

	ASSERT_EQ(0, make_directory());
	fd = open("roots", O_RDONLY);
	ASSERT_LE(0, fd);
	chain_init(&c, variant->array, 0);
	ADD(&c, DROP);
	chain_read(&c, fd, &byte, 1);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ('x', byte);
	close(fd);
	remove_directory();
}

/* ids: only the effective one, taken back in between */
TEST_F(creds, taken_back_they_hold_too)
{
	struct chain c;

	ASSERT_EQ(0, make_directory());
	chain_init(&c, variant->array, 0);
	ADD(&c, UID(KEEP, NOBODY, KEEP));
	io_uring_prep_openat(chain_add(&c), AT_FDCWD, "nobodys", O_CREAT | O_WRONLY, 0600);
	ADD(&c, UID(KEEP, 0, KEEP));
	io_uring_prep_openat(chain_add(&c), AT_FDCWD, "closed/roots", O_CREAT | O_WRONLY, 0600);
	ADD(&c, GID(KEEP, 7, KEEP));
	io_uring_prep_openat(chain_add(&c), AT_FDCWD, "of7", O_CREAT | O_WRONLY, 0600);
	number(&c);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ((long)NOBODY << 32, owner("nobodys"));
	EXPECT_EQ(ROOTS, owner("closed/roots"));
	EXPECT_EQ(7, owner("of7"));
	remove_directory();
}

/* One spawn's credentials are not the next one's, which gets the same recycled ring. */
TEST_F(creds, next_spawn_has_the_submitters)
{
	unsigned int i, n = rounds(200);
	struct chain c;

	ASSERT_EQ(0, make_directory());
	for (i = 0; i < n; i++) {
		chain_init(&c, variant->array, 0);
		io_uring_prep_openat(chain_add(&c), AT_FDCWD, "closed/made", O_CREAT | O_WRONLY,
				     0600);
		ADD(&c, DROP);
		number(&c);
		chain_link(&c, IOSQE_IO_LINK);
		ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	}
	remove_directory();
}

static void dumpable_off(struct attr_case *c)
{
	prctl(PR_SET_DUMPABLE, 0);
}

static void keepcaps_nobody(struct attr_case *c)
{
	prctl(PR_SET_KEEPCAPS, 1);
	as_nobody(c);
}

static void inheritable_caps(struct attr_case *c)
{
	prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP);
}

static void process_of_nobody(struct attr_case *c)
{
	attr_helper(as_nobody);
}

TEST(program_has_what_setresuid_leaves)
{
	struct attr_case cases[] = {
		{ "dropped", 0, NULL, { DROP } },
		{ "only the effective uid", 0, NULL, { UID(KEEP, NOBODY, KEEP) } },
		{ "all but the saved uid", 0, NULL, { UID(NOBODY, NOBODY, 0) } },
		{ "all but the real uid", 0, NULL, { UID(KEEP, NOBODY, NOBODY) } },
		{ "keepcaps", 0, NULL,
		  { PRCTL(PR_SET_KEEPCAPS, 1), UID(NOBODY, NOBODY, NOBODY) } },
		{ "keepcaps, then what takes a capability", 0, NULL,
		  { PRCTL(PR_SET_KEEPCAPS, 1), UID(NOBODY, KEEP, NOBODY), GROUPS(NULL, 0) } },
		{ "keepcaps of the submitter", 0, keepcaps_nobody,
		  { UID(NOBODY, NOBODY, NOBODY) } },
		{ "no setuid fixup", 0, NULL,
		  { PRCTL(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP), UID(NOBODY, NOBODY, NOBODY),
		    CHROOT(AT_FDCWD, ".") } },
		{ "no setuid fixup of the submitter", 0, inheritable_caps,
		  { UID(NOBODY, NOBODY, NOBODY), CHROOT(AT_FDCWD, ".") } },
		{ "no root", 0, NULL, { PRCTL(PR_SET_SECUREBITS, SECBIT_NOROOT) } },
		{ "the application not dumpable", 0, dumpable_off, { DROP } },
		{ "nobody to nobody", 0, as_nobody, { UID(NOBODY, NOBODY, NOBODY) } },
	};

	EXPECT_ALL_EQUAL(cases);
}

#define SETUID	.mode = 04755
#define SETGID	.mode = 02755
#define SECRET	.mode = 0711

TEST(set_uid_program_gains_and_does_not)
{
	struct attr_case cases[] = {
		{ "after UID", 0, NULL, { DROP }, SETUID },
		{ "set-gid after GID", 0, NULL, { DROP }, SETGID },
		{ "both", 0, NULL, { DROP }, .mode = 06755 },
		{ "no_new_privs", 0, NULL, { PRCTL(PR_SET_NO_NEW_PRIVS, 1), DROP }, SETUID },
		{ "no_new_privs afterwards", 0, NULL,
		  { DROP, PRCTL(PR_SET_NO_NEW_PRIVS, 1) }, SETUID },
		{ "no_new_privs, set-gid", 0, NULL,
		  { DROP, PRCTL(PR_SET_NO_NEW_PRIVS, 1) }, SETGID },
		{ "no_new_privs, nobody", 0, as_nobody, { PRCTL(PR_SET_NO_NEW_PRIVS, 1) }, SETUID },
		{ "no root", 0, NULL, { PRCTL(PR_SET_SECUREBITS, SECBIT_NOROOT), DROP }, SETUID },
		{ "pdeathsig", 0, NULL, { DROP, PRCTL(PR_SET_PDEATHSIG, SIGUSR1) }, SETUID },
		{ "mask and dispositions", 0, NULL, { DROP, SIGMASK(0x3000, 2) }, SETUID },
		{ "program nobody may read", 0, NULL, { DROP }, SECRET },
		{ "program nobody may run", 0, NULL, { DROP }, .mode = 0700, .exec = -EACCES },
	};

	EXPECT_ALL_EQUAL(cases);
}

TEST(process_limit_of_the_new_user_holds)
{
	struct attr_case cases[] = {
		{ "less than there are", 0, process_of_nobody,
		  { RLIMIT(RLIMIT_NPROC, 0, 0), DROP }, .exec = -EAGAIN },
		{ "lowered afterwards", 0, process_of_nobody,
		  { DROP, RLIMIT(RLIMIT_NPROC, 0, 0) } },
		{ "as many as there are", 0, process_of_nobody,
		  { RLIMIT(RLIMIT_NPROC, 1, 1), DROP } },
		{ "none, and there are none", 0, NULL, { RLIMIT(RLIMIT_NPROC, 0, 0), DROP } },
		{ "of root", 0, NULL, { RLIMIT(RLIMIT_NPROC, 0, 0), UID(0, 0, 0) } },
	};

	EXPECT_ALL_EQUAL(cases);
}

TEST_MAIN
