// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What a spawned program says about itself. */
#include "behaviour.h"
#include <linux/types.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static const char *kind_of(int fd)
{
	static char target[4096];
	char link[64];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, target, sizeof(target) - 1);
	if (len < 0)
		return "?";
	target[len] = 0;
	if (strchr(target, '['))		/* pipe:[1234] and the like */
		*strchr(target, '[') = 0;
	return strrchr(target, '/') ? strrchr(target, '/') + 1 : target;
}

/* Above standard error: what these three are depends on who runs the test. */
static void tell_fds(void)
{
	int fd, flags;

	for (fd = 3; fd < 1024; fd++) {
		flags = fcntl(fd, F_GETFL);
		if (flags >= 0)
			printf("fd %d: %s, offset %lld, flags %#x\n", fd, kind_of(fd),
			       (long long)lseek(fd, 0, SEEK_CUR), flags);
	}
}

/* Without the C library's own two, which glibc's posix_spawn() leaves ignored. */
static void tell_signals(void)
{
	static const char *const wanted[] = { "SigPnd:", "ShdPnd:", "SigBlk:", "SigIgn:", "SigCgt:" };
	FILE *status = fopen("/proc/self/status", "re");
	unsigned long long set;
	char line[256];
	unsigned int i;

	while (status && fgets(line, sizeof(line), status))
		for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
			if (!strncmp(line, wanted[i], 7)) {
				set = strtoull(line + 7, NULL, 16);
				printf("%s %#llx\n", wanted[i], set & ~(3ULL << 31));
			}
	if (status)
		fclose(status);
}

static void tell_mask(void)
{
	__u64 mask = 0;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &mask, sizeof(mask));
	printf("mask %#llx\n", mask);
}

static void tell_cwd(void)
{
	char dir[4096], *name = getcwd(dir, sizeof(dir)) ? strrchr(dir, '/') : "?";

	printf("cwd %s\n", strncmp(name, "/behaviour.", 11) ? name : "scratch");
}

static void tell_session(void)
{
	pid_t pid = getpid();

	printf("session %s, group %s\n", getsid(0) == pid ? "own" : "parent's",
	       getpgrp() == pid ? "own" : getpgrp() == getpgid(getppid()) ? "parent's" : "other");
}

static void tell_terminal(void)
{
	pid_t group = tcgetpgrp(3);

	printf("the terminal's group is %s\n", group < 0 ? strerrorname_np(errno) :
	       group == getpgrp() ? "ours" : "not ours");
}

static void tell_sched(void)
{
	struct sched_param param = { 0 };

	sched_getparam(0, &param);
	printf("policy %d, priority %d, nice %d\n", sched_getscheduler(0), param.sched_priority,
	       getpriority(PRIO_PROCESS, 0));
}

static void tell_ids(void)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	getresuid(&r, &e, &s);
	getresgid(&rg, &eg, &sg);
	printf("uids %d %d %d, gids %d %d %d\n", r, e, s, rg, eg, sg);
}

static void tell_limits(void)
{
	struct rlimit limit;
	mode_t mask = umask(0);

	getrlimit(RLIMIT_NOFILE, &limit);
	printf("descriptors %llu, umask %o\n", (unsigned long long)limit.rlim_cur, mask);
}

int report(const char *what)
{
	for (; *what; what++) {
		switch (*what) {
		case 'c': tell_cwd(); break;
		case 'f': tell_fds(); break;
		case 'i': tell_ids(); break;
		case 'l': tell_limits(); break;
		case 'm': tell_mask(); break;
		case 'p': printf("parent %s\n", getppid() == 1 ? "init" : "is there"); break;
		case 'P': printf("pid %s\n", getpid() == 1 ? "1" : "of many"); break;
		case 's': tell_signals(); break;
		case 'S': tell_session(); break;
		case 't': tell_terminal(); break;
		case 'w': tell_sched(); break;
		case 'e': printf("environment: %s\n", getenv("BEHAVIOUR") ?: "none"); break;
		case '1' ... '9': fflush(stdout); _exit(*what - '0');
		}
	}
	return 0;
}
