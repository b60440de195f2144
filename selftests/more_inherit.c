// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Nothing more than the submitter could: what a process gets from its parent, the task of a chain
 * gets, and its program what any program gets that such a process execs. The other process is
 * forked beside it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "lib/fixture.h"

#define SLEEP	"/bin/sleep"

FIXTURE(inherit) {
	struct io_uring ring;
	int gate[2];
	char byte;
	pid_t task, program, forked, execed;
};

FIXTURE_SETUP(inherit)
{
	ASSERT_EQ(0, ring_init(&self->ring, 0));
	ASSERT_EQ(0, pipe(self->gate));
}

FIXTURE_TEARDOWN(inherit)
{
	pid_t pids[] = { self->task, self->program, self->forked, self->execed };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pids); i++)
		if (pids[i] > 0)
			kill(pids[i], SIGKILL);
	io_uring_queue_exit(&self->ring);
	EXPECT_TRUE(all_children_gone());
}

static char *const sleep_argv[] = { "sleep", "3600", NULL };

static bool runs_sleep(pid_t pid)
{
	char path[32], comm[17];
	unsigned int ms;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	for (ms = 0; ms < WAIT_MS; ms += 5) {
		comm[0] = '\0';
		f = fopen(path, "r");
		if (f && !fgets(comm, sizeof(comm), f))
			comm[0] = '\0';
		if (f)
			fclose(f);
		if (!strcmp(comm, "sleep\n"))
			return true;
		usleep(5000);
	}
	return false;
}

/* A task that waits and a program, and what they are to be compared with. */
static int start_all(FIXTURE_DATA(inherit) *self)
{
	static struct chain c;
	struct io_uring_cqe cqe;

	chain_init(&c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	chain_read(&c, self->gate[0], &self->byte, 1);
	if (chain_submit(&self->ring, &c) || next_cqe(&self->ring, &cqe) || cqe.res < 0)
		return -1;
	self->task = cqe.res;
	chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	chain_exec(&c, SLEEP, sleep_argv);
	if (chain_submit(&self->ring, &c) || next_cqe(&self->ring, &cqe) || cqe.res < 0)
		return -2;
	self->program = cqe.res;
	self->forked = fork();
	if (!self->forked)
		for (;;)
			pause();
	self->execed = fork();
	if (!self->execed) {
		execv(SLEEP, sleep_argv);
		_exit(1);
	}
	/* exec sets the name before the credentials: who then sleeps has both */
	if (wait_state(self->task, 'S') || wait_state(self->forked, 'S') ||
	    !runs_sleep(self->program) || !runs_sleep(self->execed) ||
	    wait_state(self->execed, 'S'))
		return -3;
	return 0;
}

/* A file of /proc/PID, or the lines of it that start with one of these words. */
static char *proc_text(pid_t pid, const char *file, const char *const *words)
{
	static char texts[2][16384];
	static unsigned int turn;
	char *text = texts[turn ^= 1], path[64], line[1024];
	const char *const *w;
	size_t len = 0;
	FILE *f;

	text[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	f = fopen(path, "r");
	while (f && len < sizeof(texts[0]) - sizeof(line) && fgets(line, sizeof(line), f)) {
		for (w = words; w && *w; w++)
			if (!strncmp(line, *w, strlen(*w)))
				break;
		if (!words || *w)
			len += snprintf(text + len, sizeof(texts[0]) - len, "%s", line);
	}
	if (f)
		fclose(f);
	return text;
}

static bool alike(pid_t one, pid_t other, const char *file, const char *const *words)
{
	char *a = proc_text(one, file, words), *b = proc_text(other, file, words);

	if (a[0] && !strcmp(a, b))
		return true;
	fprintf(stderr, "# %s of the spawned one:\n%s# of the forked one:\n%s", file, a, b);
	return false;
}

#define EXPECT_ALIKE(file, words) do {						\
	EXPECT_TRUE(alike(self->task, self->forked, file, words));		\
	EXPECT_TRUE(alike(self->program, self->execed, file, words));		\
} while (0)

static const char *const who[] = {
	"Umask:", "Uid:", "Gid:", "Groups:", "CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:",
	"NoNewPrivs:", "Seccomp", "Speculation", "Cpus_allowed:", "Mems_allowed:", "PPid:",
	"TracerPid:", NULL };

TEST_F(inherit, ids_capabilities_and_masks)
{
	ASSERT_EQ(0, start_all(self));
	EXPECT_ALIKE("status", who);
}

TEST_F(inherit, no_new_privs)
{
	static const char *const set[] = { "NoNewPrivs:\t1", NULL };

	ASSERT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	ASSERT_EQ(0, start_all(self));
	EXPECT_ALIKE("status", set);
}

/* Root's programs get no capabilities for being root's. */
TEST_F(inherit, securebits)
{
	static const char *const none[] = { "CapPrm:\t0000000000000000",
					    "CapEff:\t0000000000000000", NULL };

	ASSERT_EQ(0, prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED |
			   SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED, 0, 0, 0));
	ASSERT_EQ(0, start_all(self));
	EXPECT_ALIKE("status", who);
	EXPECT_TRUE(alike(self->program, self->execed, "status", none));
}

TEST_F(inherit, bounding_set)
{
	ASSERT_EQ(0, prctl(PR_CAPBSET_DROP, CAP_SYS_BOOT, 0, 0, 0));
	ASSERT_EQ(0, prctl(PR_CAPBSET_DROP, CAP_NET_ADMIN, 0, 0, 0));
	ASSERT_EQ(0, start_all(self));
	EXPECT_ALIKE("status", who);
}

static int raise_ambient(unsigned int cap)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(__NR_capget, &header, data))
		return -errno;
	data[cap / 32].inheritable |= 1U << cap % 32;
	if (syscall(__NR_capset, &header, data))
		return -errno;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) ? -errno : 0;
}

/* Somebody with one capability, kept over exec, and nothing else. */
TEST_F(inherit, ambient_capability_of_somebody)
{
	static const char *const one[] = { "CapAmb:\t0000000000001000", NULL };

	ASSERT_EQ(0, prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
	ASSERT_EQ(0, setresgid(4321, 4321, 4321));
	ASSERT_EQ(0, setresuid(4321, 4321, 4321));
	ASSERT_EQ(0, raise_ambient(CAP_NET_ADMIN));
	ASSERT_EQ(0, prctl(PR_SET_DUMPABLE, 1));
	ASSERT_EQ(0, start_all(self));
	EXPECT_ALIKE("status", who);
	EXPECT_ALIKE("status", one);
}

TEST_F(inherit, resource_limits)
{
	struct rlimit odd = { 1234, 5678 };

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &odd));
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &odd));
	ASSERT_EQ(0, setrlimit(RLIMIT_SIGPENDING, &odd));
	ASSERT_EQ(0, start_all(self));
	EXPECT_ALIKE("limits", NULL);
}

TEST_F(inherit, priority_and_processors)
{
	cpu_set_t one;
	int i, pids[4];

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(one), &one));
	ASSERT_EQ(0, setpriority(PRIO_PROCESS, 0, 7));
	ASSERT_EQ(0, start_all(self));
	pids[0] = self->task;
	pids[1] = self->program;
	pids[2] = self->forked;
	pids[3] = self->execed;
	for (i = 0; i < 4; i++) {
		cpu_set_t set;

		EXPECT_EQ(7, getpriority(PRIO_PROCESS, pids[i]));
		ASSERT_EQ(0, sched_getaffinity(pids[i], sizeof(set), &set));
		EXPECT_TRUE(CPU_EQUAL(&set, &one));
	}
}

/* Execution domain, OOM score, control group, timer slack: each a file of its own. */
TEST_F(inherit, what_else_proc_shows)
{
	static const char *const files[] = { "personality", "oom_score_adj", "cgroup",
					     "coredump_filter", "timerslack_ns", "mountinfo" };
	unsigned int i;

	ASSERT_LE(0, personality(ADDR_NO_RANDOMIZE));
	ASSERT_EQ(0, write_file("/proc/self/oom_score_adj", "123"));
	ASSERT_EQ(0, write_file("/proc/self/coredump_filter", "7"));
	ASSERT_EQ(0, prctl(PR_SET_TIMERSLACK, 123456));
	ASSERT_EQ(0, start_all(self));
	for (i = 0; i < ARRAY_SIZE(files); i++)
		EXPECT_ALIKE(files[i], NULL);
}

static bool same_link(pid_t one, pid_t other, const char *name)
{
	char path[64], a[256] = "", b[256] = "";

	snprintf(path, sizeof(path), "/proc/%d/%s", one, name);
	if (readlink(path, a, sizeof(a) - 1) < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/%s", other, name);
	if (readlink(path, b, sizeof(b) - 1) < 0)
		return false;
	return !strcmp(a, b);
}

TEST_F(inherit, directories_and_namespaces)
{
	static const char *const links[] = { "cwd", "root", "ns/mnt", "ns/pid", "ns/user", "ns/uts",
					     "ns/ipc", "ns/net", "ns/cgroup" };
	unsigned int i;

	ASSERT_EQ(0, chdir("/proc"));
	ASSERT_EQ(0, unshare(CLONE_NEWUTS | CLONE_NEWIPC));
	ASSERT_EQ(0, start_all(self));
	for (i = 0; i < ARRAY_SIZE(links); i++) {
		EXPECT_TRUE(same_link(self->task, self->forked, links[i])) {
			TH_LOG("%s", links[i]);
		}
		EXPECT_TRUE(same_link(self->program, self->execed, links[i])) {
			TH_LOG("%s", links[i]);
		}
	}
}

TEST_MAIN
