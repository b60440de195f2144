// SPDX-License-Identifier: GPL-2.0 OR MIT
#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "escape.h"
#include "ring.h"
#include "util.h"

const char *const ring_counter_names[RING_COUNTERS] = {
	[RING_ISSUED]		= "issued",
	[RING_EXECED]		= "execed",
	[RING_ENDED]		= "ended",
	[RING_FAILED]		= "failed",
	[RING_CANCELLED]	= "cancelled",
};

/* ---- fdinfo ------------------------------------------------------------------------------- */

enum section { ELSEWHERE, SLOTS, SPAWNS };

/* "    0: name, map_id:7"; a name may be empty */
static void parse_slot(struct ring_view *view, const char *line)
{
	const char *map = strstr(line, ", map_id:");
	unsigned int slot;
	int at = 0;

	if (!map || sscanf(line, "%u: %n", &slot, &at) != 1 || !at || line + at > map ||
	    slot >= ARRAY_SIZE(view->slots))
		return;
	view->slots[slot].map = strtoul(map + strlen(", map_id:"), NULL, 10);
	snprintf(view->slots[slot].name, sizeof(view->slots[slot].name), "%.*s",
		 (int)(map - line - at), line + at);
}

static int parse_spawn(struct ring_view *view, const char *line)
{
	struct ring_spawn s = {}, *more;

	if (sscanf(line, " user_data:%llu, state:%31[^,], pid:%d, flags:%x, sqes:%u, submit:%u, "
		   "exec:%15[^,], policy:%15[^,], cqes:%u", &s.user_data, s.state, &s.pid, &s.flags,
		   &s.sqes, &s.submit, s.exec, s.policy, &s.cqes) != 9)
		return 0;
	more = reallocarray(view->spawns, view->nr_spawns + 1, sizeof(s));
	if (!more)
		return -ENOMEM;
	view->spawns = more;
	view->spawns[view->nr_spawns++] = s;
	return 0;
}

static void parse_counter(struct ring_view *view, const char *line)
{
	static const char *const keys[RING_COUNTERS] = {
		[RING_ISSUED]		= "SpawnsIssued:",
		[RING_EXECED]		= "SpawnsExeced:",
		[RING_ENDED]		= "SpawnsEnded:",
		[RING_FAILED]		= "SpawnsFailed:",
		[RING_CANCELLED]	= "SpawnsCancelled:",
	};
	unsigned int i;

	for (i = 0; i < RING_COUNTERS; i++)
		if (!strncmp(line, keys[i], strlen(keys[i]))) {
			view->counters[i] = strtoull(line + strlen(keys[i]), NULL, 10);
			view->answered = true;
		}
}

static int parse_fdinfo(FILE *f, struct ring_view *view)
{
	enum section section = ELSEWHERE;
	char *line = NULL;
	size_t size = 0;
	int err = 0;

	while (!err && getline(&line, &size, f) >= 0) {
		if (!strcmp(line, "SpawnSlots:\n"))
			section = SLOTS;
		else if (!strcmp(line, "Spawns:\n"))
			section = SPAWNS;
		else if (*line != ' ')
			parse_counter(view, line);
		else if (section == SLOTS)
			parse_slot(view, line);
		else if (section == SPAWNS)
			err = parse_spawn(view, line);
	}
	free(line);
	return err;
}

int ring_read_once(pid_t pid, int fd, struct ring_view *view)
{
	char path[64];
	FILE *f;
	int err;

	memset(view, 0, sizeof(*view));
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	err = parse_fdinfo(f, view);
	fclose(f);
	if (err)
		ring_view_free(view);
	return err;
}

int ring_read(pid_t pid, int fd, struct ring_view *view)
{
	unsigned int tries;
	int err;

	for (tries = 0; tries < RING_TRIES; tries++) {
		err = ring_read_once(pid, fd, view);
		if (err || view->answered)
			break;
		usleep(RING_PAUSE_US);
	}
	return err;
}

void ring_view_free(struct ring_view *view)
{
	free(view->spawns);
	memset(view, 0, sizeof(*view));
}

/* ---- Descriptors -------------------------------------------------------------------------- */

/* What @fd of @pid is, as /proc says it; a negative length if it does not. */
static ssize_t what_is(pid_t pid, int fd, char *buf, size_t size)
{
	char path[64];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	len = readlink(path, buf, size - 1);
	buf[len > 0 ? len : 0] = '\0';
	return len;
}

bool ring_is_one(pid_t pid, int fd)
{
	char what[64];

	return what_is(pid, fd, what, sizeof(what)) > 0 && !strcmp(what, "anon_inode:[io_uring]");
}

const char *process_name(pid_t pid, char *buf, size_t size)
{
	char path[64];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (f) {
		n = fread(buf, 1, size - 1, f);
		fclose(f);
	}
	if (n && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	if (!n)
		snprintf(buf, size, "?");
	return buf;
}

const char *process_shown(pid_t pid, char *buf, size_t size)
{
	process_name(pid, buf, size);
	return make_plain(buf);
}

static int no_process(pid_t pid, int err)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (err == -ESRCH)
		say("there is no process %d (ESRCH)", pid);
	else if ((err == -EINVAL || err == -ENOENT) && !access(path, F_OK))
		say("%d is a thread and not a process: give the id of its process, Tgid in "
		    "%s/status (%s)", pid, path, errno_name(err));
	else
		say_error(err, NULL, "process %d cannot be opened", pid);
	return err;
}

static int no_descriptor(pid_t pid, int fd, int err)
{
	char name[32];

	process_shown(pid, name, sizeof(name));
	switch (err) {
	case -EPERM:
		say("descriptor %d of process %d (%s) cannot be taken (EPERM): it takes the rights "
		    "of a debugger: CAP_SYS_PTRACE, or the same user, no fewer capabilities, a "
		    "process that may be dumped, and sysctl kernel.yama.ptrace_scope at 0 where "
		    "there is one", fd, pid, name);
		break;
	case -EBADF:
		say("process %d (%s) has no descriptor %d (EBADF): ls -l /proc/%d/fd shows those "
		    "it has", pid, name, fd, pid);
		break;
	case -ESRCH:
		say("process %d is ending (ESRCH)", pid);
		break;
	default:
		say_error(err, NULL, "descriptor %d of process %d (%s) cannot be taken", fd, pid,
			  name);
	}
	return err;
}

int ring_take(pid_t pid, int fd)
{
	char what[PATH_MAX], name[32];
	int pidfd, taken, err;

	pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		return no_process(pid, -errno);
	taken = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	err = taken < 0 ? -errno : 0;
	close(pidfd);
	if (err)
		return no_descriptor(pid, fd, err);
	if (ring_is_one(getpid(), taken))
		return taken;
	what_is(getpid(), taken, what, sizeof(what));
	say("descriptor %d of process %d (%s) is no io_uring: it is %s", fd, pid,
	    process_shown(pid, name, sizeof(name)), what);
	close(taken);
	return -EOPNOTSUPP;
}

int ring_look(pid_t pid, int fd)
{
	char what[PATH_MAX], name[32], path[32];

	if (ring_is_one(pid, fd))
		return 0;
	process_shown(pid, name, sizeof(name));
	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (access(path, F_OK))
		return no_process(pid, -ESRCH);
	if (what_is(pid, fd, what, sizeof(what)) >= 0) {
		say("descriptor %d of process %d (%s) is no io_uring: it is %s", fd, pid, name,
		    what);
		return -EOPNOTSUPP;
	}
	if (errno != EACCES)
		return no_descriptor(pid, fd, -EBADF);
	say("the descriptors of process %d (%s) cannot be seen (EACCES): it takes CAP_SYS_PTRACE, "
	    "or the same user, no fewer capabilities, and a process that may be dumped", pid, name);
	return -EACCES;
}

int ring_check(int fd)
{
	char what[PATH_MAX];

	if (ring_is_one(getpid(), fd))
		return 0;
	if (what_is(getpid(), fd, what, sizeof(what)) < 0) {
		say("descriptor %d is not open (EBADF): the caller has to pass it on, without "
		    "close-on-exec; --pid names another process that has it", fd);
		return -EBADF;
	}
	say("descriptor %d is no io_uring: it is %s", fd, what);
	return -EOPNOTSUPP;
}
