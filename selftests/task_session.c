// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Attributes SETSID, SETPGID, CTTY and TCSETPGRP do what their system calls do. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include "lib/fixture.h"
#include "lib/attr.h"

static void group_of_its_own(struct attr_case *c)
{
	setpgid(0, 0);
}

/* The first step's pgrp or pgid is that of another process, in our session. */
static void with_group(struct attr_case *c)
{
	c->step[0].len = attr_helper(group_of_its_own);
}

static void own_session(struct attr_case *c)
{
	setsid();
}

static void own_terminal(struct attr_case *c)
{
	setsid();
	if (ioctl(TTY_FD, TIOCSCTTY, 0))
		perror("# TIOCSCTTY");
}

static void own_terminal_and_group(struct attr_case *c)
{
	own_terminal(c);
	with_group(c);
}

static void own_terminal_submitters_group(struct attr_case *c)
{
	own_terminal(c);
	c->step[1].len = getpgrp();
}

/* A group of a session that is not ours any more. */
static void group_of_another_session(struct attr_case *c)
{
	with_group(c);
	setsid();
}

static void group_of_another_terminal(struct attr_case *c)
{
	with_group(c);
	own_terminal(c);
}

static void terminal_as_nobody(struct attr_case *c)
{
	own_terminal(c);
	as_nobody(c);
}

TEST(setsid_is_setsid_and_answers_the_session)
{
	struct attr_case cases[] = {
		{ "once", OWN_PID, NULL, { SETSID() } },
		{ "as nobody", OWN_PID, as_nobody, { SETSID() } },
		{ "in a session of its own", OWN_PID, own_session, { SETSID() } },
		{ "leaves the terminal", OWN_PID, own_terminal, { SETSID() } },
		{ "twice", -EPERM, NULL, { SETSID(), SETSID() } },
		{ "leader of a group", -EPERM, NULL, { SETPGID(0), SETSID() } },
	};

	EXPECT_ALL_EQUAL(cases);
}

TEST(setpgid_is_setpgid)
{
	struct attr_case cases[] = {
		{ "its own", 0, NULL, { SETPGID(0) } },
		{ "its own, as nobody", 0, as_nobody, { SETPGID(0) } },
		{ "its own, twice", 0, NULL, { SETPGID(0), SETPGID(0) } },
		{ "another", 0, with_group, { SETPGID(-2) } },
		{ "its own after another", 0, with_group, { SETPGID(-2), SETPGID(0) } },
		{ "in a session of its own", 0, own_session, { SETPGID(0) } },
		{ "leader of a session", -EPERM, NULL, { SETSID(), SETPGID(0) } },
		{ "in another session", -EPERM, group_of_another_session, { SETPGID(-2) } },
		{ "that nobody has", -EPERM, NULL, { SETPGID(0x3fffffff) } },
		{ "that no process may have", -EINVAL, NULL, { SETPGID(-1) } },
		{ "far from any", -EINVAL, NULL, { SETPGID(0x80000000) } },
	};

	EXPECT_ALL_EQUAL(cases);
}

TEST(ctty_is_tiocsctty)
{
	struct attr_case cases[] = {
		{ "of a new session", 0, NULL, { SETSID(), CTTY(TTY_FD) } },
		{ "of a new session, as nobody", 0, as_nobody, { SETSID(), CTTY(TTY_FD) } },
		{ "twice", 0, NULL, { SETSID(), CTTY(TTY_FD), CTTY(TTY_FD) } },
		{ "by another number", 0, NULL, { SETSID(), DUP(TTY_FD, 0), CTTY(0) } },
		{ "no leader", -EPERM, NULL, { CTTY(TTY_FD) } },
		{ "no leader, as nobody", -EPERM, as_nobody, { CTTY(TTY_FD) } },
		{ "of another session", -EPERM, own_terminal, { SETSID(), CTTY(TTY_FD) } },
		{ "of another's session", -EPERM, terminal_as_nobody, { SETSID(), CTTY(TTY_FD) } },
		{ "pipe", -ENOTTY, NULL, { SETSID(), CTTY(PIPE_FD) } },
		{ "file", -ENOTTY, NULL, { SETSID(), CTTY(FILE_FD) } },
		{ "closed", -EBADF, NULL, { SETSID(), CTTY(20) } },
		{ "O_PATH", -EBADF, NULL, { SETSID(), CTTY(PATH_FD) } },
		{ "negative", -EBADF, NULL, { SETSID(), CTTY(-1) } },
	};

	EXPECT_ALL_EQUAL(cases);
}

TEST(tcsetpgrp_is_tcsetpgrp)
{
	struct attr_case cases[] = {
		{ "its own", 0, NULL, { SETSID(), CTTY(TTY_FD), TCSETPGRP(TTY_FD, 0) } },
		{ "its own, of the background", 0, own_terminal,
		  { SETPGID(0), TCSETPGRP(TTY_FD, 0) } },
		{ "its submitter's", 0, own_terminal_submitters_group,
		  { SETPGID(0), TCSETPGRP(TTY_FD, -2) } },
		{ "another", 0, own_terminal_and_group, { TCSETPGRP(TTY_FD, -2) } },
		{ "as nobody", 0, terminal_as_nobody, { SETPGID(0), TCSETPGRP(TTY_FD, 0) } },
		{ "in another session", -EPERM, group_of_another_terminal,
		  { TCSETPGRP(TTY_FD, -2) } },
		{ "that nobody has", -ESRCH, own_terminal, { TCSETPGRP(TTY_FD, 0x3fffffff) } },
		{ "that no process may have", -EINVAL, own_terminal, { TCSETPGRP(TTY_FD, -1) } },
		{ "not our terminal", -ENOTTY, own_session, { TCSETPGRP(TTY_FD, 0) } },
		{ "left", -ENOTTY, own_terminal, { SETSID(), TCSETPGRP(TTY_FD, 0) } },
		{ "pipe", -ENOTTY, own_terminal, { TCSETPGRP(PIPE_FD, 0) } },
		{ "closed", -EBADF, own_terminal, { TCSETPGRP(20, 0) } },
		{ "O_PATH", -EBADF, own_terminal, { TCSETPGRP(PATH_FD, 0) } },
	};

	EXPECT_ALL_EQUAL(cases);
}

TEST_MAIN
