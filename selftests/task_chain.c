// SPDX-License-Identifier: GPL-2.0 OR MIT
/* TASK as one of the SQEs of a chain: order, links, completions, outcome; queued by a policy. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "lib/attr.h"
#include "lib/policy.h"

CHAIN_FIXTURE(task_chain)

static struct io_uring_sqe *add(struct chain *c, struct attr a)
{
	struct io_uring_sqe *sqe = chain_add(c);

	attr_sqe(sqe, &a);
	return sqe;
}

#define ADD(c, ...)	add(c, (struct attr)__VA_ARGS__)

TEST_F(task_chain, completions_are_those_of_the_calls_in_order)
{
	struct chain c;

	umask(027);
	chain_init(&c, variant->array, 0);
	ADD(&c, UMASK(011));
	ADD(&c, UMASK(022));
	ADD(&c, DUP(0, 40));
	ADD(&c, CLOSE_RANGE(40, 40, 0));
	ADD(&c, DUP(40, 41));
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 0, 027);
	ASSERT_CQE(&self->ring, 1, 011);
	ASSERT_CQE(&self->ring, 2, 40);
	ASSERT_CQE(&self->ring, 3, 0);
	ASSERT_CQE(&self->ring, 4, -EBADF);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	EXPECT_EQ(027, umask(022));
}

TEST_F(task_chain, failure_breaks_a_link_and_is_the_outcome)
{
	char path[256], *argv[] = { "quick", NULL };
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	chain_init(&c, variant->array, 0);
	chain_nop(&c, 0);
	ADD(&c, CHDIR(AT_FDCWD, "/missing"));
	ADD(&c, UMASK(022));
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 1);
	EXPECT_TRUE(no_child_left());
}

TEST_F(task_chain, hard_link_goes_on_after_a_failure)
{
	char path[256], *argv[] = { "quick", NULL };
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	chain_init(&c, variant->array, 0);
	ADD(&c, CHDIR(AT_FDCWD, "/missing"));
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_HARDLINK);
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
}

TEST_F(task_chain, waits_for_its_turn_behind_a_read)
{
	int fds[2], out[2];
	char byte, got[8] = "";
	struct chain c;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, pipe(out));
	chain_init(&c, variant->array, 0);
	chain_read(&c, fds[0], &byte, 1);
	ADD(&c, DUP(out[1], 50));
	chain_write(&c, 50, "after", 5);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	ASSERT_EQ(1, write(fds[1], "x", 1));
	ASSERT_CQE(&self->ring, 0, 1);
	ASSERT_CQE(&self->ring, 1, 50);
	ASSERT_CQE(&self->ring, 2, 5);
	ASSERT_EQ(5, read(out[0], got, sizeof(got)));
	EXPECT_STREQ("after", got);
}

TEST_F(task_chain, async_flag_changes_nothing)
{
	struct chain c;

	umask(022);
	chain_init(&c, variant->array, 0);
	ADD(&c, UMASK(027))->flags = IOSQE_ASYNC;
	ADD(&c, UMASK(022))->flags = IOSQE_ASYNC;
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 0, 022);
	ASSERT_CQE(&self->ring, 1, 027);
}

TEST_F(task_chain, skipped_success_says_nothing_a_failure_does)
{
	struct chain c;

	chain_init(&c, variant->array, 0);
	ADD(&c, UMASK(027))->flags = IOSQE_CQE_SKIP_SUCCESS;
	ADD(&c, DUP(99, 5))->flags = IOSQE_CQE_SKIP_SUCCESS;
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 1, -EBADF);
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

/* The attributes are the task's: the submitter has its own of everything but memory. */
TEST_F(task_chain, submitter_keeps_its_attributes)
{
	char cwd[256], after[256];
	struct chain c;
	int fd = dup(0);

	umask(022);
	ASSERT_NE(NULL, getcwd(cwd, sizeof(cwd)));
	chain_init(&c, variant->array, 0);
	ADD(&c, UMASK(0));
	ADD(&c, CHDIR(AT_FDCWD, "/proc"));
	ADD(&c, CHROOT(AT_FDCWD, "/sys"));
	ADD(&c, CLOSE_RANGE(0, ~0U, 0));
	ADD(&c, NICE(7));
	ADD(&c, SETSID());
	ADD(&c, GID(1, 1, 1));
	ADD(&c, UID(1, 1, 1));
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(022, umask(022));
	EXPECT_STREQ(cwd, getcwd(after, sizeof(after)));
	EXPECT_EQ(0, access("/proc/self", F_OK));
	EXPECT_LE(0, fcntl(fd, F_GETFD));
	EXPECT_EQ(0, getpriority(PRIO_PROCESS, 0));
	EXPECT_EQ(0, geteuid());
	EXPECT_EQ(0, getegid());
}

/* The open itself blocks the task; no descriptor appears meanwhile. */
TEST_F(task_chain, open_of_a_fifo_waits_for_its_writer)
{
	char fifo[] = "/tmp/task-fifo-XXXXXX", got[8] = "";
	struct chain c;
	pid_t pid;
	int fd;

	ASSERT_NE(NULL, mkdtemp(fifo));
	ASSERT_EQ(0, rmdir(fifo));
	ASSERT_EQ(0, mkfifo(fifo, 0600));
	chain_init(&c, variant->array, 0);
	ADD(&c, OPEN(AT_FDCWD, fifo, O_RDONLY, 0, 50));
	chain_read(&c, 50, got, sizeof(got));
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_EQ(0, wait_state(pid, 'S'));
	fd = open(fifo, O_WRONLY);
	ASSERT_EQ(5, write(fd, "hello", 5));
	ASSERT_CQE(&self->ring, 0, 50);
	ASSERT_CQE(&self->ring, 1, 5);
	EXPECT_STREQ("hello", got);
	close(fd);
	unlink(fifo);
}

TEST_F(task_chain, open_of_a_fifo_ends_with_the_task)
{
	char fifo[] = "/tmp/task-fifo-XXXXXX";
	struct io_uring_cqe cqe;
	struct chain c;
	pid_t pid;

	ASSERT_NE(NULL, mkdtemp(fifo));
	ASSERT_EQ(0, rmdir(fifo));
	ASSERT_EQ(0, mkfifo(fifo, 0600));
	chain_init(&c, variant->array, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	ADD(&c, OPEN(AT_FDCWD, fifo, O_RDONLY, 0, 50));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_EQ(0, wait_state(pid, 'S'));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(-EINTR, cqe.res);
	EXPECT_TRUE(no_child_left());
	unlink(fifo);
}

/* A path is looked up where the task stands by then, and not where the application does. */
TEST_F(task_chain, exec_after_chdir_and_chroot_finds_the_program_there)
{
	char path[256], dir[] = "/tmp/task-root-XXXXXX", copy[64], *argv[] = { "quick", NULL };
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_NE(NULL, mkdtemp(dir));
	snprintf(copy, sizeof(copy), "%s/program", dir);
	ASSERT_EQ(0, copy_file(path, copy, 0755));
	chain_init(&c, variant->array, 0);
	ADD(&c, CHDIR(AT_FDCWD, dir));
	chain_exec(&c, "./program", argv);
	chain_link(&c, IOSQE_IO_LINK);
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	chain_init(&c, variant->array, 0);
	ADD(&c, CHROOT(AT_FDCWD, dir));
	chain_exec(&c, "/program", argv);
	chain_link(&c, IOSQE_IO_LINK);
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	chain_init(&c, variant->array, 0);
	ADD(&c, CHROOT(AT_FDCWD, dir));
	chain_exec(&c, copy, argv);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 1);
	unlink(copy);
	rmdir(dir);
}

/* What an unprivileged container does: a namespace of its own, of which it makes itself root. */
TEST_F(task_chain, root_of_a_new_user_namespace_by_its_own_map)
{
	char path[256], *argv[] = { "quick", NULL };
	static const char *const text[][2] = {
		{ "/proc/self/setgroups", "deny" },
		{ "/proc/self/uid_map", "0 65534 1" },
		{ "/proc/self/gid_map", "0 65534 1" },
	};
	struct io_uring_cqe cqe;
	struct chain c;
	unsigned int i;
	pid_t pid;

	if (!variant->array)
		SKIP(return, "namespaces are fields of the arguments of an array");
	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	as_nobody(NULL);
	ASSERT_EQ(0, prctl(PR_SET_DUMPABLE, 1));
	chain_init(&c, true, IORING_CLONE_FINAL);
	c.args.flags = CLONE_NEWUSER;
	for (i = 0; i < ARRAY_SIZE(text); i++) {
		ADD(&c, OPEN(AT_FDCWD, text[i][0], O_WRONLY, 0, 50));
		chain_write(&c, 50, text[i][1], strlen(text[i][1]));
	}
	ADD(&c, GID(0, 0, 0));
	ADD(&c, UID(0, 0, 0));
	ADD(&c, CHROOT(AT_FDCWD, "/"));
	ADD(&c, UID(-1, 1, -1));
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_HARDLINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	for (i = 0; i < ARRAY_SIZE(text); i++) {
		ASSERT_CQE(&self->ring, 2 * i, 50);
		ASSERT_CQE(&self->ring, 2 * i + 1, strlen(text[i][1]));
	}
	ASSERT_CQE(&self->ring, 6, 0);
	ASSERT_CQE(&self->ring, 7, 0);
	ASSERT_CQE(&self->ring, 8, 0);
	ASSERT_CQE(&self->ring, 9, -EINVAL);
	ASSERT_CQE(&self->ring, 10, 0);
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(pid, cqe.res);
	EXPECT_EQ(0, wait_exit(pid));
}

TEST_F(task_chain, many_in_a_chain_ok)
{
	unsigned int i, n = CHAIN_MAX - 1;
	struct chain c;

	chain_init(&c, variant->array, 0);
	for (i = 0; i < n; i++)
		ADD(&c, DUP(0, 10 + i % 50));
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
}

TEST_F(task_chain, restrictions_of_the_ring_hold_eacces)
{
	struct io_uring_restriction only[] = {
		{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_CLONE },
		{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_NOP },
		{ .opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED, .sqe_flags = IOSQE_IO_LINK },
	};
	struct io_uring ring;
	struct chain c;

	ASSERT_EQ(0, ring_init(&ring, variant->ring_flags | IORING_SETUP_R_DISABLED));
	ASSERT_EQ(0, io_uring_register_restrictions(&ring, only, ARRAY_SIZE(only)));
	ASSERT_EQ(0, io_uring_enable_rings(&ring));
	chain_init(&c, variant->array, 0);
	ADD(&c, UMASK(022));
	ASSERT_OUTCOME(&ring, &c, -EACCES, 0);
	io_uring_queue_exit(&ring);
}

POLICY_FIXTURE(task_policy, plain)

TEST_F(task_policy, queued_attributes_are_set_and_seen_by_the_policy)
{
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	SCRIPT(&self->script, { S_QUEUE, 1 }, { S_QUEUE, 2 }, { S_WAIT, 2 }, S_END(RET_CONTINUE),
	       { S_REAP }, { S_REAP }, { S_RES, 5 }, S_END(RET_DONE));
	umask(027);
	policy_chain(&c, NULL, 0);
	ADD(&c, UMASK(011));
	ADD(&c, DUP(99, 5));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(027, RECORD(2).res);
	EXPECT_EQ(-EBADF, RECORD(3).res);
}

TEST_F(task_policy, credentials_it_drops_hold_for_what_it_queues_then)
{
	char dir[] = "/tmp/task-policy-XXXXXX", file[64];	/* for root only */
	struct chain c;

	ASSERT_NE(NULL, mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/made", dir);
	ASSERT_EQ(0, script_attach(&self->script));
	SCRIPT(&self->script, { S_QUEUE, 1 }, { S_WAIT, 1 }, S_END(RET_CONTINUE), { S_REAP },
	       { S_QUEUE, 2 }, { S_WAIT, 1 }, S_END(RET_CONTINUE), { S_REAP }, S_END(RET_DONE));
	policy_chain(&c, NULL, 0);
	ADD(&c, UID(NOBODY, NOBODY, NOBODY));
	io_uring_prep_openat(chain_add(&c), AT_FDCWD, file, O_CREAT | O_WRONLY, 0600);
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_EQ(0, RECORD(1).res);
	EXPECT_EQ(-EACCES, RECORD(3).res);
	EXPECT_EQ(0, rmdir(dir));
}

TEST_MAIN
