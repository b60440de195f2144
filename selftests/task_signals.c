// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Attributes SIGMASK and SIGDEFAULT do what their system calls do. */
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include "lib/fixture.h"
#include "lib/attr.h"

#define BIT_OF(sig)	(1ULL << ((sig) - 1))
#define ALL		(~0ULL)

static void handler(int sig)
{
}

/* Of every kind one. */
static void mixed(struct attr_case *c)
{
	__u64 blocked = BIT_OF(SIGUSR1) | BIT_OF(SIGWINCH) | BIT_OF(40);

	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(41, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, handler);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, NULL, 8);
}

TEST(sigmask_is_sigprocmask)
{
	struct attr_case cases[] = {
		{ "block one more", 0, mixed, { SIGMASK(BIT_OF(SIGINT), SIG_BLOCK) } },
		{ "block what is blocked", 0, mixed, { SIGMASK(BIT_OF(SIGUSR1), SIG_BLOCK) } },
		{ "block nothing", 0, mixed, { SIGMASK(0, SIG_BLOCK) } },
		{ "block all", 0, mixed, { SIGMASK(ALL, SIG_BLOCK) } },
		{ "unblock one", 0, mixed, { SIGMASK(BIT_OF(SIGWINCH), SIG_UNBLOCK) } },
		{ "unblock what is not blocked", 0, mixed,
		  { SIGMASK(BIT_OF(SIGINT), SIG_UNBLOCK) } },
		{ "unblock all", 0, mixed, { SIGMASK(ALL, SIG_UNBLOCK) } },
		{ "set", 0, mixed, { SIGMASK(BIT_OF(SIGINT) | BIT_OF(64), SIG_SETMASK) } },
		{ "set none", 0, mixed, { SIGMASK(0, SIG_SETMASK) } },
		{ "set all", 0, mixed, { SIGMASK(ALL, SIG_SETMASK) } },
		{ "SIGKILL", 0, NULL, { SIGMASK(BIT_OF(SIGKILL) | BIT_OF(SIGSTOP), SIG_BLOCK) } },
		{ "one by one", 0, mixed,
		  { SIGMASK(BIT_OF(SIGINT), SIG_BLOCK), SIGMASK(BIT_OF(40), SIG_UNBLOCK),
		    SIGMASK(BIT_OF(SIGQUIT), SIG_BLOCK) } },
		{ "how that is none", -EINVAL, mixed, { SIGMASK(BIT_OF(SIGINT), 3) } },
		{ "how far from any", -EINVAL, mixed, { SIGMASK(0, ~0U) } },
	};

	EXPECT_ALL_EQUAL(cases);
}

TEST(sigdefault_is_sigaction_of_sig_dfl)
{
	struct attr_case cases[] = {
		{ "one that is ignored", 0, mixed, { SIGDEFAULT(BIT_OF(SIGHUP)) } },
		{ "two", 0, mixed, { SIGDEFAULT(BIT_OF(SIGHUP) | BIT_OF(41)) } },
		{ "ignored and blocked", 0, mixed, { SIGDEFAULT(BIT_OF(SIGUSR1)) } },
		{ "caught", 0, mixed, { SIGDEFAULT(BIT_OF(SIGUSR2)) } },
		{ "default", 0, mixed, { SIGDEFAULT(BIT_OF(SIGINT)) } },
		{ "none", 0, mixed, { SIGDEFAULT(0) } },
		{ "all", 0, mixed, { SIGDEFAULT(ALL) } },
		{ "all, and all blocked", 0, mixed,
		  { SIGDEFAULT(ALL), SIGMASK(ALL, SIG_SETMASK) } },
	};

	EXPECT_ALL_EQUAL(cases);
}

/* Nothing of it is the submitter's: both have tables of their own. */
TEST(submitter_keeps_its_signals)
{
	struct attr steps[] = { SIGDEFAULT(ALL), SIGMASK(ALL, SIG_SETMASK) };
	struct sigaction sa;
	struct io_uring ring;
	struct chain c;
	__u64 mask;

	ASSERT_EQ(0, ring_init(&ring, 0));
	mixed(NULL);
	chain_init(&c, true, 0);
	attr_sqe(chain_add(&c), &steps[0]);
	attr_sqe(chain_add(&c), &steps[1]);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_OUTCOME(&ring, &c, 0, 0);
	ASSERT_EQ(0, sigaction(SIGHUP, NULL, &sa));
	EXPECT_TRUE(sa.sa_handler == SIG_IGN);
	ASSERT_EQ(0, sigaction(SIGUSR2, NULL, &sa));
	EXPECT_TRUE(sa.sa_handler == handler);
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
	EXPECT_EQ(BIT_OF(SIGUSR1) | BIT_OF(SIGWINCH) | BIT_OF(40), mask);
	io_uring_queue_exit(&ring);
}

/* A blocked signal waits even if it is ignored: what it finds at exec is what counts. */
TEST(signal_that_waits_finds_the_disposition_of_exec)
{
	enum { NEVER, BEFORE, AFTER };
	struct attr dfl = SIGDEFAULT(BIT_OF(SIGTERM));
	char path[256], byte, *argv[] = { "quick", NULL };
	struct io_uring ring;
	int fds[2], when;
	struct chain c;
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, ring_init(&ring, 0));
	signal(SIGTERM, SIG_IGN);
	for (when = NEVER; when <= AFTER; when++) {
		struct io_uring_cqe cqe;

		ASSERT_EQ(0, pipe(fds));
		chain_init(&c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
		if (when == BEFORE)
			attr_sqe(chain_add(&c), &dfl);
		chain_read(&c, fds[0], &byte, 1);
		if (when == AFTER)
			attr_sqe(chain_add(&c), &dfl);
		chain_exec(&c, path, argv);
		chain_link(&c, IOSQE_IO_LINK);
		ASSERT_EQ(0, chain_submit(&ring, &c));
		pid = ASSERT_BORN(&ring);
		ASSERT_EQ(0, wait_state(pid, 'S'));
		ASSERT_EQ(0, kill(pid, SIGTERM));
		ASSERT_EQ(1, write(fds[1], "x", 1));
		ASSERT_EQ(0, next_cqe(&ring, &cqe));
		ASSERT_EQ(pid, cqe.res);
		EXPECT_EQ(when == NEVER ? 0 : 128 + SIGTERM, wait_exit(pid));
		close(fds[0]);
		close(fds[1]);
	}
	io_uring_queue_exit(&ring);
}

TEST_MAIN
