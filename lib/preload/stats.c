// SPDX-License-Identifier: GPL-2.0 OR MIT
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "stats.h"

#define MAX_ERRNO	134
#define LINE		160
#define NAME		32
#define OPEN_FLAGS	(O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* MADV_WIPEONFORK: the counts so far are the parent's to tell. A child of vfork(2) adds to them. */
static struct stats {
	atomic_uint	by_errno[MAX_ERRNO];	/* [0]: by io_uring */
	atomic_flag	is_written;		/* by one at a time */
	off_t		at;			/* where our line is in the file, if it is there */
	bool		is_there;
} *stats;

static pid_t pid;				/* ours, not that of a child of vfork(2) */

static char path[PATH_MAX];

/* The file is where it was when the program started, wherever that goes. */
static bool find_path(const char *name)
{
	char dir[PATH_MAX] = "";

	if (*name != '/' && !getcwd(dir, sizeof(dir)))
		return false;
	return snprintf(path, sizeof(path), "%s%s%s", dir, *dir ? "/" : "", name) <
		(int)sizeof(path);
}

static void set_pid(void)
{
	pid = getpid();
}

__attribute__((constructor)) static void start(void)
{
	const char *name = secure_getenv("SPAWN_BPF_STATS");
	void *memory;

	if (!name || !*name || !find_path(name))
		return;
	memory = mmap(NULL, sizeof(*stats), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	if (memory == MAP_FAILED || madvise(memory, sizeof(*stats), MADV_WIPEONFORK))
		return;
	set_pid();
	pthread_atfork(NULL, NULL, set_pid);
	stats = memory;
}

static unsigned int sum_from(unsigned int first)
{
	unsigned int sum = 0, i;

	for (i = first; i < MAX_ERRNO; i++)
		sum += stats->by_errno[i];
	return sum;
}

/* One word in one line, whatever the program is called. */
static void put_name(char name[NAME + 1])
{
	size_t i;

	strncpy(name, program_invocation_short_name, NAME);
	name[NAME] = 0;
	for (i = 0; name[i]; i++)
		if (name[i] <= ' ' || name[i] > '~')
			name[i] = '?';
}

/* How much of the line says whose it is. */
static int format(char line[LINE + 1])
{
	char name[NAME + 1];
	unsigned int i;
	int len, own;

	put_name(name);
	own = snprintf(line, LINE, "pid %d %s: ", pid, name);
	len = own + snprintf(line + own, LINE - own, "io_uring %u, fallback %u", stats->by_errno[0],
			     sum_from(1));
	for (i = 1; i < MAX_ERRNO && len < LINE - 32; i++)
		if (stats->by_errno[i])
			len += snprintf(line + len, LINE - len, ", %s %u", strerrorname_np(i),
					stats->by_errno[i]);
	memset(line + len, ' ', LINE - len);
	line[LINE - 1] = '\n';
	return own;
}

/* The file may have been replaced, or made shorter, since our line was written there. */
static bool is_our_line(int fd, const char *line, int own)
{
	char there[LINE];

	return stats->is_there && pread(fd, there, LINE, stats->at) == LINE &&
		!memcmp(there, line, own) && there[LINE - 1] == '\n';
}

/* O_APPEND, and then not: others append at any time. */
static bool put(int fd, const char *line, int own)
{
	if (is_our_line(fd, line, own))
		return pwrite(fd, line, LINE, stats->at) == LINE;
	stats->is_there = false;
	if (fcntl(fd, F_SETFL, O_APPEND) || write(fd, line, LINE) != LINE)
		return false;
	stats->at = lseek(fd, 0, SEEK_CUR) - LINE;
	stats->is_there = true;
	return true;
}

/* Beyond RLIMIT_FSIZE a write is a signal, which is not for the program. */
static bool put_silently(int fd, const char *line, int own)
{
	static const struct timespec now;
	sigset_t fsize, old;
	bool ok;

	sigemptyset(&fsize);
	sigaddset(&fsize, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &fsize, &old);
	errno = 0;
	ok = put(fd, line, own);
	if (errno == EFBIG)
		sigtimedwait(&fsize, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ok;
}

/* Only into a regular file: no other has lines that could be written again. */
static bool write_line(const char *line, int own)
{
	struct stat st;
	bool ok;
	int fd;

	/* to create what is another user's is refused in some directories */
	fd = open(path, OPEN_FLAGS);
	if (fd < 0 && errno == ENOENT)
		fd = open(path, OPEN_FLAGS | O_CREAT, 0666);
	if (fd < 0)
		return false;
	ok = !fstat(fd, &st) && S_ISREG(st.st_mode) && put_silently(fd, line, own);
	close(fd);
	return ok;
}

/*
 * Whoever finds it being written leaves it to the one who does, who sees the new counts and goes
 * on.
 */
static void tell(void)
{
	char line[LINE + 1];
	unsigned int told;
	bool ok;

	do {
		if (atomic_flag_test_and_set(&stats->is_written))
			return;
		told = sum_from(0);
		ok = write_line(line, format(line));
		atomic_flag_clear(&stats->is_written);
	} while (ok && told != sum_from(0));
}

void stats_count(int why)
{
	unsigned int err = why < 0 ? -why : why;

	if (!stats)
		return;
	stats->by_errno[err < MAX_ERRNO ? err : EINVAL]++;
	tell();
}

__attribute__((destructor)) static void tell_the_rest(void)
{
	if (stats && sum_from(0))
		tell();
}
