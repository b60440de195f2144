// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * behaviour CASE runs one, behaviour --list names all and how many calls of each fall back.
 * Started by a case, as report, it says what it got.
 */
#include "behaviour/behaviour.h"
#include <ftw.h>

posix_spawn_file_actions_t actions;
posix_spawnattr_t attr;
static struct test_case *cases;
char quick[4096];
static char scratch[] = "/tmp/behaviour.XXXXXX";

void add_case(struct test_case *c)
{
	c->next = cases;
	cases = c;
}

void must(bool ok, const char *what)
{
	if (ok)
		return;
	printf("%s: %s\n", what, strerror(errno));
	exit(99);
}

void make_file(const char *path, const char *text, int mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), path);
	must(!fchmod(fd, mode) && !close(fd), path);
}

/* ---- Spawning ----------------------------------------------------------------------------- */

static void reset(void)
{
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
}

static void tell_status(int status)
{
	if (WIFEXITED(status))
		printf("exit %d\n", WEXITSTATUS(status));
	else
		printf("signal %d\n", WTERMSIG(status));
}

void no_child_left(void)
{
	if (waitpid(-1, NULL, __WALL) != -1 || errno != ECHILD)
		printf("there is a child that nobody knows of\n");
}

static void outcome(int err, pid_t pid)
{
	int status;

	if (err) {
		printf("%s%s%s\n", strerrorname_np(err), errno == err ? ", and errno" : "",
		       pid == -2 ? "" : ", and pid was set");
	} else {
		must(pid > 0 && waitpid(pid, &status, 0) == pid, "waiting for the pid of the spawn");
		tell_status(status);
	}
	no_child_left();
	reset();
}

void go(const char *file, const char *arg)
{
	char *argv[] = { "report", (char *)arg, NULL };
	pid_t pid = -2;
	int err;

	fflush(stdout);
	errno = 0;
	err = posix_spawn(&pid, file, &actions, &attr, argv, environ);
	outcome(err, pid);
}

void gop(const char *name, const char *arg)
{
	char *argv[] = { "report", (char *)arg, NULL };
	pid_t pid = -2;
	int err;

	fflush(stdout);
	errno = 0;
	err = posix_spawnp(&pid, name, &actions, &attr, argv, environ);
	outcome(err, pid);
}

pid_t start(void)
{
	char *argv[] = { "quick", NULL };
	pid_t pid;

	errno = posix_spawn(&pid, quick, NULL, NULL, argv, environ);
	must(!errno, "posix_spawn");
	return pid;
}

void reap(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0) == pid, "waitpid");
	if (status)
		tell_status(status);
}

/* It lies beside us, in the directory of all tests. */
static void find_quick(void)
{
	ssize_t len = readlink(SELF, quick, sizeof(quick) - 32);
	char *dir;

	must(len > 0, SELF);
	quick[len] = 0;
	dir = strstr(quick, "/preload/");
	must(dir, quick);
	strcpy(dir, "/targets/quick");
	must(!access(quick, X_OK), quick);
}

/* ---- One case ----------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

/* In a directory of its own; where its descriptors and limits end up is nobody's business. */
static int run_case(const struct test_case *c)
{
	int status;
	pid_t pid;

	closefrom(3);
	unsetenv("LD_PRELOAD");		/* programs with no free descriptor could not load it */
	find_quick();
	must(mkdtemp(scratch), "mkdtemp");
	fflush(stdout);
	pid = fork();
	if (!pid) {
		must(!chdir(scratch) && !symlink(SELF, "self"), scratch);
		reset();
		c->run();
		exit(0);
	}
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	if (status)
		tell_status(status);
	nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}

int main(int argc, char **argv)
{
	const struct test_case *c;

	if (!strcmp(argv[0], "report"))
		return report(argc > 1 ? argv[1] : "");
	for (c = cases; argc == 2 && c; c = c->next) {
		if (!strcmp(argv[1], "--list"))
			printf("%s %d\n", c->name, c->fallbacks);
		else if (!strcmp(argv[1], c->name))
			return run_case(c);
	}
	if (argc == 2 && !strcmp(argv[1], "--list"))
		return 0;
	fprintf(stderr, "usage: behaviour CASE | --list\n");
	return 2;
}
