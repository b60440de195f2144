// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Who calls: threads, handlers, children of fork and vfork, programs that close all descriptors. */
#include "behaviour.h"
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>

CASE(children_of_fork_spawn, 0)
{
	int depth;
	pid_t pid;

	go(SELF, "p1");
	for (depth = 0; depth < 3; depth++) {
		fflush(stdout);
		pid = fork();
		must(pid >= 0, "fork");
		if (pid) {
			reap(pid);
			break;
		}
		go(SELF, "p2");
	}
	go(SELF, "p3");
}

/* Without what the C library does at a fork: it looks like a child of vfork(2), and falls back. */
CASE(children_of_a_plain_clone_spawn, 1)
{
	pid_t pid;

	go(SELF, "p1");
	fflush(stdout);
	pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	must(pid >= 0, "clone");
	if (!pid) {
		go(SELF, "p2");
		fflush(stdout);
		_exit(0);
	}
	reap(pid);
	go(SELF, "p3");
}

static void spawn_in_vfork_child(void)
{
	char *argv[] = { "report", "p4", NULL };
	static volatile int err, status;
	pid_t pid, spawned;

	fflush(stdout);
	pid = vfork();
	if (!pid) {
		err = posix_spawn(&spawned, SELF, NULL, NULL, argv, environ);
		if (!err && waitpid(spawned, (int *)&status, 0) != spawned)
			status = -1;
		_exit(0);
	}
	reap(pid);
	printf("%d, exit %d\n", err, WEXITSTATUS(status));
}

/* Those of the vfork children themselves fall back: the ring is their parent's. */
CASE(children_of_vfork_spawn, 3)
{
	spawn_in_vfork_child();
	go(SELF, "p1");
	spawn_in_vfork_child();
	go(SELF, "p1");
	spawn_in_vfork_child();
	go(SELF, "p1");
}

static void *spawn_one(void *arg)
{
	reap(start());
	return arg;
}

CASE(threads_with_small_stacks, 0)
{
	pthread_attr_t attrs;
	pthread_t threads[4];
	int i;

	pthread_attr_init(&attrs);
	must(!pthread_attr_setstacksize(&attrs, PTHREAD_STACK_MIN), "stack size");
	for (i = 0; i < 4; i++)
		must(!pthread_create(&threads[i], &attrs, spawn_one, NULL), "pthread_create");
	for (i = 0; i < 4; i++)
		must(!pthread_join(threads[i], NULL), "pthread_join");
	no_child_left();
	go(SELF, "p");
}

static void spawn_one_in_handler(int sig)
{
	reap(start());
}

/* One of SIGSTKSZ, 8 KiB, has no more left where a processor has much state to be saved. */
CASE(handler_on_a_small_stack, 0)
{
	size_t room = getauxval(AT_MINSIGSTKSZ) + 4608, page = sysconf(_SC_PAGESIZE);
	struct sigaction act = { .sa_handler = spawn_one_in_handler, .sa_flags = SA_ONSTACK };
	char *memory = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack_t stack = { .ss_sp = memory + page, .ss_size = room };

	must(memory != MAP_FAILED && !mprotect(memory, page, PROT_NONE), "mmap");
	spawn_one_in_handler(0);	/* the dynamic linker needs a stack of its own */
	must(!sigaltstack(&stack, NULL) && !sigaction(SIGUSR1, &act, NULL), "sigaltstack");
	must(!raise(SIGUSR1), "raise");
	no_child_left();
	go(SELF, "p");
}

/* Rings come and go with their threads. */
CASE(many_threads_one_after_another, 0)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 100; i++) {
		must(!pthread_create(&thread, NULL, spawn_one, NULL), "pthread_create");
		must(!pthread_join(thread, NULL), "pthread_join");
	}
	no_child_left();
	go(SELF, "f");
}

static void *cancelled(void *pid)
{
	char *argv[] = { "report", "", NULL };
	int old;

	pthread_setcanceltype(*(pid_t *)pid, &old);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_cancel(pthread_self());
	*(pid_t *)pid = 0;
	/* asynchronously, this ends the thread before it spawns; else not before the test */
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	posix_spawn(pid, SELF, NULL, NULL, argv, environ);
	pthread_testcancel();
	return NULL;
}

CASE(cancelled_threads, 0)
{
	static const int types[] = { PTHREAD_CANCEL_DEFERRED, PTHREAD_CANCEL_ASYNCHRONOUS };
	pthread_t thread;
	void *ret;
	pid_t pid;
	int i;

	for (i = 0; i < 2; i++) {
		pid = types[i];
		must(!pthread_create(&thread, NULL, cancelled, &pid), "pthread_create");
		must(!pthread_join(thread, &ret), "pthread_join");
		printf("%scancelled, %sspawned\n", ret == PTHREAD_CANCELED ? "" : "not ",
		       pid > 0 ? "" : "not ");
		if (pid > 0)
			reap(pid);
		no_child_left();
	}
}

static volatile pid_t current;

static void *spawn_until_cancelled(void *arg)
{
	pid_t pid;

	for (;;) {
		pid = start();
		current = pid;
		reap(pid);
		current = 0;
		pthread_testcancel();
	}
	return arg;
}

/* Whenever it comes: no child that nobody knows of. */
CASE(cancelled_at_any_time, 0)
{
	pthread_t thread;
	void *ret;
	int i;

	for (i = 0; i < 20; i++) {
		must(!pthread_create(&thread, NULL, spawn_until_cancelled, NULL), "pthread_create");
		usleep(1000 * i);
		pthread_cancel(thread);
		must(!pthread_join(thread, &ret), "pthread_join");
		must(ret == PTHREAD_CANCELED, "cancelled");
		if (current && waitpid(current, NULL, 0) < 0)
			must(errno == ECHILD, "waitpid");
		current = 0;
		no_child_left();
	}
}

static void every_usec(long usec)
{
	struct itimerval timer = { { 0, usec }, { 0, usec } };

	must(!setitimer(ITIMER_REAL, &timer, NULL), "setitimer");
}

static volatile int handled;

static void spawning_handler(int sig)
{
	int saved = errno;

	if (handled < 30)
		reap(start());
	handled++;
	errno = saved;
}

CASE(handlers_spawn, 0)
{
	struct sigaction act = { .sa_handler = spawning_handler, .sa_flags = SA_RESTART };
	int i;

	must(!sigaction(SIGALRM, &act, NULL), "sigaction");
	every_usec(3000);
	for (i = 0; i < 60 || handled < 30; i++)
		reap(start());
	every_usec(0);
	no_child_left();
	go(SELF, "s");
}

static void forking_handler(int sig)
{
	int saved = errno, status;
	pid_t pid = fork();

	if (!pid)
		handled = -1;		/* comes back to what was interrupted, and goes on there */
	else if (waitpid(pid, &status, 0) == pid && status)
		handled += 1000;
	handled += pid != 0;
	errno = saved;
}

CASE(handlers_fork, 0)
{
	struct sigaction act = { .sa_handler = forking_handler };
	char *argv[] = { "quick", NULL };
	struct itimerval once = {};
	sigset_t alarm;
	int err, i;
	pid_t pid;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	must(!sigaction(SIGALRM, &act, NULL), "sigaction");
	for (i = 0; handled < 30; i++) {
		/* not again and again: a fork may take longer than the time between two */
		once.it_value.tv_usec = 100 + i * 37 % 2000;
		must(!setitimer(ITIMER_REAL, &once, NULL), "setitimer");
		sigprocmask(SIG_UNBLOCK, &alarm, NULL);
		err = posix_spawn(&pid, quick, NULL, NULL, argv, environ);
		sigprocmask(SIG_BLOCK, &alarm, NULL);
		if (handled < 0)
			_exit(0);
		must(!err, "posix_spawn");
		reap(pid);
	}
	printf("%d\n", handled >= 1000);
	no_child_left();
}

static sigjmp_buf out;

static void leave(int sig)
{
	siglongjmp(out, 1);
}

/* *pid is there before a handler can run: it knows every child. */
CASE(handlers_jump_out, 0)
{
	static volatile int jumps;
	static pid_t pid;
	char *argv[] = { "quick", NULL };

	signal(SIGALRM, leave);
	every_usec(2500);
	while (jumps < 60) {
		pid = 0;
		if (sigsetjmp(out, 1)) {
			jumps++;
			if (pid && waitpid(pid, NULL, 0) < 0 && errno != ECHILD)
				break;
		} else if (!posix_spawn(&pid, quick, NULL, NULL, argv, environ)) {
			waitpid(pid, NULL, 0);
		}
	}
	every_usec(0);
	no_child_left();
	go(SELF, "s");
}

/* No descriptor of ours is there to be found. */
CASE(no_descriptor_appears, 0)
{
	int fd;

	go(SELF, "f");
	for (fd = 3; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("%d is open\n", fd);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	printf("%d is the lowest\n", fd);
}

CASE(programs_that_take_all_descriptors, 0)
{
	struct rlimit limit = { 200, 200 };
	int fd, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	must(!setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
	go(SELF, "p");
	for (fd = 3; fd < 200; fd++)
		if (fd != null)
			close(fd);
	go(SELF, "f");
	for (fd = 3; fd < 200; fd++)
		must(fd == null || dup3(null, fd, O_CLOEXEC) == fd, "dup3");
	go(SELF, "f");
	must(!syscall(SYS_close_range, 3, ~0U, 0), "close_range");
	go(SELF, "f");
}

CASE(no_standard_descriptors, 0)
{
	int saved = fcntl(1, F_DUPFD_CLOEXEC, 100);

	fflush(stdout);
	close(0);
	close(1);
	close(2);
	posix_spawn_file_actions_adddup2(&actions, saved, 1);
	go(SELF, "p5");
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, saved, 1);
	go(SELF, "f6");
	must(dup2(saved, 1) == 1, "dup2");
}

/* Before the constructors of any library have run: that one of ours has not found glibc's yet. */
static void early(int argc, char **argv, char **envp)
{
	char *spawn[] = { "report", "8", NULL };
	int status = 0;
	pid_t pid;

	if (argc != 2 || strcmp(argv[1], "spawns_before_constructors"))
		return;
	if (posix_spawn(&pid, SELF, NULL, NULL, spawn, envp) || waitpid(pid, &status, 0) != pid)
		_exit(98);
	if (WEXITSTATUS(status) != 8)
		_exit(97);
}

__attribute__((section(".preinit_array"), used)) static void (*first)(int, char **, char **) = early;

CASE(spawns_before_constructors, 0)
{
	go(SELF, "p");
}
