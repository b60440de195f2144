// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What is executed, where it is searched, and what becomes of it. */
#include "behaviour.h"
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>

CASE(arguments_and_environment_arrive, 0)
{
	setenv("BEHAVIOUR", "of the caller", 1);
	go(SELF, "e5");
	go(SELF, "Scfils");
}

CASE(null_arguments, 0)
{
	char *argv[] = { "report", "7", NULL };
	char *envp[] = { NULL };
	pid_t pid;

	printf("%d\n", posix_spawn(NULL, SELF, NULL, NULL, argv, envp));
	printf("%d\n", wait(NULL) > 0);
	printf("%d\n", posix_spawn(&pid, SELF, NULL, NULL, argv, NULL));
	printf("%d\n", waitpid(pid, NULL, 0) == pid);
}

CASE(programs_that_cannot_be_executed, 0)
{
	int fd;

	make_file("text", "echo hello\n", 0755);
	make_file("empty", "", 0755);
	make_file("data", "hello", 0644);
	make_file("lost", "#!/no/such/interpreter\n", 0755);
	make_file("busy", "#!/bin/true\n", 0755);
	must(!symlink("loop", "loop"), "symlink");
	fd = open("busy", O_WRONLY);
	go("text", "");
	go("empty", "");
	go("data", "");
	go("lost", "");
	go("busy", "");
	go("loop", "");
	go(".", "");
	go("", "");
	go("missing", "");
	go("data/below", "");
	go(NULL, "");
	go((char *)8, "");
	close(fd);
}

CASE(arguments_that_cannot_be_passed, 0)
{
	char *huge = malloc(1 << 20), *wild[] = { (char *)8, NULL };
	pid_t pid;

	memset(huge, 'x', (1 << 20) - 1);
	huge[(1 << 20) - 1] = 0;
	go(SELF, huge);
	printf("%s\n", strerrorname_np(posix_spawn(&pid, SELF, NULL, NULL, wild, environ)));
	no_child_left();
}

CASE(scripts_run, 0)
{
	make_file("script", "#!/bin/sh\nexit 4\n", 0755);
	go("./script", "");
	setenv("PATH", ".", 1);
	gop("script", "");
}

/* "1" in dir a, "2" in b and so on, as the exit status tells. */
static void make_dirs(void)
{
	must(!mkdir("a", 0755) && !mkdir("b", 0755) && !mkdir("c", 0755), "mkdir");
	make_file("a/only_a", "#!/bin/sh\nexit 1\n", 0755);
	make_file("b/only_b", "#!/bin/sh\nexit 2\n", 0755);
	make_file("a/both", "#!/bin/sh\nexit 1\n", 0755);
	make_file("b/both", "#!/bin/sh\nexit 2\n", 0755);
	make_file("a/denied", "#!/bin/sh\nexit 1\n", 0644);
	make_file("b/denied", "#!/bin/sh\nexit 2\n", 0755);
	make_file("a/never", "#!/bin/sh\nexit 1\n", 0644);
	make_file("a/text", "exit 1\n", 0755);
	make_file("b/text", "#!/bin/sh\nexit 2\n", 0755);
	make_file("here", "#!/bin/sh\nexit 3\n", 0755);
	must(!symlink("round", "a/round"), "symlink");
	make_file("b/round", "#!/bin/sh\nexit 2\n", 0755);
}

CASE(search_takes_the_first, 0)
{
	make_dirs();
	setenv("PATH", "a:b:c", 1);
	gop("both", "");
	gop("only_b", "");
	gop("missing", "");
	gop("a/only_a", "");
	gop("./only_a", "");
}

CASE(search_remembers_that_it_was_denied, 0)
{
	make_dirs();
	setenv("PATH", "a:b:c", 1);
	gop("denied", "");
	gop("never", "");
	setenv("PATH", "a:here:c", 1);
	gop("never", "");
}

CASE(search_ends_at_other_errors, 0)
{
	make_dirs();
	setenv("PATH", "here:a:b", 1);
	gop("text", "");
	gop("round", "");
	gop("only_b", "");
}

CASE(search_of_empty_entries, 0)
{
	static const char *const paths[] = { "", ":", "a:", ":a", "a::b", "::::" };
	unsigned int i;

	make_dirs();
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		setenv("PATH", paths[i], 1);
		gop("here", "");
	}
	gop("", "");
}

CASE(search_without_path, 0)
{
	unsetenv("PATH");
	gop("true", "");
	gop("self", "");
}

CASE(search_uses_the_callers_path, 0)
{
	char *argv[] = { "only_b", NULL }, *envp[] = { "PATH=b", NULL };
	pid_t pid;

	make_dirs();
	setenv("PATH", "a", 1);
	printf("%s\n", strerrorname_np(posix_spawnp(&pid, "only_b", NULL, NULL, argv, envp)));
}

CASE(search_after_chdir_is_relative_to_it, 0)
{
	make_dirs();
	setenv("PATH", ".:a", 1);
	posix_spawn_file_actions_addchdir_np(&actions, "b");
	gop("only_b", "");
	posix_spawn_file_actions_addchdir_np(&actions, "b");
	gop("only_a", "");
	posix_spawn_file_actions_addchdir_np(&actions, "b");
	go("./only_b", "");
}

/* The last has more entries than a chain has room for. */
CASE(search_of_long_names, 1)
{
	char name[NAME_MAX + 2], *path = malloc(3 * PATH_MAX + 4096);
	int i;

	make_dirs();
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	gop(name, "");
	name[NAME_MAX] = 0;
	gop(name, "");
	memset(path, 'd', 3 * PATH_MAX);
	strcpy(path + PATH_MAX - 8, ":b");	/* too long with the name behind it */
	gop("only_b", "");
	setenv("PATH", path, 1);
	gop("only_b", "");
	memset(path, 'd', 3 * PATH_MAX);
	strcpy(path + 2 * PATH_MAX, ":b");	/* too long by itself */
	setenv("PATH", path, 1);
	gop("only_b", "");
	for (*path = 0, i = 0; i < 300; i++)
		strcat(path, "c:");
	setenv("PATH", strcat(path, "b"), 1);
	gop("only_b", "");
}

/* A name that cannot be is found out at the end, when all else is done. */
CASE(actions_come_before_the_search, 0)
{
	char name[NAME_MAX + 2];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	posix_spawn_file_actions_addopen(&actions, 5, "one", O_CREAT | O_WRONLY, 0600);
	gop("", "");
	posix_spawn_file_actions_addopen(&actions, 5, "two", O_CREAT | O_WRONLY, 0600);
	gop(name, "");
	posix_spawn_file_actions_addopen(&actions, 5, "three", O_CREAT | O_WRONLY, 0600);
	go("missing", "");
	posix_spawn_file_actions_addopen(&actions, 5, "missing/four", O_RDONLY, 0);
	gop("", "");
	printf("%d %d %d\n", access("one", F_OK), access("two", F_OK), access("three", F_OK));
}

static volatile sig_atomic_t chld_pid, chld_status;

static void on_chld(int sig, siginfo_t *info, void *context)
{
	chld_pid = info->si_pid;
	chld_status = info->si_status;
}

/* The handler never runs before *pid is there: glibc blocks it for so long. */
CASE(sigchld_comes_after_the_pid, 0)
{
	struct sigaction act = { .sa_sigaction = on_chld, .sa_flags = SA_SIGINFO };
	char *argv[] = { "report", "6", NULL };
	pid_t pid;
	int i;

	must(!sigaction(SIGCHLD, &act, NULL), "sigaction");
	for (i = 0; i < 5; i++) {
		chld_pid = 0;
		printf("%d\n", posix_spawn(&pid, SELF, NULL, NULL, argv, environ));
		while (!chld_pid)
			usleep(1000);
		printf("%d, status %d\n", chld_pid == pid, chld_status);
		reap(pid);
	}
}

CASE(ignored_sigchld_reaps, 0)
{
	pid_t pid;

	signal(SIGCHLD, SIG_IGN);
	pid = start();
	printf("%d\n", waitpid(pid, NULL, 0) == -1 && errno == ECHILD);
	signal(SIGCHLD, SIG_DFL);
	no_child_left();
}
