// SPDX-License-Identifier: GPL-2.0 OR MIT
/* File actions. */
#include "behaviour.h"
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void limit_fds(int nr)
{
	struct rlimit limit;

	must(!getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
	limit.rlim_cur = nr;
	must(!setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

/* @fd, close-on-exec, of a file of this name. */
static void put_at(int fd, const char *name)
{
	int got = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	must(got >= 0, name);
	if (got != fd) {
		must(dup3(got, fd, O_CLOEXEC) == fd, "dup3");
		close(got);
	}
}

CASE(close_on_exec_is_kept, 0)
{
	put_at(5, "five");
	put_at(7, "seven");
	fcntl(7, F_SETFD, 0);
	go(SELF, "f");
}

CASE(dup2_moves, 0)
{
	put_at(5, "five");
	put_at(6, "six");
	posix_spawn_file_actions_adddup2(&actions, 5, 9);
	posix_spawn_file_actions_adddup2(&actions, 6, 5);
	posix_spawn_file_actions_adddup2(&actions, 9, 6);
	go(SELF, "f");
}

CASE(dup2_onto_itself_is_for_the_program, 0)
{
	put_at(5, "five");
	posix_spawn_file_actions_adddup2(&actions, 5, 5);
	go(SELF, "f");
	go(SELF, "f");
	posix_spawn_file_actions_adddup2(&actions, 6, 6);
	go(SELF, "f");
}

CASE(close_closes, 0)
{
	put_at(5, "five");
	put_at(6, "six");
	fcntl(5, F_SETFD, 0);
	fcntl(6, F_SETFD, 0);
	posix_spawn_file_actions_addclose(&actions, 5);
	posix_spawn_file_actions_addclose(&actions, 5);
	posix_spawn_file_actions_addclose(&actions, 800);
	go(SELF, "f");
}

/* An error only if the number is out of range when it is closed. */
CASE(close_beyond_the_limit, 2)
{
	put_at(100, "hundred");
	posix_spawn_file_actions_addclose(&actions, 101);
	limit_fds(50);
	go(SELF, "f");
	printf("%s\n", strerrorname_np(posix_spawn_file_actions_addclose(&actions, 100)));
	limit_fds(200);
	posix_spawn_file_actions_addclose(&actions, 100);
	limit_fds(50);
	go(SELF, "f");
}

CASE(open_opens, 0)
{
	put_at(5, "five");
	umask(027);
	posix_spawn_file_actions_addopen(&actions, 5, "five", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 8, "new", O_WRONLY | O_CREAT | O_APPEND, 0666);
	posix_spawn_file_actions_addopen(&actions, 3, "/dev/null", O_RDWR | O_NONBLOCK, 0);
	go(SELF, "fl");
	posix_spawn_file_actions_addopen(&actions, 8, "new", O_WRONLY | O_CREAT | O_EXCL, 0666);
	go(SELF, "f");
}

CASE(open_copies_the_path, 0)
{
	char path[] = "first";

	make_file("first", "", 0600);
	posix_spawn_file_actions_addopen(&actions, 5, path, O_RDONLY, 0);
	posix_spawn_file_actions_addchdir_np(&actions, strcpy(path, "/"));
	strcpy(path, "other");
	go(SELF, "fc");
}

CASE(mode_of_a_new_file, 0)
{
	struct stat st;

	umask(027);
	posix_spawn_file_actions_addopen(&actions, 5, "new", O_WRONLY | O_CREAT, 0767);
	go(SELF, "");
	printf("%o\n", stat("new", &st) ? 0 : st.st_mode);
}

/* glibc moves what it has opened, and the flag goes, unless the target was the lowest free number. */
CASE(open_close_on_exec, 2)
{
	posix_spawn_file_actions_addopen(&actions, 3, "/dev/null", O_RDONLY | O_CLOEXEC, 0);
	go(SELF, "f");
	posix_spawn_file_actions_addopen(&actions, 7, "/dev/null", O_RDONLY | O_CLOEXEC, 0);
	go(SELF, "f");
}

CASE(closefrom_closes, 0)
{
	put_at(5, "five");
	put_at(6, "six");
	fcntl(5, F_SETFD, 0);
	fcntl(6, F_SETFD, 0);
	posix_spawn_file_actions_addclosefrom_np(&actions, 6);
	go(SELF, "f");
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	posix_spawn_file_actions_addopen(&actions, 4, "five", O_RDONLY, 0);
	go(SELF, "f");
	posix_spawn_file_actions_addclosefrom_np(&actions, 100);
	go(SELF, "f");
}

CASE(directories, 0)
{
	int fd;

	must(!mkdir("sub", 0755) && !mkdir("sub/lower", 0755), "mkdir");
	fd = open("sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	posix_spawn_file_actions_addfchdir_np(&actions, fd);
	posix_spawn_file_actions_addopen(&actions, 9, "inside", O_WRONLY | O_CREAT, 0600);
	posix_spawn_file_actions_addchdir_np(&actions, "lower");
	go(SELF, "cf");
	printf("%d\n", access("sub/inside", F_OK));
	go(SELF, "c");
}

/* Their errors are posix_spawn()'s, and nothing is left of the process. */
CASE(errors_of_actions, 0)
{
	make_file("file", "", 0600);
	posix_spawn_file_actions_adddup2(&actions, 77, 3);
	go(SELF, "f");
	posix_spawn_file_actions_addopen(&actions, 5, "missing", O_RDONLY, 0);
	go(SELF, "f");
	posix_spawn_file_actions_addopen(&actions, 5, "", O_RDONLY, 0);
	go(SELF, "f");
	posix_spawn_file_actions_addopen(&actions, 5, "/", O_WRONLY, 0);
	go(SELF, "f");
	posix_spawn_file_actions_addchdir_np(&actions, "file");
	go(SELF, "f");
	posix_spawn_file_actions_addfchdir_np(&actions, 1023);
	go(SELF, "f");
	posix_spawn_file_actions_addtcsetpgrp_np(&actions, 77);
	go(SELF, "f");
	posix_spawn_file_actions_addopen(&actions, 5, "file", O_RDONLY, 0);
	posix_spawn_file_actions_addtcsetpgrp_np(&actions, 5);
	go(SELF, "f");
	printf("%s\n", strerrorname_np(posix_spawn_file_actions_addclose(&actions, -1)));
	printf("%s\n", strerrorname_np(posix_spawn_file_actions_adddup2(&actions, 3, -1)));
	go(SELF, "");
}

CASE(many_actions, 1)
{
	int i;

	for (i = 0; i < 120; i++)
		posix_spawn_file_actions_addopen(&actions, 3 + i, "/dev/null", O_RDONLY, 0);
	go(SELF, "f");
	for (i = 0; i < 400; i++)
		posix_spawn_file_actions_addopen(&actions, 3 + i % 100, "/dev/null", O_RDONLY, 0);
	go(SELF, "f");
}

/* What the number was is closed before. */
CASE(open_of_what_its_target_is, 0)
{
	put_at(5, "five");
	fcntl(5, F_SETFD, 0);
	posix_spawn_file_actions_addopen(&actions, 5, "/proc/self/fd/5", O_RDONLY, 0);
	go(SELF, "f");
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/fd/0", O_RDONLY, 0);
	go(SELF, "f");
	posix_spawn_file_actions_addopen(&actions, 6, "/proc/self/fd/5", O_RDONLY, 0);
	go(SELF, "f");
}

static void fill_fds(void)
{
	while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		;
}

CASE(no_free_descriptor, 0)
{
	limit_fds(24);
	fill_fds();
	go(SELF, "f");
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/zero", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 23, "/dev/zero", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&actions, 23, 22);
	go(SELF, "fl");
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	posix_spawn_file_actions_addopen(&actions, 5, "/dev/zero", O_RDONLY, 0);
	go(SELF, "f");
	limit_fds(0);
	go(SELF, "Sc");
	limit_fds(24);
	closefrom(3);		/* the counts need one */
}

CASE(targets_beyond_the_limit, 0)
{
	put_at(5, "five");
	posix_spawn_file_actions_adddup2(&actions, 5, 60);
	limit_fds(24);
	go(SELF, "f");
	posix_spawn_file_actions_adddup2(&actions, 5, 23);
	go(SELF, "f");
	limit_fds(100);
	posix_spawn_file_actions_addopen(&actions, 60, "five", O_RDONLY, 0);
	limit_fds(24);
	go(SELF, "f");
}

/* The caller leads the terminal's session; the program's group is given the terminal. */
CASE(terminal_of_a_job, 0)
{
	int master, tty;

	must(!openpty(&master, &tty, NULL, NULL, NULL), "openpty");
	must(dup2(master, 8) == 8 && dup2(tty, 9) == 9 && dup2(9, 3) == 3, "dup2");
	must(setsid() > 0 && !ioctl(3, TIOCSCTTY, 0), "the terminal");
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	posix_spawn_file_actions_addtcsetpgrp_np(&actions, 3);
	go(SELF, "tS");
	/* this is a background process now, and no SIGTTOU stops what it spawns */
	posix_spawn_file_actions_addtcsetpgrp_np(&actions, 3);
	go(SELF, "tS");
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID);
	posix_spawn_file_actions_addtcsetpgrp_np(&actions, 3);
	go(SELF, "tS");
}
