// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Nothing more than the submitter could: a Landlock domain of the submitter binds what its chains
 * open, change and exec, and the programs. The same hooks are every other security module's.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include "lib/policy.h"

#define OPEN_DIR	"/landlock-open"
#define SHUT_DIR	"/landlock-shut"

static const __u64 handled = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
			     LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
			     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR;

static int allow(int ruleset, const char *dir, __u64 access)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access };
	int ret;

	rule.parent_fd = open(dir, O_PATH | O_CLOEXEC);
	ret = syscall(__NR_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
	return ret;
}

/* From here on this thread has its programs and OPEN_DIR, and no other file. */
static int confine(void)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = handled };
	int ruleset = syscall(__NR_landlock_create_ruleset, &attr, sizeof(attr), 0), ret;
	char path[256];

	if (ruleset < 0)
		return -errno;
	ret = target(path, sizeof(path), "quick");
	*strrchr(path, '/') = '\0';
	ret = ret ?: allow(ruleset, path,
			   LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE) ?:
	      allow(ruleset, OPEN_DIR, handled) ?: prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ?:
	      (int)syscall(__NR_landlock_restrict_self, ruleset, 0);
	close(ruleset);
	return ret ? -errno : 0;
}

FIXTURE(landlock) {
	struct io_uring ring;
	struct script script;
	char quick[256];
};

FIXTURE_SETUP(landlock)
{
	if (syscall(__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 0)
		SKIP(return, "this kernel has no Landlock");
	ASSERT_EQ(0, ring_init(&self->ring, 0));
	ASSERT_EQ(0, target(self->quick, sizeof(self->quick), "quick"));
	ASSERT_EQ(0, script_open(&self->script, self->ring.ring_fd, 0));
	ASSERT_EQ(0, script_attach(&self->script));
	mkdir(OPEN_DIR, 0777);
	mkdir(SHUT_DIR, 0777);
	ASSERT_EQ(0, write_file(SHUT_DIR "/file", "x"));
	ASSERT_EQ(0, chmod(SHUT_DIR "/file", 0777));
}

/* The domain stays with this process: the directories are the next test's too. */
FIXTURE_TEARDOWN(landlock)
{
	script_close(&self->script);
	io_uring_queue_exit(&self->ring);
}

static int openat_res(struct io_uring *ring, const char *path, int flags)
{
	struct chain c;

	chain_init(&c, true, 0);
	io_uring_prep_openat(chain_add(&c), AT_FDCWD, path, flags, 0600);
	return chain_outcome(ring, &c).res;
}

static int exec_res(struct io_uring *ring, const char *path)
{
	char *argv[] = { "quick", NULL };
	struct chain c;

	chain_init(&c, true, 0);
	chain_exec(&c, path, argv);
	return chain_outcome(ring, &c).res;
}

TEST_F(landlock, opens_of_the_chain_eacces)
{
	ASSERT_EQ(0, openat_res(&self->ring, SHUT_DIR "/file", O_RDONLY));
	ASSERT_EQ(0, confine());
	EXPECT_EQ(-EACCES, openat_res(&self->ring, SHUT_DIR "/file", O_RDONLY));
	EXPECT_EQ(-EACCES, openat_res(&self->ring, SHUT_DIR "/file", O_WRONLY));
	/* O_CREAT is run by the task itself, as work that was put off */
	EXPECT_EQ(-EACCES, openat_res(&self->ring, SHUT_DIR "/new", O_CREAT | O_WRONLY));
	EXPECT_EQ(0, openat_res(&self->ring, OPEN_DIR "/new", O_CREAT | O_WRONLY));
	EXPECT_EQ(0, openat_res(&self->ring, OPEN_DIR "/new", O_RDONLY));
}

TEST_F(landlock, changes_of_the_chain_eacces)
{
	struct chain c;

	ASSERT_EQ(0, confine());
	chain_init(&c, true, 0);
	io_uring_prep_unlinkat(chain_add(&c), AT_FDCWD, SHUT_DIR "/file", 0);
	ASSERT_OUTCOME(&self->ring, &c, -EACCES, 0);
	chain_init(&c, true, 0);
	io_uring_prep_mkdirat(chain_add(&c), AT_FDCWD, SHUT_DIR "/dir", 0700);
	ASSERT_OUTCOME(&self->ring, &c, -EACCES, 0);
}

TEST_F(landlock, exec_of_the_chain_eacces)
{
	ASSERT_EQ(0, confine());
	EXPECT_EQ(-EACCES, exec_res(&self->ring, SHUT_DIR "/file"));
	EXPECT_EQ(-EACCES, exec_res(&self->ring, "/bin/sh"));
	EXPECT_EQ(0, wait_exit(exec_res(&self->ring, self->quick)));
}

TEST_F(landlock, what_a_policy_queues_eacces)
{
	char *argv[] = { "sh", NULL };
	struct chain c;

	ASSERT_EQ(0, confine());
	policy_chain(&c, NULL, 0);
	io_uring_prep_openat(chain_add(&c), AT_FDCWD, SHUT_DIR "/file", O_RDONLY, 0);
	chain_exec(&c, "/bin/sh", argv);
	SCRIPT(&self->script, { S_QUEUE, 1 }, S_END(RET_CONTINUE), { S_REAP }, { S_QUEUE, 2 },
	       S_END(RET_CONTINUE), { S_REAP }, S_END(RET_EXIT));
	ASSERT_EQ(0, chain_outcome(&self->ring, &c).res);
	EXPECT_EQ(-EACCES, RECORD(1).res);
	EXPECT_EQ(-EACCES, RECORD(3).res);
}

/* As for a process that was forked before. */
TEST_F(landlock, domain_is_not_for_a_chain_that_runs_already)
{
	struct chain c;
	int gate[2];
	char byte;

	ASSERT_EQ(0, pipe(gate));
	chain_init(&c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	chain_read(&c, gate[0], &byte, 1);
	io_uring_prep_openat(chain_add(&c), AT_FDCWD, SHUT_DIR "/file", O_RDONLY, 0);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_EQ(0, confine());
	ASSERT_EQ(1, write(gate[1], "x", 1));
	ASSERT_CQE(&self->ring, UD_CLONE, 0);
	EXPECT_EQ(-EACCES, openat_res(&self->ring, SHUT_DIR "/file", O_RDONLY));
}

static void *confine_and_open(void *ring)
{
	if (confine())
		return (void *)1;
	return (void *)(long)openat_res(ring, SHUT_DIR "/file", O_RDONLY);
}

TEST_F(landlock, domain_is_that_of_the_submitting_thread)
{
	pthread_t thread;
	void *res;

	ASSERT_EQ(0, pthread_create(&thread, NULL, confine_and_open, &self->ring));
	ASSERT_EQ(0, pthread_join(thread, &res));
	EXPECT_EQ(-EACCES, (long)res);
	EXPECT_EQ(0, openat_res(&self->ring, SHUT_DIR "/file", O_RDONLY));
}

/* The program is in it too: it can run others of its directory, and nothing else. */
TEST_F(landlock, program_is_confined_as_well)
{
	char path[256], *argv[] = { SHUT_DIR "/file", NULL };
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "open_file"));
	ASSERT_EQ(0, confine());
	chain_init(&c, true, 0);
	chain_exec(&c, path, argv);
	EXPECT_EQ(EACCES, wait_exit(ASSERT_EXECED(&self->ring, &c)));
}

TEST_MAIN
