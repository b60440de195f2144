// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Who may look into a half-made task. It shares the memory of the application, so the user it has
 * become must not; nor must its credentials change what the application lets others do to itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "lib/fixture.h"
#include "lib/attr.h"

#define YAMA	"/proc/sys/kernel/yama/ptrace_scope"

FIXTURE(trace) {
	struct io_uring ring;
	int go[2];		/* the half-made task reads from it */
	int stay[2];		/* the program does */
	int report[2];
	bool yama;
};

FIXTURE_SETUP(trace)
{
	ASSERT_EQ(0, ring_init(&self->ring, 0));
	ASSERT_EQ(0, pipe2(self->go, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(self->stay, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(self->report, O_CLOEXEC));
	ASSERT_EQ(0, fcntl(self->report[1], F_SETFD, 0));
	ASSERT_EQ(0, fcntl(self->stay[0], F_SETFD, 0));
	self->yama = !access(YAMA, F_OK);
	if (self->yama)
		ASSERT_EQ(0, write_file(YAMA, "0"));
}

FIXTURE_TEARDOWN(trace)
{
	io_uring_queue_exit(&self->ring);
	if (self->yama)
		EXPECT_EQ(0, write_file(YAMA, "1"));
}

static char secret[] = "of the application";

/* The ways in. */
enum {
	SEIZE = 1, ATTACH = 2, MEM = 4, READV = 8, WRITEV = 16, GETFD = 32, ENVIRON = 64,
	MAPS = 128, EXE = 256, FDS = 512,
	ALL_WAYS = 1023,
	ODD = 1024,		/* refused, but with another errno */
};

static int way(int bit, long ret)
{
	if (ret >= 0 || errno == EFAULT)	/* an address the program does not have */
		return bit;
	if (errno == EPERM || errno == EACCES)
		return 0;
	fprintf(stderr, "# way %d: %s\n", bit, strerror(errno));
	return ODD;
}

static int open_proc(pid_t pid, const char *name, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return open(path, flags | O_CLOEXEC);
}

/* /proc/PID/environ opens for everybody and reads for some. */
static long read_proc(pid_t pid, const char *name)
{
	char byte;
	int fd = open_proc(pid, name, O_RDONLY);

	return fd < 0 ? fd : read(fd, &byte, 1);
}

static long link_of(pid_t pid, const char *name)
{
	char path[64], to[256];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return readlink(path, to, sizeof(to));
}

static int try_all(pid_t pid)
{
	char copy[sizeof(secret)];
	struct iovec local = { copy, sizeof(copy) }, remote = { secret, sizeof(secret) };
	int pidfd = pidfd_open(pid, 0), got = 0, status;

	got |= way(MEM, open_proc(pid, "mem", O_RDWR));
	got |= way(READV, process_vm_readv(pid, &local, 1, &remote, 1, 0));
	strcpy(copy, "not from outside!!");
	got |= way(WRITEV, process_vm_writev(pid, &local, 1, &remote, 1, 0));
	got |= way(GETFD, pidfd_getfd(pidfd, 0, 0));
	got |= way(ENVIRON, read_proc(pid, "environ"));
	got |= way(MAPS, read_proc(pid, "maps"));
	got |= way(EXE, link_of(pid, "exe"));
	got |= way(FDS, link_of(pid, "fd/0"));
	got |= way(ATTACH, ptrace(PTRACE_ATTACH, pid, 0, 0));
	if (got & ATTACH) {
		waitpid(pid, &status, __WALL);
		ptrace(PTRACE_DETACH, pid, 0, 0);
	}
	got |= way(SEIZE, ptrace(PTRACE_SEIZE, pid, 0, 0));
	return got;
}

/* In a process of its own; what it held is let go when it ends. */
static int ways_in(pid_t pid, void (*become)(struct attr_case *c))
{
	int *got = mmap(NULL, sizeof(*got), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
			0);
	pid_t child = fork();

	if (!child) {
		if (become)
			become(NULL);
		*got = try_all(pid);
		_exit(0);
	}
	return wait_exit(child) ? -1 : *got;
}

static char path[256], fd_text[8], tty_text[] = "0", stay_text[8];
static char *argv[] = { "state", fd_text, tty_text, stay_text, NULL };

/* What is set, a read that waits, a program that waits. */
static void waiting_chain(struct chain *c, const struct attr *steps, unsigned int nr, int go,
			  int report, int stay)
{
	static char byte;

	target(path, sizeof(path), "state");
	snprintf(fd_text, sizeof(fd_text), "%d", report);
	snprintf(stay_text, sizeof(stay_text), "%d", stay);
	chain_init(c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	while (nr--)
		attr_sqe(chain_add(c), steps++);
	chain_read(c, go, &byte, 1);
	chain_exec(c, path, argv);
	chain_link(c, IOSQE_IO_LINK);
}

#define DROP	GROUPS(NULL, 0), GID(NOBODY, NOBODY, NOBODY), UID(NOBODY, NOBODY, NOBODY)

/* Starts it and waits until it sleeps in the read; evaluates to its pid. */
#define START(...) ({								\
	struct attr __steps[] = { __VA_ARGS__ };				\
	struct chain __c;							\
	pid_t __pid;								\
										\
	waiting_chain(&__c, __steps, ARRAY_SIZE(__steps), self->go[0], self->report[1],	\
		      self->stay[0]);						\
	ASSERT_EQ(0, chain_submit(&self->ring, &__c));				\
	__pid = ASSERT_BORN(&self->ring);					\
	ASSERT_EQ(0, wait_state(__pid, 'S'));					\
	__pid;									\
})

/* Lets it exec, and waits until the program has said what it is. */
#define GO_ON(pid) do {								\
	struct io_uring_cqe __cqe;						\
	struct state __state;							\
										\
	ASSERT_EQ(1, write(self->go[1], "x", 1));				\
	ASSERT_EQ(0, next_cqe(&self->ring, &__cqe));				\
	ASSERT_EQ(pid, __cqe.res);						\
	ASSERT_EQ(sizeof(__state), read(self->report[0], &__state, sizeof(__state))); \
} while (0)

#define END(pid) do {								\
	close(self->stay[1]);							\
	EXPECT_EQ(0, wait_exit(pid));						\
	EXPECT_STREQ("of the application", secret);				\
} while (0)

TEST_F(trace, new_user_cannot_look_in_before_exec_and_can_after)
{
	pid_t pid = START(DROP);

	EXPECT_EQ(0, ways_in(pid, as_nobody));
	GO_ON(pid);
	EXPECT_EQ(ALL_WAYS, ways_in(pid, as_nobody));
	END(pid);
}

TEST_F(trace, set_uid_program_stays_closed_to_the_new_user)
{
	char copy[] = "/creds-trace-setuid";
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "state"));
	ASSERT_EQ(0, copy_file(path, copy, 04755));
	pid = START(DROP, DUP(0, 0));
	EXPECT_EQ(0, ways_in(pid, as_nobody));
	strcpy(path, copy);
	GO_ON(pid);
	EXPECT_EQ(0, ways_in(pid, as_nobody));
	END(pid);
	unlink(copy);
}

TEST_F(trace, root_with_cap_sys_ptrace_can)
{
	pid_t pid = START(DROP);

	EXPECT_EQ(ALL_WAYS & ~WRITEV, ways_in(pid, NULL) & ~WRITEV);
	memcpy(secret, "of the application", sizeof(secret));
	GO_ON(pid);
	EXPECT_EQ(ALL_WAYS, ways_in(pid, NULL));
	END(pid);
}

TEST_F(trace, root_without_the_capability_cannot)
{
	pid_t pid = START(UMASK(022));

	EXPECT_EQ(0, ways_in(pid, as_root_without_caps));
	GO_ON(pid);
	END(pid);
}

/* As if it were not dumpable, whatever the ids say: an application's own user too. */
TEST_F(trace, user_of_an_unprivileged_application_can_not_before_exec)
{
	pid_t pid;

	as_nobody(NULL);
	ASSERT_EQ(0, prctl(PR_SET_DUMPABLE, 1));
	pid = START(UMASK(022));
	EXPECT_EQ(0, ways_in(pid, NULL));
	EXPECT_EQ(ALL_WAYS & ~WRITEV, ways_in(getpid(), NULL) & ~WRITEV);
	memcpy(secret, "of the application", sizeof(secret));
	GO_ON(pid);
	EXPECT_EQ(ALL_WAYS, ways_in(pid, NULL));
	END(pid);
	self->yama = false;	/* nobody cannot write it */
}

/* What others may do to the application itself stays as it was, before, meanwhile and after. */
TEST_F(trace, dumpable_flag_of_the_application_stays)
{
	int dumpable;

	for (dumpable = 1; dumpable >= 0; dumpable--) {
		struct io_uring_cqe cqe;
		struct chain c;
		pid_t pid;

		ASSERT_EQ(0, prctl(PR_SET_DUMPABLE, dumpable));
		pid = START(DROP, RESETIDS(), PRCTL(PR_SET_PDEATHSIG, SIGUSR1));
		EXPECT_EQ(dumpable, prctl(PR_GET_DUMPABLE));
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		EXPECT_EQ(-EINTR, cqe.res);
		EXPECT_EQ(dumpable, prctl(PR_GET_DUMPABLE));
		chain_init(&c, true, 0);
		chain_exec(&c, path, (char *[]){ "state", NULL });
		EXPECT_EQ(99, wait_exit(ASSERT_EXECED(&self->ring, &c)));
		EXPECT_EQ(dumpable, prctl(PR_GET_DUMPABLE));
	}
}

/* While one half-made task is another user's, the application can be traced as ever. */
TEST_F(trace, application_can_be_traced_meanwhile)
{
	pid_t pid;

	ASSERT_EQ(0, setresgid(1000, 1000, 0));
	ASSERT_EQ(0, setgroups(0, NULL));
	pid = START(GID(-1, 0, -1), UID(NOBODY, NOBODY, NOBODY));
	EXPECT_EQ(0, ways_in(pid, as_nobody));
	EXPECT_EQ(0, ways_in(getpid(), as_nobody));
	EXPECT_EQ(ALL_WAYS & ~WRITEV, ways_in(getpid(), NULL) & ~WRITEV);
	memcpy(secret, "of the application", sizeof(secret));
	GO_ON(pid);
	END(pid);
	ASSERT_EQ(0, setresgid(0, 0, 0));
}

static long oom_score_adj(pid_t pid)
{
	char text[16] = "";
	int fd = open_proc(pid, "oom_score_adj", O_RDONLY);
	long ret = fd < 0 || read(fd, text, sizeof(text) - 1) <= 0 ? -9999 : atol(text);

	close(fd);
	return ret;
}

static void raise_oom_score_adj(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	_exit(-write_file(path, "700"));
}

/* That file speaks for all processes that share memory; not for one that only borrows it. */
TEST_F(trace, oom_score_of_the_application_stays)
{
	struct attr open = OPEN(AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY, 0, 50);
	struct io_uring_cqe cqe;
	struct chain c;
	pid_t pid, child;
	char byte;

	chain_init(&c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	attr_sqe(chain_add(&c), &open);
	chain_write(&c, 50, "500", 3);
	chain_read(&c, self->go[0], &byte, 1);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_EQ(0, wait_state(pid, 'S'));
	EXPECT_EQ(500, oom_score_adj(pid));
	EXPECT_EQ(0, oom_score_adj(getpid()));
	ASSERT_EQ(1, write(self->go[1], "x", 1));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(0, cqe.res);

	pid = START(DROP);
	child = fork();
	if (!child) {
		as_nobody(NULL);
		raise_oom_score_adj(pid);
	}
	EXPECT_EQ(EACCES, wait_exit(child));
	EXPECT_EQ(0, oom_score_adj(pid));
	EXPECT_EQ(0, oom_score_adj(getpid()));
	GO_ON(pid);
	END(pid);
}

/* An application of nobody, traced by nobody: what strace -f does. */
static void traced_application(const char *program)
{
	struct attr mask = UMASK(022);
	struct io_uring ring;
	struct chain c;

	if (ptrace(PTRACE_TRACEME, 0, 0, 0) || raise(SIGSTOP) || ring_init_small(&ring, 0))
		_exit(1);
	chain_init(&c, true, 0);
	attr_sqe(chain_add(&c), &mask);
	chain_exec(&c, program, (char *[]){ "quick", NULL });
	chain_link(&c, IOSQE_IO_LINK);
	_exit(wait_exit(chain_outcome(&ring, &c).res));
}

struct seen {
	int births, execs, peeks, mems;
};

static void look_in(pid_t pid, struct seen *seen)
{
	long word, want;
	int fd = open_proc(pid, "mem", O_RDONLY);

	memcpy(&want, secret, sizeof(want));
	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, pid, secret, 0);
	seen->peeks += !errno && word == want;
	seen->mems += pread(fd, &word, sizeof(word), (long)secret) == sizeof(word) && word == want;
	close(fd);
}

/* Until the application has ended; its status. */
static int trace_all(pid_t app, struct seen *seen)
{
	int status, event, sig;
	bool first = true;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (!WIFSTOPPED(status)) {
			if (pid == app)
				return WEXITSTATUS(status);
			continue;
		}
		event = status >> 16;
		sig = WSTOPSIG(status);
		if (pid == app && first)
			ptrace(PTRACE_SETOPTIONS, app, 0,
			       PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			       PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC);
		first = first && pid != app;
		seen->execs += event == PTRACE_EVENT_EXEC;
		seen->births += event && event != PTRACE_EVENT_EXEC &&
				event != PTRACE_EVENT_VFORK_DONE;
		if (pid != app && sig == SIGSTOP)
			look_in(pid, seen);
		if (event || sig == SIGSTOP || sig == SIGTRAP)
			sig = 0;
		ptrace(PTRACE_CONT, pid, 0, sig);
	}
	return -1;
}

TEST_F(trace, tracer_of_the_application_gets_the_task_and_looks_in)
{
	struct seen seen = {};
	pid_t app;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	as_nobody(NULL);
	ASSERT_EQ(0, prctl(PR_SET_DUMPABLE, 1));
	app = fork();
	if (!app)
		traced_application(path);
	EXPECT_EQ(0, trace_all(app, &seen));
	EXPECT_EQ(1, seen.births);
	EXPECT_EQ(1, seen.execs);
	EXPECT_EQ(1, seen.peeks);
	EXPECT_EQ(1, seen.mems);
	self->yama = false;	/* nobody cannot write it */
}

TEST_MAIN
