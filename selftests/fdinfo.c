// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What /proc/PID/fdinfo of a ring says: slots, spawns in progress, cached rings, counters. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <bpf/bpf.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include "lib/policy.h"

POLICY_FIXTURE_2(fdinfo)

#define TEXT	8192

/* The kernel says nothing of all this while the ring is busy. That is over soon. */
static int read_fdinfo(pid_t pid, int fd, char *text)
{
	unsigned int tries;
	char path[64];
	ssize_t n;
	int info;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
	for (tries = 0; tries < 100; tries++) {
		info = open(path, O_RDONLY | O_CLOEXEC);
		if (info < 0)
			return -errno;
		n = read(info, text, TEXT - 1);
		close(info);
		text[n > 0 ? n : 0] = '\0';
		if (strstr(text, "SpawnsIssued:"))
			return 0;
		usleep(1000);
	}
	return -ENODATA;
}

static long number(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtol(at + strlen(key), NULL, 10) : -1;
}

/* One of the counters; -1 if it is not there. */
static long counter(struct io_uring *ring, const char *key)
{
	char text[TEXT];

	return read_fdinfo(getpid(), ring->ring_fd, text) ? -1 : number(text, key);
}

static unsigned int nr_listed(const char *text)
{
	unsigned int nr = 0;

	for (text = strstr(text, "Spawns:\n"); text; nr++)
		text = strstr(text + 1, "\n  user_data:");
	return nr ? nr - 1 : 0;
}

/* The only spawn's line says this, now or soon. */
static bool listed_soon(pid_t pid, int fd, const char *what)
{
	char text[TEXT] = "";
	unsigned int ms;

	for (ms = 0; ms < WAIT_MS; ms += 10) {
		if (!read_fdinfo(pid, fd, text) && nr_listed(text) == 1 && strstr(text, what))
			return true;
		usleep(10000);
	}
	fprintf(stderr, "# no '%s' in:\n%s\n", what, text);
	return false;
}

#define EXPECT_LISTED(what)	EXPECT_TRUE(listed_soon(getpid(), self->ring.ring_fd, what))

struct hang {
	int	pipe[2];
	char	byte;
};

static void hang_chain(struct chain *c, struct hang *h, __u32 flags)
{
	if (pipe(h->pipe))
		abort();
	chain_init(c, true, flags | IORING_CLONE_QUIET);
	chain_read(c, h->pipe[0], &h->byte, 1);
}

TEST(ring_that_never_spawned_says_nothing)
{
	struct io_uring ring;
	char text[TEXT];

	ASSERT_EQ(0, ring_init(&ring, 0));
	EXPECT_EQ(-ENODATA, read_fdinfo(getpid(), ring.ring_fd, text));
	EXPECT_NE(NULL, strstr(text, "CqTail:"));
	EXPECT_EQ(NULL, strstr(text, "Spawn"));
	io_uring_queue_exit(&ring);
}

TEST_F(fdinfo, slot_has_name_and_map_of_its_policy_until_detached)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	char text[TEXT], line[64];

	ASSERT_EQ(0, script_attach(&self->script));
	ASSERT_EQ(0, bpf_obj_get_info_by_fd(bpf_map__fd(self->script.skel->maps.script_ops),
					    &info, &size));
	snprintf(line, sizeof(line), "SpawnSlots:\n    0: script, map_id:%u\nSpawns:\n",
		 info.id);
	ASSERT_LT(0, info.id);
	ASSERT_EQ(0, read_fdinfo(getpid(), self->ring.ring_fd, text));
	EXPECT_NE(NULL, strstr(text, line)) {
		TH_LOG("%s", text);
	}
	script_detach(&self->script);
	ASSERT_EQ(0, read_fdinfo(getpid(), self->ring.ring_fd, text));
	EXPECT_NE(NULL, strstr(text, "SpawnSlots:\nSpawns:\n"));
}

TEST_F(fdinfo, waiting_chain_is_listed_with_its_pid_until_it_is_over)
{
	char text[TEXT], line[128];
	struct io_uring_cqe cqe;
	struct chain c;
	struct hang h;
	pid_t pid;

	hang_chain(&c, &h, IORING_CLONE_FINAL);
	chain_nop(&c, 0);
	c.base = 0x10000;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	pid = cqe.res;
	snprintf(line, sizeof(line), "user_data:%u, state:running, pid:%d, flags:5, sqes:2, "
		 "submit:2, exec:-, policy:-, cqes:0\n", UD_CLONE + 0x10000, pid);
	EXPECT_LISTED(line);
	ASSERT_EQ(1, write(h.pipe[1], "x", 1));
	ASSERT_CQE(&self->ring, UD_CLONE + 0x10000, 0);
	ASSERT_EQ(0, read_fdinfo(getpid(), self->ring.ring_fd, text));
	EXPECT_EQ(0, nr_listed(text));
}

TEST_F(fdinfo, exec_behind_the_barrier_is_named)
{
	char *argv[] = { "quick", NULL }, path[256];
	struct chain c;
	struct hang h;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	hang_chain(&c, &h, IORING_CLONE_DEFER);
	chain_exec(&c, path, argv);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	EXPECT_LISTED("exec:1, policy:-");
	ASSERT_EQ(1, write(h.pipe[1], "x", 1));
	wait_exit(ASSERT_BORN(&self->ring));
}

TEST_F(fdinfo, waiting_policy_is_named_and_what_it_queued_is_not_of_the_chain)
{
	char *argv[] = { "quick", NULL }, path[256];
	struct chain c;
	struct hang h;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, pipe(h.pipe));
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_read(&c, h.pipe[0], &h.byte, 1);
	chain_exec(&c, path, argv);
	c.clone.rw_flags = IORING_CLONE_DEFER | IORING_CLONE_QUIET;
	SCRIPT(&self->script, { S_QUEUE, 1 }, { S_QUEUE, 2 }, S_END(RET_CONTINUE),
	       S_END(RET_EXIT));
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	EXPECT_LISTED("sqes:3, submit:1, exec:queued, policy:0");
	ASSERT_EQ(1, write(h.pipe[1], "x", 1));
	wait_exit(ASSERT_BORN(&self->ring));
}

TEST_F(fdinfo, cancelled_one_counts_as_that)
{
	struct io_uring_cqe cqe;
	struct io_uring_sqe *sqe;
	struct chain c;
	struct hang h;
	pid_t pid;

	hang_chain(&c, &h, IORING_CLONE_FINAL);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	sqe = get_sqe(&self->ring);
	io_uring_prep_cancel64(sqe, UD_CLONE, 0);
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(1, counter(&self->ring, "SpawnsCancelled:"));
	EXPECT_EQ(0, wait_gone(pid));
}

static void submit_behind_a_worker(int fds[2], int ring_fd_pipe)
{
	struct io_uring ring;
	static struct chain c;
	struct io_uring_sqe *sqe;
	int out[2];

	if (ring_init(&ring, 0) || pipe(out))
		_exit(1);
	/* always left to a worker, which goes on with what is linked */
	sqe = get_sqe(&ring);
	io_uring_prep_splice(sqe, fds[0], -1, out[1], -1, 1, 0);
	sqe->flags = IOSQE_IO_LINK;
	chain_init(&c, true, IORING_CLONE_DEFER);
	chain_nop(&c, 0);
	chain_queue(&ring, &c);
	if (submit_all(&ring) ||
	    write(ring_fd_pipe, &ring.ring_fd, sizeof(ring.ring_fd)) != sizeof(ring.ring_fd))
		_exit(2);
	for (;;)
		pause();
}

/* A worker issues CLONE; the submitter, which is to make the task, is held by a tracer. */
TEST(clone_whose_task_is_not_made_yet_is_new)
{
	int fds[2], answer[2], ring_fd, status;
	pid_t pid;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, pipe(answer));
	pid = fork();
	if (!pid)
		submit_behind_a_worker(fds, answer[1]);
	ASSERT_EQ(sizeof(ring_fd), read(answer[0], &ring_fd, sizeof(ring_fd)));
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, pid, 0, 0));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	ASSERT_EQ(pid, waitpid(pid, &status, __WALL));
	ASSERT_TRUE(WIFSTOPPED(status));
	ASSERT_EQ(1, write(fds[1], "x", 1));
	EXPECT_TRUE(listed_soon(pid, ring_fd, "state:new, pid:0"));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, wait_exit(pid));
	EXPECT_TRUE(no_child_left());
}

static int run(struct io_uring *ring, int res)
{
	struct chain c;

	chain_init(&c, true, 0);
	chain_nop(&c, res);
	return chain_outcome(ring, &c).res;
}

TEST_F(fdinfo, every_clone_is_in_one_counter)
{
	char *argv[] = { "quick", NULL }, path[256], text[TEXT];
	struct io_uring *ring = &self->ring;
	struct io_uring_cqe cqe;
	struct chain c;
	struct hang h;
	pid_t pid;
	int i;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	for (i = 0; i < 3; i++) {
		chain_init(&c, true, 0);
		chain_exec(&c, path, argv);
		EXPECT_EQ(0, wait_exit(ASSERT_EXECED(ring, &c)));
	}
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, run(ring, 0));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(-5, run(ring, -5));
	/* killed by somebody else: failed, not cancelled */
	hang_chain(&c, &h, IORING_CLONE_FINAL);
	ASSERT_EQ(0, chain_submit(ring, &c));
	pid = ASSERT_BORN(ring);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_CQE(ring, UD_CLONE, -EINTR);
	/* no task */
	ASSERT_EQ(0, write_file("/proc/sys/kernel/io_uring_spawn", "2"));
	EXPECT_EQ(-EPERM, run(ring, 0));
	ASSERT_EQ(0, write_file("/proc/sys/kernel/io_uring_spawn", "0"));
	/* refused before it was issued: does not count */
	chain_init(&c, true, 0x8000);
	chain_nop(&c, 0);
	ASSERT_EQ(0, chain_submit(ring, &c));
	ASSERT_EQ(0, next_cqe(ring, &cqe));
	EXPECT_EQ(-EINVAL, cqe.res);
	/* in progress */
	hang_chain(&c, &h, IORING_CLONE_DEFER);
	ASSERT_EQ(0, chain_submit(ring, &c));

	ASSERT_EQ(0, read_fdinfo(getpid(), ring->ring_fd, text));
	EXPECT_EQ(12, number(text, "SpawnsIssued:"));
	EXPECT_EQ(3, number(text, "SpawnsExeced:"));
	EXPECT_EQ(4, number(text, "SpawnsEnded:"));
	EXPECT_EQ(4, number(text, "SpawnsFailed:"));
	EXPECT_EQ(0, number(text, "SpawnsCancelled:"));
	EXPECT_EQ(1, nr_listed(text));
}

TEST_F(fdinfo, one_ring_is_reused_by_one_spawn_after_the_other)
{
	int i;

	ASSERT_EQ(0, run(&self->ring, 0));
	EXPECT_EQ(1, counter(&self->ring, "SpawnRingsCached:"));
	EXPECT_EQ(0, counter(&self->ring, "SpawnRingsReused:"));
	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, run(&self->ring, 0));
	EXPECT_EQ(1, counter(&self->ring, "SpawnRingsCached:"));
	EXPECT_EQ(5, counter(&self->ring, "SpawnRingsReused:"));
}

/* Reading it while everything it shows comes and goes. */
TEST_F(fdinfo, read_while_chains_run_and_policies_are_attached)
{
	char *argv[] = { "quick", NULL }, path[256], text[TEXT];
	unsigned int i, n = rounds(500);
	struct chain c;
	long issued = 0, now;
	pid_t reader;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, script_load(&self->script, self->ring.ring_fd, 0));
	ASSERT_EQ(0, script_link(&self->script));
	reader = fork();
	if (!reader) {
		for (;;) {
			if (read_fdinfo(getppid(), self->ring.ring_fd, text))
				continue;
			now = number(text, "SpawnsIssued:");
			if (now < issued || nr_listed(text) > 1)
				_exit(1);
			issued = now;
		}
	}
	SCRIPT(&self->script, S_END(RET_DONE), S_END(RET_DONE));
	for (i = 0; i < n; i++) {
		chain_init(&c, true, 0);
		chain_policy(&c, 0, NULL, 0);
		chain_exec(&c, path, argv);
		chain_link(&c, IOSQE_IO_HARDLINK);
		ASSERT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
		if (i % 10 == 9) {
			script_detach(&self->script);
			ASSERT_EQ(0, script_link(&self->script));
		}
	}
	EXPECT_EQ(0, waitpid(reader, NULL, WNOHANG));
	kill(reader, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_exit(reader));
	EXPECT_EQ(n, counter(&self->ring, "SpawnsExeced:"));
}

TEST_MAIN
