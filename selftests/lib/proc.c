// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What the rest of the system shows of tasks, files and memory. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <dirent.h>
#include <time.h>
#include <unistd.h>
#include "spawn_test.h"

#define KTHREADD	2

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

unsigned long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000UL + ts.tv_nsec / 1000000;
}

/* The small programs that tests spawn lie in targets/ beside the test itself. */
int target(char *path, size_t size, const char *name)
{
	ssize_t len = readlink("/proc/self/exe", path, size - 1);

	if (len < 0)
		return -errno;
	path[len] = '\0';
	*strrchr(path, '/') = '\0';
	len = strlen(path);
	snprintf(path + len, size - len, "/targets/%s", name);
	if (!access(path, X_OK))
		return 0;
	fprintf(stderr, "# %s: %s\n", path, strerror(errno));
	return -errno;
}

/* Exit status of a child, 128 + signal if one ended it, -errno if it cannot be waited for. */
int wait_exit(pid_t pid)
{
	unsigned long end = now_ms() + WAIT_MS;
	int status, ret;

	do {
		ret = waitpid(pid, &status, WNOHANG);
		if (ret < 0 && errno != EINTR)
			return -errno;
		if (ret == pid)
			return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		nap();
	} while (now_ms() < end);
	return -ETIME;
}

/* State and parent as in proc(5); false if there is no such task. */
static bool read_stat(const char *pid, char *state, int *ppid)
{
	char path[300], line[512] = "", *end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	end = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	fclose(f);
	return end && sscanf(end + 1, " %c %d", state, ppid) == 2;
}

/* 'R', 'S', 'Z' ..., 0 if there is no such task. */
char task_state(pid_t pid)
{
	char name[16], state;
	int ppid;

	snprintf(name, sizeof(name), "%d", pid);
	return read_stat(name, &state, &ppid) ? state : 0;
}

int wait_state(pid_t pid, char state)
{
	unsigned long end = now_ms() + WAIT_MS;

	while (task_state(pid) != state) {
		if (now_ms() > end) {
			fprintf(stderr, "# task %d is in state %c, not %c\n", pid,
				task_state(pid) ?: '-', state ?: '-');
			return -ETIME;
		}
		nap();
	}
	return 0;
}

int wait_gone(pid_t pid)
{
	return wait_state(pid, 0);
}

static int nr_entries(const char *path)
{
	struct dirent *d;
	int nr = 0;
	DIR *dir;

	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((d = readdir(dir)))
		nr += d->d_name[0] != '.';
	closedir(dir);
	return nr;
}

int nr_threads(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	return nr_entries(path);
}

int nr_descriptors(void)
{
	return nr_entries("/proc/self/fd");
}

/* A child of any kind, living or not yet waited for. */
bool has_child(void)
{
	siginfo_t info;

	return !waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL);
}

/*
 * An outcome is posted by a task that has not quite ended. Reaps nothing: a zombie is a child for
 * ever.
 */
bool no_child_left(void)
{
	unsigned long end = now_ms() + WAIT_MS;

	while (has_child()) {
		if (now_ms() > end)
			return false;
		nap();
	}
	return true;
}

long read_number(const char *path, const char *format)
{
	long value = -1;
	FILE *f = fopen(path, "r");

	if (!f)
		return -1;
	if (fscanf(f, format, &value) != 1)
		value = -1;
	fclose(f);
	return value;
}

/* Processes, without the kernel's own threads, which come and go. */
long nr_tasks(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;
	char state;
	long nr = 0;
	int ppid;

	while (proc && (d = readdir(proc)))
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9' &&
		    read_stat(d->d_name, &state, &ppid))
			nr += ppid != KTHREADD;
	if (proc)
		closedir(proc);
	return nr;
}

long nr_open_files(void)
{
	return read_number("/proc/sys/fs/file-nr", "%ld");
}

long meminfo_kb(const char *field)
{
	char line[128];
	long value = -1;
	size_t len = strlen(field);
	FILE *f = fopen("/proc/meminfo", "r");

	if (!f)
		return -1;
	while (value < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, field, len) && line[len] == ':')
			value = strtol(line + len + 1, NULL, 10);
	fclose(f);
	return value;
}

/* Objects in use in a slab cache; -1 if this kernel does not tell. */
long slab_objects(const char *cache)
{
	char line[256], name[64];
	long objects, value = -1;
	FILE *f = fopen("/proc/slabinfo", "r");

	if (!f)
		return -1;
	while (value < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %ld", name, &objects) == 2 && !strcmp(name, cache))
			value = objects;
	fclose(f);
	return value;
}

pid_t child_of(pid_t parent)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;
	pid_t found = 0;
	char state;
	int ppid;

	while (proc && !found && (d = readdir(proc)))
		if (read_stat(d->d_name, &state, &ppid) && ppid == parent &&
		    atoi(d->d_name) != getpid())
			found = atoi(d->d_name);
	if (proc)
		closedir(proc);
	return found;
}

/* n, or the share of it that SPAWN_TEST_PERCENT asks for. */
unsigned int rounds(unsigned int n)
{
	const char *percent = getenv("SPAWN_TEST_PERCENT");
	unsigned int some = percent ? n * strtoul(percent, NULL, 10) / 100 : n;

	return some ?: 1;
}

bool debug_kernel(void)
{
	static int debug = -1;

	if (debug < 0)
		debug = !access("/sys/kernel/debug/kmemleak", F_OK);
	return debug;
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* The mode as it is, set-id bits and all. */
int copy_file(const char *from, const char *to, mode_t mode)
{
	int in = open(from, O_RDONLY | O_CLOEXEC),
	    out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700), ret = 0;
	char buf[65536];
	ssize_t n;

	while (!ret && (n = read(in, buf, sizeof(buf))) != 0)
		if (n < 0 || write(out, buf, n) != n)
			ret = -errno;
	if (!ret && fchmod(out, mode))
		ret = -errno;
	close(in);
	close(out);
	return ret;
}

/* Reaps all of them, of whatever kind; false if one does not end by itself. */
bool all_children_gone(void)
{
	unsigned long end = now_ms() + WAIT_MS;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, NULL, WNOHANG | __WALL);
		if (pid < 0 && errno == ECHILD)
			return true;
		if (pid)
			continue;
		if (now_ms() > end)
			return false;
		nap();
	}
}

#define FILES_OF_ITS_OWN	128	/* counted per CPU, summed up now and then */

struct usage usage_now(void)
{
	return (struct usage){ nr_tasks(), nr_open_files() };
}

bool usage_settles(const struct usage *before)
{
	unsigned long end = now_ms() + WAIT_MS;
	struct usage now;

	do {
		now = usage_now();
		if (now.tasks <= before->tasks && now.files <= before->files + FILES_OF_ITS_OWN)
			return true;
		nap();
	} while (now_ms() < end);
	fprintf(stderr, "# tasks %ld -> %ld, open files %ld -> %ld\n", before->tasks, now.tasks,
		before->files, now.files);
	return false;
}
