// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Attributes RLIMIT and PRCTL do what their system calls do. */
#include <errno.h>
#include <linux/securebits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include "lib/fixture.h"
#include "lib/attr.h"

#define NONE	RLIM_INFINITY

static void some_files_nobody(struct attr_case *c)
{
	struct rlimit few = { 100, 200 };

	setrlimit(RLIMIT_NOFILE, &few);
	as_nobody(c);
}

TEST(rlimit_is_prlimit)
{
	struct attr_case cases[] = {
		{ "CPU", 0, NULL, { RLIMIT(RLIMIT_CPU, 100, 200) } },
		{ "FSIZE", 0, NULL, { RLIMIT(RLIMIT_FSIZE, 4096, NONE) } },
		{ "DATA", 0, NULL, { RLIMIT(RLIMIT_DATA, 1 << 24, 1 << 25) } },
		{ "STACK", 0, NULL, { RLIMIT(RLIMIT_STACK, 1 << 20, NONE) } },
		{ "CORE", 0, NULL, { RLIMIT(RLIMIT_CORE, 4096, 8192) } },
		{ "RSS", 0, NULL, { RLIMIT(RLIMIT_RSS, 5, 6) } },
		{ "NPROC", 0, NULL, { RLIMIT(RLIMIT_NPROC, 50, 60) } },
		{ "NOFILE", 0, NULL, { RLIMIT(RLIMIT_NOFILE, 64, 128) } },
		{ "NOFILE under what is open", 0, NULL, { RLIMIT(RLIMIT_NOFILE, 0, 0) } },
		{ "MEMLOCK", 0, NULL, { RLIMIT(RLIMIT_MEMLOCK, 4096, 8192) } },
		{ "AS", 0, NULL, { RLIMIT(RLIMIT_AS, 1ULL << 33, NONE) } },
		{ "LOCKS", 0, NULL, { RLIMIT(RLIMIT_LOCKS, 1, 2) } },
		{ "SIGPENDING", 0, NULL, { RLIMIT(RLIMIT_SIGPENDING, 10, 20) } },
		{ "MSGQUEUE", 0, NULL, { RLIMIT(RLIMIT_MSGQUEUE, 10, 20) } },
		{ "NICE", 0, NULL, { RLIMIT(RLIMIT_NICE, 10, 20) } },
		{ "RTPRIO", 0, NULL, { RLIMIT(RLIMIT_RTPRIO, 10, 20) } },
		{ "RTTIME", 0, NULL, { RLIMIT(RLIMIT_RTTIME, 1000000, 2000000) } },
		{ "all of it", 0, as_nobody, { RLIMIT(RLIMIT_CORE, 0, 0) } },
		{ "lower", 0, some_files_nobody, { RLIMIT(RLIMIT_NOFILE, 50, 150) } },
		{ "up to the hard one", 0, some_files_nobody, { RLIMIT(RLIMIT_NOFILE, 200, 200) } },
		{ "more than 32 bits", 0, NULL, { RLIMIT(RLIMIT_FSIZE, 1ULL << 40, 1ULL << 41) } },
		{ "above it, mighty", 0, NULL,
		  { RLIMIT(RLIMIT_NPROC, 1, 2), RLIMIT(RLIMIT_NPROC, 3, 4) } },
		{ "above it", -EPERM, some_files_nobody, { RLIMIT(RLIMIT_NOFILE, 100, 201) } },
		{ "above it, given up", -EPERM, NULL,
		  { RLIMIT(RLIMIT_NPROC, 1, 2), UID(NOBODY, NOBODY, NOBODY),
		    RLIMIT(RLIMIT_NPROC, 1, 3) } },
		{ "NOFILE above fs.nr_open", -EPERM, NULL, { RLIMIT(RLIMIT_NOFILE, NONE, NONE) } },
		{ "soft above hard", -EINVAL, NULL, { RLIMIT(RLIMIT_CPU, 2, 1) } },
		{ "resource that is none", -EINVAL, NULL, { RLIMIT(RLIMIT_NLIMITS, 1, 1) } },
		{ "resource far from any", -EINVAL, NULL, { RLIMIT(~0U, 1, 1) } },
	};

	EXPECT_ALL_EQUAL(cases);
}

TEST(prctl_is_prctl)
{
	struct attr_case cases[] = {
		{ "no_new_privs", 0, NULL, { PRCTL(PR_SET_NO_NEW_PRIVS, 1) } },
		{ "no_new_privs, nobody", 0, as_nobody, { PRCTL(PR_SET_NO_NEW_PRIVS, 1) } },
		{ "no_new_privs 0", -EINVAL, NULL, { PRCTL(PR_SET_NO_NEW_PRIVS, 0) } },
		{ "no_new_privs 2", -EINVAL, NULL, { PRCTL(PR_SET_NO_NEW_PRIVS, 2) } },
		{ "no_new_privs and more", -EINVAL, NULL,
		  { PRCTL(PR_SET_NO_NEW_PRIVS, 1, .addr3 = 1) } },
		{ "pdeathsig", 0, NULL, { PRCTL(PR_SET_PDEATHSIG, SIGUSR1) } },
		{ "pdeathsig off", 0, NULL,
		  { PRCTL(PR_SET_PDEATHSIG, SIGUSR1), PRCTL(PR_SET_PDEATHSIG, 0) } },
		{ "pdeathsig, then UID", 0, NULL,
		  { PRCTL(PR_SET_PDEATHSIG, SIGUSR1), UID(NOBODY, NOBODY, NOBODY) } },
		{ "pdeathsig after UID", 0, NULL,
		  { UID(NOBODY, NOBODY, NOBODY), PRCTL(PR_SET_PDEATHSIG, SIGUSR1) } },
		{ "pdeathsig 65", -EINVAL, NULL, { PRCTL(PR_SET_PDEATHSIG, 65) } },
		{ "keepcaps", 0, NULL, { PRCTL(PR_SET_KEEPCAPS, 1) } },
		{ "keepcaps off", 0, NULL, { PRCTL(PR_SET_KEEPCAPS, 0) } },
		{ "keepcaps 2", -EINVAL, NULL, { PRCTL(PR_SET_KEEPCAPS, 2) } },
		{ "keepcaps, locked", -EPERM, NULL,
		  { PRCTL(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS_LOCKED),
		    PRCTL(PR_SET_KEEPCAPS, 1) } },
		{ "securebits", 0, NULL, { PRCTL(PR_SET_SECUREBITS, SECBIT_NOROOT) } },
		{ "securebits, nobody", -EPERM, as_nobody, { PRCTL(PR_SET_SECUREBITS, 1) } },
		{ "securebits, none", -EPERM, NULL, { PRCTL(PR_SET_SECUREBITS, 1 << 30) } },
		{ "securebits, locked", -EPERM, NULL,
		  { PRCTL(PR_SET_SECUREBITS, SECBIT_NOROOT_LOCKED),
		    PRCTL(PR_SET_SECUREBITS, SECBIT_NOROOT) } },
		{ "subreaper", 0, as_nobody, { PRCTL(PR_SET_CHILD_SUBREAPER, 1) } },
		{ "subreaper off", 0, NULL,
		  { PRCTL(PR_SET_CHILD_SUBREAPER, 1), PRCTL(PR_SET_CHILD_SUBREAPER, 0) } },
		{ "timerslack", 0, as_nobody, { PRCTL(PR_SET_TIMERSLACK, 12345) } },
		{ "timerslack default", 0, NULL,
		  { PRCTL(PR_SET_TIMERSLACK, 12345), PRCTL(PR_SET_TIMERSLACK, 0) } },
		{ "timerslack default for less", 0, NULL, { PRCTL(PR_SET_TIMERSLACK, -1) } },
		{ "what is none", -EINVAL, NULL, { PRCTL(0x7fffffff, 1) } },
	};

	EXPECT_ALL_EQUAL(cases);
}

/* What prctl(2) knows and TASK does not: it would change memory of the submitter, or see it. */
TEST(prctl_other_options_einval)
{
	static const int options[] = {
		PR_SET_DUMPABLE, PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_SET_MM,
		PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_CAP_AMBIENT, PR_SET_PTRACER, PR_SET_THP_DISABLE,
		PR_SET_TSC, PR_GET_PDEATHSIG, PR_GET_NO_NEW_PRIVS, PR_SET_VMA, PR_GET_KEEPCAPS,
		PR_SET_TIMING, PR_TASK_PERF_EVENTS_DISABLE, PR_MCE_KILL, PR_SET_SPECULATION_CTRL,
		PR_SET_SYSCALL_USER_DISPATCH, PR_SCHED_CORE, PR_SET_IO_FLUSHER, 0, -1,
	};
	struct io_uring ring;
	unsigned int i;
	struct chain c;

	ASSERT_EQ(0, ring_init(&ring, 0));
	for (i = 0; i < ARRAY_SIZE(options); i++) {
		struct attr a = PRCTL(options[i], 0);

		chain_init(&c, true, 0);
		attr_sqe(chain_add(&c), &a);
		ASSERT_OUTCOME(&ring, &c, -EINVAL, 0);
	}
	io_uring_queue_exit(&ring);
}

TEST_MAIN
