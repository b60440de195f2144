// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A submitter that dumps core while its chains run: into a file, and into a program's standard
 * input. The core is there and whole, and no chain is left.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "lib/fixture.h"
#include "lib/scripted.h"

#define PATTERN	"/proc/sys/kernel/core_pattern"
#define CORE	"/spawn-core"
#define RING_FD	100

enum way { FAULT, ABORT, OTHER_THREAD };

FIXTURE(core) {
	struct script script;
	char quick[256], pattern[256];
	int empty[2], sink[2];
	struct usage before;
};

FIXTURE_VARIANT(core) {
	enum way way;
	bool program;
};
FIXTURE_VARIANT_ADD(core, segv_to_file) { .way = FAULT };
FIXTURE_VARIANT_ADD(core, segv_to_program) { .way = FAULT, .program = true };
FIXTURE_VARIANT_ADD(core, abort_to_file) { .way = ABORT };
FIXTURE_VARIANT_ADD(core, abort_to_program) { .way = ABORT, .program = true };
FIXTURE_VARIANT_ADD(core, segv_of_another_thread_to_file) { .way = OTHER_THREAD };
FIXTURE_VARIANT_ADD(core, segv_of_another_thread_to_program) {
	.way = OTHER_THREAD, .program = true };

FIXTURE_SETUP(core)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	char drain[256], pattern[300];
	ssize_t n;
	int fd;

	fd = open(PATTERN, O_RDONLY | O_CLOEXEC);
	n = read(fd, self->pattern, sizeof(self->pattern) - 1);
	close(fd);
	ASSERT_LT(0, n);
	ASSERT_EQ(0, target(self->quick, sizeof(self->quick), "quick"));
	ASSERT_EQ(0, target(drain, sizeof(drain), "drain"));
	snprintf(pattern, sizeof(pattern), "|%s %s", drain, CORE);
	/* longer is cut off: not more than the kernel's 127 */
	ASSERT_GT(128, strlen(pattern));
	ASSERT_EQ(0, write_file(PATTERN, variant->program ? pattern : CORE));
	/* the dying process waits for the program */
	ASSERT_EQ(0, write_file("/proc/sys/kernel/core_pipe_limit", "8"));
	ASSERT_EQ(0, setrlimit(RLIMIT_CORE, &all));
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, pipe(self->empty));
	ASSERT_EQ(0, pipe(self->sink));
	/*
	 * It steps as long as anybody dumps. A completion while the core goes to a program cuts it
	 * short, of whatever request: io_uring interrupts the pipe's writer.
	 */
	ASSERT_EQ(0, script_open(&self->script, RING_FD, 0));
	self->script.skel->struct_ops.script_ops->max_steps = 65536;
	ASSERT_EQ(0, script_bpf__load(self->script.skel));
	SCRIPT(&self->script, { S_TIMEOUT, .b = 1000000 }, S_END(RET_CONTINUE), { S_GOTO, 0 });
	unlink(CORE);
	self->before = usage_now();
}

FIXTURE_TEARDOWN(core)
{
	EXPECT_TRUE(all_children_gone());
	EXPECT_TRUE(usage_settles(&self->before));
	EXPECT_EQ(0, write_file(PATTERN, self->pattern));
	EXPECT_EQ(0, write_file("/proc/sys/kernel/core_pipe_limit", "0"));
	script_close(&self->script);
	unlink(CORE);
}

/* One that waits, one that blocks, a policy, an EXEC behind the barrier. */
static int start_chains(FIXTURE_DATA(core) *self, struct io_uring *ring)
{
	static char *argv[] = { "quick", NULL }, byte;
	static struct chain c;
	int i;

	for (i = 0; i < 4; i++) {
		chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
		if (i == 1)
			io_uring_prep_splice(chain_add(&c), self->empty[0], -1, self->sink[1], -1,
					     1, 0);
		else if (i == 2)
			chain_policy(&c, 0, NULL, 0);
		else
			chain_read(&c, self->empty[0], &byte, 1);
		if (i == 3)
			chain_exec(&c, self->quick, argv);
		if (chain_submit(ring, &c))
			return -EIO;
	}
	return 0;
}

static void *volatile nowhere;

static void *crash(void *delay)
{
	usleep((uintptr_t)delay);
	*(volatile int *)nowhere = 1;
	return NULL;
}

static void die(enum way way)
{
	pthread_t thread;

	switch (way) {
	case FAULT:
		crash(NULL);
		break;
	case ABORT:
		abort();
	case OTHER_THREAD:
		pthread_create(&thread, NULL, crash, (void *)10000UL);
		pthread_join(thread, NULL);
	}
	_exit(2);
}

static pid_t submitter(FIXTURE_DATA(core) *self, enum way way, unsigned int linger_us)
{
	struct io_uring ring;
	pid_t pid = fork();

	if (pid)
		return pid;
	/* the harness may have handlers of its own */
	signal(SIGSEGV, SIG_DFL);
	signal(SIGABRT, SIG_DFL);
	if (ring_init_small(&ring, 0) || ring_move(&ring, RING_FD) || script_link(&self->script) ||
	    start_chains(self, &ring))
		_exit(1);
	usleep(linger_us);
	die(way);
	_exit(2);
}

static bool core_is_whole(void)
{
	Elf64_Ehdr header = {};
	Elf64_Phdr segment = {};
	struct stat st;
	off_t end = 0;
	int i, fd = open(CORE, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, &header, sizeof(header)) != sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) || header.e_type != ET_CORE || fstat(fd, &st))
		return false;
	for (i = 0; i < header.e_phnum; i++) {
		if (pread(fd, &segment, sizeof(segment), header.e_phoff + i * sizeof(segment)) !=
		    sizeof(segment))
			return false;
		if ((off_t)(segment.p_offset + segment.p_filesz) > end)
			end = segment.p_offset + segment.p_filesz;
	}
	close(fd);
	if (st.st_size < end)
		fprintf(stderr, "# core has %ld bytes of %ld\n", (long)st.st_size, (long)end);
	return end > 4096 && st.st_size >= end;
}

TEST_F(core, is_whole_and_no_chain_is_left)
{
	unsigned int i, n = rounds(20);
	int status;
	pid_t pid;

	for (i = 0; i < n; i++) {
		unlink(CORE);
		pid = submitter(self, variant->way, i * 500);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_TRUE(WIFSIGNALED(status));
		EXPECT_EQ(variant->way == ABORT ? SIGABRT : SIGSEGV, WTERMSIG(status));
		EXPECT_TRUE(WCOREDUMP(status));
		EXPECT_TRUE(core_is_whole());
		ASSERT_TRUE(all_children_gone());
	}
}

TEST_MAIN
