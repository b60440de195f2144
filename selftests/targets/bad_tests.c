// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Tests that are bad on purpose, for host/runner.t: does the runner notice? */
#include <fcntl.h>
#include <signal.h>
#include "lib/fixture.h"

static void complain(const char *text)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror("/dev/kmsg");
	close(fd);
}

TEST(good_one)
{
	EXPECT_EQ(1, 1);
}

TEST(skipped_one)
{
	SKIP(return, "on purpose");
}

TEST(failing_one)
{
	EXPECT_EQ(1, 2);
}

TEST(crashing_one)
{
	raise(SIGSEGV);
}

TEST(one_with_a_warning_in_the_kernel_log)
{
	complain("<4>WARNING: CPU: 0 PID: 1 at nowhere.c:1\n");
}

TEST(one_with_a_lockdep_report_in_the_kernel_log)
{
	complain("<4>WARNING: possible recursive locking detected\n");
}

TEST(skipped_one_with_a_bug_in_the_kernel_log)
{
	complain("<3>BUG: on purpose\n");
	SKIP(return, "on purpose");
}

TEST(one_that_leaves_a_process_behind)
{
	if (!fork()) {
		setsid();
		for (;;)
			pause();
	}
}

TEST(good_one_after_the_bad_ones)
{
	complain("<6>nothing wrong here: debug, bugs, warnings\n");
}

TEST_MAIN
