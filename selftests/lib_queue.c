// SPDX-License-Identifier: GPL-2.0 OR MIT
/* libspawn_bpf: queues, by both backends. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "lib/command.h"
#include "lib/fixture.h"

#define DEPTH	16

FIXTURE(queue) {
	struct spawn_bpf_queue *queue;
	struct spawn_bpf_cmd *good, *bad;
};
FIXTURE_VARIANT(queue) {
	uint32_t flags;
	enum spawn_bpf_backend backend;
};
FIXTURE_VARIANT_ADD(queue, io_uring) {
	.flags = SPAWN_BPF_NO_FALLBACK, .backend = SPAWN_BPF_BACKEND_IO_URING
};
FIXTURE_VARIANT_ADD(queue, clone) {
	.flags = SPAWN_BPF_NO_IO_URING, .backend = SPAWN_BPF_BACKEND_CLONE
};

static struct spawn_bpf_queue *new_queue(unsigned int depth, uint32_t flags)
{
	struct spawn_bpf_queue_opts opts = { .sz = sizeof(opts), .flags = flags };

	return spawn_bpf_queue__new(depth, &opts);
}

FIXTURE_SETUP(queue)
{
	self->queue = new_queue(DEPTH, variant->flags);
	ASSERT_NE(NULL, self->queue);
	self->good = exit_command("7");
	self->bad = spawn_bpf_cmd__new("/nowhere", NULL, NULL, NULL);
	ASSERT_EQ(0, spawn_bpf_cmd__umask(self->bad, 022));
}

FIXTURE_TEARDOWN(queue)
{
	spawn_bpf_queue__free(self->queue);
	spawn_bpf_cmd__free(self->good);
	spawn_bpf_cmd__free(self->bad);
	EXPECT_TRUE(no_child_left());
}

static bool readable(struct spawn_bpf_queue *q, int timeout_ms)
{
	struct pollfd p = { .fd = spawn_bpf_queue__fd(q), .events = POLLIN };

	return poll(&p, 1, timeout_ms) == 1;
}

TEST_F(queue, empty)
{
	LIBSPAWN_BPF_RESULT(res);

	EXPECT_EQ(0, spawn_bpf_queue__submit(self->queue));
	EXPECT_EQ(-ECHILD, spawn_bpf_queue__wait(self->queue, -1, &res, NULL));
	EXPECT_FALSE(readable(self->queue, 0));
	EXPECT_EQ(FD_CLOEXEC, fcntl(spawn_bpf_queue__fd(self->queue), F_GETFD));
}

TEST_F(queue, full_and_empty_again)
{
	LIBSPAWN_BPF_RESULT(res);
	bool seen[DEPTH];
	unsigned int i, round;
	void *data;

	for (round = 0; round < 3; round++) {
		memset(seen, 0, sizeof(seen));
		for (i = 0; i < DEPTH; i++)
			ASSERT_EQ(0, spawn_bpf_queue__add(self->queue, i % 4 ? self->good :
							  self->bad, &seen[i]));
		EXPECT_EQ(-EAGAIN, spawn_bpf_queue__add(self->queue, self->good, NULL));
		EXPECT_EQ(DEPTH, spawn_bpf_queue__submit(self->queue));
		for (i = 0; i < DEPTH; i++) {
			ASSERT_EQ(0, spawn_bpf_queue__wait(self->queue, WAIT_MS, &res, &data));
			EXPECT_EQ(variant->backend, res.backend);
			EXPECT_FALSE(*(bool *)data);
			*(bool *)data = true;
			if (((bool *)data - seen) % 4) {
				EXPECT_EQ(0, res.error);
				EXPECT_EQ(7, wait_exit(res.pid));
			} else {
				EXPECT_EQ(-ENOENT, res.error);
				EXPECT_EQ(SPAWN_BPF_STEP_EXEC, res.step);
				EXPECT_EQ(0, res.pid);
			}
		}
		/* a task that dies writes to the eventfd when its result can be taken already */
		EXPECT_TRUE(no_child_left());
		EXPECT_EQ(-ECHILD, spawn_bpf_queue__wait(self->queue, 0, &res, &data));
		EXPECT_FALSE(readable(self->queue, 0));
	}
}

TEST_F(queue, wait_submits)
{
	LIBSPAWN_BPF_RESULT(res);

	ASSERT_EQ(0, spawn_bpf_queue__add(self->queue, self->good, NULL));
	ASSERT_EQ(0, spawn_bpf_queue__wait(self->queue, -1, &res, NULL));
	EXPECT_EQ(7, wait_exit(res.pid));
}

TEST_F(queue, readable_as_long_as_there_are_results)
{
	LIBSPAWN_BPF_RESULT(res);
	unsigned int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, spawn_bpf_queue__add(self->queue, self->good, NULL));
	EXPECT_FALSE(readable(self->queue, QUIET_MS));
	EXPECT_EQ(3, spawn_bpf_queue__submit(self->queue));
	for (i = 0; i < 3; i++) {
		EXPECT_TRUE(readable(self->queue, WAIT_MS));
		ASSERT_EQ(0, spawn_bpf_queue__wait(self->queue, 0, &res, NULL));
		EXPECT_EQ(7, wait_exit(res.pid));
	}
	EXPECT_FALSE(readable(self->queue, QUIET_MS));
}

/* Nobody was told of what came before the descriptor was there. */
TEST_F(queue, descriptor_comes_late)
{
	LIBSPAWN_BPF_RESULT(res);
	int before = nr_descriptors(), fd, i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, spawn_bpf_queue__add(self->queue, self->good, NULL));
	ASSERT_EQ(2, spawn_bpf_queue__submit(self->queue));
	usleep(QUIET_MS * 1000);
	EXPECT_EQ(before, nr_descriptors());
	fd = spawn_bpf_queue__fd(self->queue);
	EXPECT_EQ(before + 1, nr_descriptors());
	EXPECT_EQ(fd, spawn_bpf_queue__fd(self->queue));
	for (i = 0; i < 2; i++) {
		EXPECT_TRUE(readable(self->queue, WAIT_MS));
		ASSERT_EQ(0, spawn_bpf_queue__wait(self->queue, -1, &res, NULL));
		EXPECT_EQ(7, wait_exit(res.pid));
	}
	EXPECT_FALSE(readable(self->queue, QUIET_MS));
}

/* With results that come at any moment: none that nobody is told of. */
TEST_F(queue, descriptor_in_a_loop)
{
	LIBSPAWN_BPF_RESULT(res);
	unsigned int i, nr = 0, told = 0;
	int err;

	ASSERT_LE(0, spawn_bpf_queue__fd(self->queue));
	for (i = 0; i < rounds(600); i++) {
		while (!spawn_bpf_queue__add(self->queue, self->bad, NULL))
			nr++;
		ASSERT_LE(0, spawn_bpf_queue__submit(self->queue));
		ASSERT_TRUE(readable(self->queue, WAIT_MS)) {
			TH_LOG("round %u: %u added, %u told", i, nr, told);
		}
		while (!(err = spawn_bpf_queue__wait(self->queue, 0, &res, NULL)))
			told++;
		ASSERT_TRUE(err == -EAGAIN || err == -ECHILD);
	}
	while (!spawn_bpf_queue__wait(self->queue, -1, &res, NULL))
		told++;
	EXPECT_EQ(nr, told);
}

TEST_F(queue, descriptor_that_cannot_be)
{
	struct rlimit none = { 0, 0 }, old;
	LIBSPAWN_BPF_RESULT(res);

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	none.rlim_max = old.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_EQ(-EMFILE, spawn_bpf_queue__fd(self->queue));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	ASSERT_LE(0, spawn_bpf_queue__fd(self->queue));
	ASSERT_EQ(0, spawn_bpf_queue__add(self->queue, self->good, NULL));
	ASSERT_EQ(0, spawn_bpf_queue__wait(self->queue, -1, &res, NULL));
	EXPECT_EQ(7, wait_exit(res.pid));
}

/* Nothing a program does to its descriptors, or to how many it may have, reaches a queue. */
TEST_F(queue, is_no_descriptor)
{
	struct rlimit none = { 3, 3 };
	LIBSPAWN_BPF_RESULT(res);
	int fd;

	for (fd = 3; fd < 64; fd++)
		ASSERT_EQ(fd, dup2(0, fd));
	closefrom(3);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	ASSERT_EQ(0, spawn_bpf_queue__add(self->queue, self->good, NULL));
	ASSERT_EQ(0, spawn_bpf_queue__wait(self->queue, -1, &res, NULL));
	EXPECT_EQ(variant->backend, res.backend);
	EXPECT_EQ(7, wait_exit(res.pid));
}

TEST_F(queue, pidfds)
{
	struct spawn_bpf_queue *q = new_queue(DEPTH, variant->flags | SPAWN_BPF_PIDFD);
	LIBSPAWN_BPF_RESULT(res);
	int before = nr_descriptors();
	siginfo_t info;

	ASSERT_EQ(0, spawn_bpf_queue__add(q, self->good, NULL));
	ASSERT_EQ(0, spawn_bpf_queue__wait(q, -1, &res, NULL));
	EXPECT_EQ(0, waitid(P_PIDFD, res.pidfd, &info, WEXITED));
	EXPECT_EQ(res.pid, info.si_pid);
	close(res.pidfd);
	ASSERT_EQ(0, spawn_bpf_queue__add(q, self->bad, NULL));
	ASSERT_EQ(0, spawn_bpf_queue__wait(q, -1, &res, NULL));
	EXPECT_EQ(-1, res.pidfd);
	/* results nobody takes */
	ASSERT_EQ(0, spawn_bpf_queue__add(q, self->good, NULL));
	EXPECT_EQ(1, spawn_bpf_queue__submit(q));
	ASSERT_EQ(0, spawn_bpf_queue__add(q, self->good, NULL));
	spawn_bpf_queue__free(q);
	EXPECT_EQ(before, nr_descriptors());
	EXPECT_EQ(0, waitid(P_ALL, 0, &info, WEXITED));
	EXPECT_EQ(7, info.si_status);
	EXPECT_TRUE(no_child_left());
}

TEST_F(queue, arguments)
{
	struct spawn_bpf_spawn_opts small = { .sz = 1 };
	LIBSPAWN_BPF_RESULT(res);

	EXPECT_EQ(NULL, new_queue(0, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(NULL, new_queue(32769, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(NULL, new_queue(1, 1U << 31));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(NULL, spawn_bpf_queue__new(1, (void *)&small));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-EINVAL, spawn_bpf_queue__add(NULL, self->good, NULL));
	EXPECT_EQ(-EINVAL, spawn_bpf_queue__add(self->queue, NULL, NULL));
	EXPECT_EQ(-EINVAL, spawn_bpf_queue__submit(NULL));
	EXPECT_EQ(-EINVAL, spawn_bpf_queue__fd(NULL));
	EXPECT_EQ(-EINVAL, spawn_bpf_queue__wait(NULL, 0, &res, NULL));
	EXPECT_EQ(-EINVAL, spawn_bpf_queue__wait(self->queue, 0, NULL, NULL));
	res.sz--;
	EXPECT_EQ(-EINVAL, spawn_bpf_queue__wait(self->queue, 0, &res, NULL));
	ASSERT_EQ(0, spawn_bpf_cmd__policy(self->bad, 0, NULL, 0));
	EXPECT_EQ(-EOPNOTSUPP, spawn_bpf_queue__add(self->queue, self->bad, NULL));
	spawn_bpf_queue__free(NULL);
}

TEST_F(queue, of_any_depth)
{
	static const unsigned int depths[] = { 1, 2, 3, 100, 4096, 32768 };
	LIBSPAWN_BPF_RESULT(res);
	struct spawn_bpf_queue *q;
	unsigned int i, n, nr;

	for (i = 0; i < ARRAY_SIZE(depths); i++) {
		q = new_queue(depths[i], variant->flags);
		ASSERT_NE(NULL, q);
		nr = depths[i] < 100 ? depths[i] : 100;
		for (n = 0; n < nr; n++)
			ASSERT_EQ(0, spawn_bpf_queue__add(q, self->bad, NULL));
		for (n = 0; n < nr; n++) {
			ASSERT_EQ(0, spawn_bpf_queue__wait(q, -1, &res, NULL));
			EXPECT_EQ(-ENOENT, res.error);
		}
		spawn_bpf_queue__free(q);
	}
}

/* ---- Whose it is -------------------------------------------------------------------------- */

static int refuses_all(struct spawn_bpf_queue *q, struct spawn_bpf_cmd *cmd)
{
	LIBSPAWN_BPF_RESULT(res);

	return spawn_bpf_queue__add(q, cmd, NULL) == -ENXIO &&
		spawn_bpf_queue__submit(q) == -ENXIO &&
		spawn_bpf_queue__wait(q, 0, &res, NULL) == -ENXIO &&
		spawn_bpf_queue__fd(q) == -ENXIO;
}

/* With something added, something under way, and a descriptor: all that is the parent's. */
TEST_F(queue, child_of_fork)
{
	LIBSPAWN_BPF_RESULT(res);
	pid_t pid;
	int i;

	ASSERT_LE(0, spawn_bpf_queue__fd(self->queue));
	ASSERT_EQ(0, spawn_bpf_queue__add(self->queue, self->good, NULL));
	ASSERT_EQ(1, spawn_bpf_queue__submit(self->queue));
	ASSERT_EQ(0, spawn_bpf_queue__add(self->queue, self->good, NULL));
	pid = fork();
	if (!pid) {
		struct spawn_bpf_queue *own;

		if (!refuses_all(self->queue, self->good))
			_exit(1);
		spawn_bpf_queue__free(self->queue);
		own = new_queue(1, variant->flags);
		if (!own || spawn_bpf_queue__add(own, self->good, NULL) ||
		    spawn_bpf_queue__wait(own, -1, &res, NULL) || wait_exit(res.pid) != 7)
			_exit(2);
		spawn_bpf_queue__free(own);
		_exit(0);
	}
	EXPECT_EQ(0, wait_exit(pid));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, spawn_bpf_queue__wait(self->queue, WAIT_MS, &res, NULL));
		EXPECT_EQ(variant->backend, res.backend);
		EXPECT_EQ(7, wait_exit(res.pid));
	}
}

struct handed {
	struct spawn_bpf_queue	*queue;
	struct spawn_bpf_cmd	*cmd;
	uint32_t		flags;
	bool			ok;
};

static void *use_it(void *arg)
{
	struct handed *h = arg;

	h->ok = refuses_all(h->queue, h->cmd);
	return NULL;
}

TEST_F(queue, other_threads)
{
	struct handed h = { self->queue, self->good, 0, false };
	LIBSPAWN_BPF_RESULT(res);
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, use_it, &h));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_TRUE(h.ok);
	ASSERT_EQ(0, spawn_bpf_queue__add(self->queue, self->good, NULL));
	ASSERT_EQ(0, spawn_bpf_queue__wait(self->queue, -1, &res, NULL));
	EXPECT_EQ(7, wait_exit(res.pid));
}

static void *make_and_leave(void *arg)
{
	struct handed *h = arg;

	h->queue = new_queue(DEPTH, h->flags | SPAWN_BPF_PIDFD);
	h->ok = h->queue && spawn_bpf_queue__fd(h->queue) >= 0 &&
		!spawn_bpf_queue__add(h->queue, h->cmd, NULL) &&
		spawn_bpf_queue__submit(h->queue) == 1 &&
		!spawn_bpf_queue__add(h->queue, h->cmd, NULL);
	return NULL;
}

/* What is under way then waits for a FIFO, and goes with the thread. With clone nothing can be. */
TEST_F(queue, outlives_its_thread)
{
	struct handed h = { NULL, self->bad, variant->flags, false };
	char dir[] = "/tmp/queue-XXXXXX";
	int before = nr_descriptors();
	pthread_t thread;

	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, chdir(dir));
	ASSERT_EQ(0, mkfifo("fifo", 0600));
	if (variant->backend == SPAWN_BPF_BACKEND_IO_URING)
		ASSERT_EQ(0, spawn_bpf_cmd__open(self->good, 0, "fifo", O_RDONLY, 0));
	if (variant->backend == SPAWN_BPF_BACKEND_IO_URING)
		h.cmd = self->good;
	ASSERT_EQ(0, pthread_create(&thread, NULL, make_and_leave, &h));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_TRUE(h.ok);
	EXPECT_TRUE(refuses_all(h.queue, self->bad));
	spawn_bpf_queue__free(h.queue);
	EXPECT_TRUE(no_child_left());
	EXPECT_EQ(before, nr_descriptors());
}

/* A thread can have 16 rings without a descriptor; one of them is for synchronous spawns. */
TEST(more_queues_than_rings)
{
	struct spawn_bpf_cmd *cmd = exit_command("7");
	struct spawn_bpf_queue *q[20];
	LIBSPAWN_BPF_RESULT(res);
	unsigned int i, round;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < 20; i++) {
			q[i] = new_queue(2, 0);
			ASSERT_NE(NULL, q[i]);
			ASSERT_EQ(0, spawn_bpf_queue__add(q[i], cmd, NULL));
			ASSERT_EQ(1, spawn_bpf_queue__submit(q[i]));
		}
		EXPECT_EQ(NULL, new_queue(2, SPAWN_BPF_NO_FALLBACK));
		EXPECT_EQ(EBUSY, errno);
		for (i = 0; i < 20; i++) {
			ASSERT_EQ(0, spawn_bpf_queue__wait(q[i], -1, &res, NULL));
			EXPECT_EQ(i < 15 ? SPAWN_BPF_BACKEND_IO_URING : SPAWN_BPF_BACKEND_CLONE,
				  res.backend);
			EXPECT_EQ(7, wait_exit(res.pid));
			spawn_bpf_queue__free(q[i]);
		}
	}
	spawn_bpf_cmd__free(cmd);
}

/* Its number may be another file's by the time the queue is freed. */
TEST(descriptor_that_was_closed)
{
	struct spawn_bpf_queue *q = new_queue(1, 0);
	int fd = spawn_bpf_queue__fd(q);

	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(fd, open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	spawn_bpf_queue__free(q);
	EXPECT_EQ(0, close(fd));
}

/* ---- Waiting ------------------------------------------------------------------------------ */

static void nothing(int sig)
{
}

/* io_uring only: the other backend has no result to wait for. */
TEST_F(queue, waiting_is_interrupted_and_ends_in_time)
{
	struct sigaction act = { .sa_handler = nothing };
	char dir[] = "/tmp/queue-XXXXXX";
	LIBSPAWN_BPF_RESULT(res);
	pid_t pid;
	int fd;

	if (variant->backend != SPAWN_BPF_BACKEND_IO_URING)
		return;
	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, chdir(dir));
	ASSERT_EQ(0, mkfifo("fifo", 0600));
	ASSERT_EQ(0, spawn_bpf_cmd__open(self->good, 0, "fifo", O_RDONLY, 0));
	ASSERT_EQ(0, spawn_bpf_queue__add(self->queue, self->good, NULL));
	EXPECT_EQ(-EAGAIN, spawn_bpf_queue__wait(self->queue, 0, &res, NULL));
	EXPECT_EQ(-EAGAIN, spawn_bpf_queue__wait(self->queue, QUIET_MS, &res, NULL));
	ASSERT_EQ(0, sigaction(SIGUSR1, &act, NULL));
	pid = fork();
	if (!pid)		/* not before it waits: a wait that begins later lasts for ever */
		_exit(wait_state(getppid(), 'S') || kill(getppid(), SIGUSR1));
	EXPECT_EQ(-EINTR, spawn_bpf_queue__wait(self->queue, -1, &res, NULL));
	EXPECT_EQ(0, wait_exit(pid));
	fd = open("fifo", O_WRONLY | O_CLOEXEC);
	ASSERT_EQ(0, spawn_bpf_queue__wait(self->queue, -1, &res, NULL));
	EXPECT_EQ(7, wait_exit(res.pid));
	close(fd);
}

TEST_F(queue, cancel)
{
	char dir[] = "/tmp/queue-XXXXXX";
	LIBSPAWN_BPF_RESULT(res);
	unsigned int i, nr = 0;

	EXPECT_EQ(0, spawn_bpf_queue__cancel(self->queue));
	EXPECT_EQ(-EINVAL, spawn_bpf_queue__cancel(NULL));
	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, chdir(dir));
	ASSERT_EQ(0, mkfifo("fifo", 0600));
	ASSERT_EQ(0, spawn_bpf_cmd__open(self->good, 0, "fifo", O_RDONLY, 0));
	for (i = 0; i < 3 && variant->backend == SPAWN_BPF_BACKEND_IO_URING; i++, nr++)
		ASSERT_EQ(0, spawn_bpf_queue__add(self->queue, self->good, NULL));
	EXPECT_EQ((int)nr, spawn_bpf_queue__submit(self->queue));
	for (i = 0; i < 2; i++, nr++)
		ASSERT_EQ(0, spawn_bpf_queue__add(self->queue, self->good, NULL));
	EXPECT_EQ(0, spawn_bpf_queue__cancel(self->queue));
	for (i = 0; i < nr; i++) {
		EXPECT_TRUE(readable(self->queue, WAIT_MS));
		ASSERT_EQ(0, spawn_bpf_queue__wait(self->queue, WAIT_MS, &res, NULL));
		EXPECT_EQ(-ECANCELED, res.error);
		EXPECT_EQ(SPAWN_BPF_STEP_CLONE, res.step);
	}
	/* a task that dies writes to the eventfd when its result can be taken already */
	EXPECT_TRUE(no_child_left());
	EXPECT_EQ(-ECHILD, spawn_bpf_queue__wait(self->queue, -1, &res, NULL));
	EXPECT_FALSE(readable(self->queue, QUIET_MS));
}

/* A cancel takes no room of results. */
TEST(cancelled_again_and_again)
{
	struct spawn_bpf_queue *q = new_queue(1, SPAWN_BPF_NO_FALLBACK);
	struct spawn_bpf_cmd *cmd = exit_command("7");
	char dir[] = "/tmp/queue-XXXXXX";
	LIBSPAWN_BPF_RESULT(res);
	unsigned int i;

	ASSERT_NE(NULL, q);
	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, chdir(dir));
	ASSERT_EQ(0, mkfifo("fifo", 0600));
	ASSERT_EQ(0, spawn_bpf_cmd__open(cmd, 0, "fifo", O_RDONLY, 0));
	ASSERT_EQ(0, spawn_bpf_queue__add(q, cmd, NULL));
	ASSERT_EQ(1, spawn_bpf_queue__submit(q));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, spawn_bpf_queue__cancel(q));
	ASSERT_EQ(0, spawn_bpf_queue__wait(q, WAIT_MS, &res, NULL));
	EXPECT_EQ(-ECANCELED, res.error);
	EXPECT_EQ(-ECHILD, spawn_bpf_queue__wait(q, -1, &res, NULL));
	EXPECT_TRUE(no_child_left());
	spawn_bpf_queue__free(q);
	spawn_bpf_cmd__free(cmd);
}

/* What io_uring refuses when the queue is there already, the other backend does. */
TEST(refused_later)
{
	struct spawn_bpf_queue *q = new_queue(4, 0), *only = new_queue(4, SPAWN_BPF_NO_FALLBACK);
	struct spawn_bpf_cmd *cmd = exit_command("7");
	LIBSPAWN_BPF_RESULT(res);
	struct spawn_bpf_queue *later;

	ASSERT_EQ(0, write_file("/proc/sys/kernel/io_uring_spawn", "2"));
	ASSERT_EQ(0, spawn_bpf_queue__add(q, cmd, NULL));
	EXPECT_EQ(0, spawn_bpf_queue__wait(q, -1, &res, NULL));
	EXPECT_EQ(0, res.error);
	EXPECT_EQ(SPAWN_BPF_BACKEND_CLONE, res.backend);
	EXPECT_EQ(7, wait_exit(res.pid));
	ASSERT_EQ(0, spawn_bpf_queue__add(only, cmd, NULL));
	EXPECT_EQ(0, spawn_bpf_queue__wait(only, -1, &res, NULL));
	EXPECT_EQ(-EPERM, res.error);
	EXPECT_EQ(NULL, new_queue(4, SPAWN_BPF_NO_FALLBACK));
	EXPECT_EQ(EPERM, errno);
	later = new_queue(4, 0);
	ASSERT_NE(NULL, later);
	ASSERT_EQ(0, spawn_bpf_queue__add(later, cmd, NULL));
	EXPECT_EQ(0, spawn_bpf_queue__wait(later, -1, &res, NULL));
	EXPECT_EQ(SPAWN_BPF_BACKEND_CLONE, res.backend);
	EXPECT_EQ(7, wait_exit(res.pid));
	EXPECT_EQ(0, write_file("/proc/sys/kernel/io_uring_spawn", "0"));
	spawn_bpf_queue__free(later);
	spawn_bpf_queue__free(only);
	spawn_bpf_queue__free(q);
	spawn_bpf_cmd__free(cmd);
}

TEST_MAIN
