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

/* MADV_WIPEONFORK: the counts so far are the parent's to tell. A child of vfork(2) adds to them. */
static struct stats {
	atomic_uint	by_errno[MAX_ERRNO];	/* [0]: by io_uring */
	atomic_bool	is_appended;
	atomic_llong	end;			/* of our line in the file, 0 until it is there */
	dev_t		dev;			/* the file that was */
	ino_t		ino;
	atomic_int	pid;			/* ours, not that of a child of vfork(2) */
} *stats;

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
	stats = memory;
	stats->pid = getpid();
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

static void format(char line[LINE + 1])
{
	char name[NAME + 1];
	unsigned int i;
	int len;

	put_name(name);
	if (!stats->pid)
		stats->pid = getpid();
	len = snprintf(line, LINE, "pid %d %s: io_uring %u, fallback %u", stats->pid, name,
		       stats->by_errno[0], sum_from(1));
	for (i = 1; i < MAX_ERRNO && len < LINE - 32; i++)
		if (stats->by_errno[i])
			len += snprintf(line + len, LINE - len, ", %s %u", strerrorname_np(i),
					stats->by_errno[i]);
	memset(line + len, ' ', LINE - len);
	line[LINE - 1] = '\n';
}

/* Beyond RLIMIT_FSIZE, and to a FIFO nobody reads, a write is a signal, not for the program. */
static ssize_t put(int fd, const char *line, off_t at)
{
	static const struct timespec now;
	sigset_t ours, old;
	ssize_t n;

	sigemptyset(&ours);
	sigaddset(&ours, SIGXFSZ);
	sigaddset(&ours, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &ours, &old);
	n = at < 0 ? write(fd, line, LINE) : pwrite(fd, line, LINE, at);
	if (n < 0 && (errno == EFBIG || errno == EPIPE))
		sigtimedwait(&ours, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return n;
}

/* The file may have been replaced, or made shorter, since our line was written there. */
static bool has_our_line(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_dev == stats->dev && st.st_ino == stats->ino &&
		st.st_size >= stats->end;
}

static bool append(int fd, const char *line)
{
	struct stat st;

	if (put(fd, line, -1) != LINE || fstat(fd, &st))
		return false;
	stats->dev = st.st_dev;
	stats->ino = st.st_ino;
	stats->end = lseek(fd, 0, SEEK_CUR);
	return true;
}

/* The one that appends the line says where it ends. Until then the others leave it to him. */
static bool write_line(const char *line)
{
	bool first = !atomic_exchange(&stats->is_appended, true), ok = false, lost = first;
	int fd;

	if (!first && !stats->end)
		return false;
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
			(first ? O_APPEND | O_CREAT : 0), 0666);
	if (fd >= 0 && first)
		ok = append(fd, line);
	else if (fd >= 0 && has_our_line(fd))
		ok = put(fd, line, stats->end - LINE) == LINE;
	else if (fd >= 0)
		lost = true;
	if (fd >= 0)
		close(fd);
	if (lost && !ok) {	/* the next one begins anew */
		stats->end = 0;
		stats->is_appended = false;
	}
	return ok;
}

/* Of threads that write at once the last one may have the older counts: it sees that, and goes on. */
static void tell(void)
{
	char line[LINE + 1];
	unsigned int told;

	do {
		told = sum_from(0);
		format(line);
	} while (write_line(line) && told != sum_from(0));
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
