// SPDX-License-Identifier: GPL-2.0 OR MIT
/* EXEC: what it takes, what it waits for, what it leaves open. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include "lib/fixture.h"
#include "targets/report.h"

RING_FIXTURE_2(exec)

static char *quick_argv[] = { "quick", NULL };

static int copy_program(const char *from, char *to)
{
	char buf[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC), out = mkstemp(to);
	ssize_t n;

	if (in < 0 || out < 0)
		return -1;
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, n) != n)
			return -1;
	close(in);
	return fchmod(out, 0755) ? -1 : out;
}

TEST_F(exec, argv_and_envp_arrive_ok)
{
	char path[256], fd[8], *argv[] = { "report", fd, "42", "some text", NULL };
	char *envp[] = { "NAME=value", NULL };
	struct report r;
	struct chain c;
	int fds[2];

	ASSERT_EQ(0, target(path, sizeof(path), "report"));
	ASSERT_EQ(0, pipe(fds));
	snprintf(fd, sizeof(fd), "%d", fds[1]);
	chain_init(&c, true, 0);
	chain_exec(&c, path, argv)->addr3 = U64(envp);
	EXPECT_EQ(42, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	ASSERT_EQ(sizeof(r), read(fds[0], &r, sizeof(r)));
	EXPECT_EQ(4, r.argc);
	EXPECT_STREQ("some text", r.arg);
	EXPECT_STREQ("NAME=value", r.env);
}

TEST_F(exec, relative_to_a_directory_ok)
{
	char path[256], *name;
	struct chain c;
	int dir;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	name = strrchr(path, '/');
	*name++ = '\0';
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, dir);
	chain_init(&c, true, 0);
	chain_exec(&c, name, quick_argv)->fd = dir;
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
}

TEST_F(exec, open_descriptor_with_empty_path_ok)
{
	char path[256];
	struct io_uring_sqe *sqe;
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	chain_init(&c, true, 0);
	sqe = chain_exec(&c, "", quick_argv);
	sqe->fd = open(path, O_PATH | O_CLOEXEC);
	ASSERT_LE(0, sqe->fd);
	sqe->rw_flags = AT_EMPTY_PATH;
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
}

TEST_F(exec, empty_path_without_flag_enoent)
{
	struct chain c;

	chain_init(&c, true, 0);
	chain_exec(&c, "", quick_argv);
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 0);
}

TEST_F(exec, errors_are_those_of_execveat)
{
	char path[256], toolong[5000];
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	memset(toolong, 'a', sizeof(toolong));
	toolong[sizeof(toolong) - 1] = '\0';
	chain_init(&c, true, 0);
	chain_exec(&c, "/", quick_argv);
	ASSERT_OUTCOME(&self->ring, &c, -EACCES, 0);
	chain_init(&c, true, 0);
	chain_exec(&c, toolong, quick_argv);
	ASSERT_OUTCOME(&self->ring, &c, -ENAMETOOLONG, 0);
	chain_init(&c, true, 0);
	chain_exec(&c, (char *)4096, quick_argv);
	ASSERT_OUTCOME(&self->ring, &c, -EFAULT, 0);
	chain_init(&c, true, 0);
	chain_exec(&c, path, (char **)4096);
	ASSERT_OUTCOME(&self->ring, &c, -EFAULT, 0);
	chain_init(&c, true, 0);
	chain_exec(&c, "quick", quick_argv)->fd = 999;
	ASSERT_OUTCOME(&self->ring, &c, -EBADF, 0);
	EXPECT_TRUE(no_child_left());
}

TEST_F(exec, file_open_for_writing_etxtbsy)
{
	char path[256], copy[] = "/tmp/busy-XXXXXX";
	struct chain c;
	int fd;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	fd = copy_program(path, copy);
	ASSERT_LE(0, fd);
	chain_init(&c, true, 0);
	chain_exec(&c, copy, quick_argv);
	ASSERT_OUTCOME(&self->ring, &c, -ETXTBSY, 0);
	close(fd);
	chain_init(&c, true, 0);
	chain_exec(&c, copy, quick_argv);
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	unlink(copy);
}

/* The chain closes the last writer: without running task work before EXEC this is ETXTBSY. */
TEST_F(exec, close_then_exec_of_the_same_file_ok)
{
	char path[256], copy[] = "/tmp/close-XXXXXX", byte;
	struct chain c;
	int fds[2], fd;
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, pipe(fds));
	fd = copy_program(path, copy);
	ASSERT_LE(0, fd);
	chain_init(&c, true, 0);
	chain_read(&c, fds[0], &byte, 1);
	iou_prep(chain_add(&c), IORING_OP_CLOSE, fd, 0, 0, 0);
	c.sqe[1].user_data = 1;
	chain_exec(&c, copy, quick_argv);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	close(fd);
	ASSERT_EQ(1, write(fds[1], "x", 1));
	ASSERT_CQE(&self->ring, 0, 1);
	ASSERT_CQE(&self->ring, 1, 0);
	ASSERT_CQE(&self->ring, 2, 0);
	EXPECT_EQ(0, wait_exit(pid));
	unlink(copy);
}

/* A program made by the chain itself: open, write, close, exec. */
TEST_F(exec, open_write_close_exec_ok)
{
	static char image[65536];
	char path[256], file[] = "/tmp/made-XXXXXX";
	struct chain c;
	int in, fd, len, next;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	in = open(path, O_RDONLY | O_CLOEXEC);
	len = read(in, image, sizeof(image));
	ASSERT_LT(0, len);
	close(in);
	fd = mkstemp(file);
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, chmod(file, 0755));
	/*
	 * the chain closes a ring its program would not inherit; keep it, so that it opens the
	 * number we would
	 */
	ASSERT_EQ(0, fcntl(self->ring.ring_fd, F_SETFD, 0));
	next = open("/", O_RDONLY);
	close(next);
	chain_init(&c, true, 0);
	io_uring_prep_openat(chain_add(&c), AT_FDCWD, file, O_WRONLY | O_TRUNC, 0);
	chain_write(&c, next, image, len);
	iou_prep(chain_add(&c), IORING_OP_CLOSE, next, 0, 0, 0);
	chain_exec(&c, file, quick_argv);
	chain_link(&c, IOSQE_IO_LINK);
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	unlink(file);
}

TEST_F(exec, waits_for_what_is_in_flight)
{
	char path[256], byte = 0;
	struct io_uring_cqe a, b;
	struct chain c;
	int fds[2];
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, pipe(fds));
	chain_init(&c, true, 0);
	chain_read(&c, fds[0], &byte, 1);
	chain_exec(&c, path, quick_argv);	/* not linked: but a barrier */
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	EXPECT_EQ(0, wait_state(pid, 'S'));
	ASSERT_EQ(1, write(fds[1], "y", 1));
	ASSERT_EQ(0, next_cqe(&self->ring, &a));
	ASSERT_EQ(0, next_cqe(&self->ring, &b));
	EXPECT_EQ(0, a.user_data);
	EXPECT_EQ(1, a.res);
	EXPECT_EQ(1, b.user_data);
	EXPECT_EQ(0, b.res);
	EXPECT_EQ('y', byte);
	EXPECT_EQ(0, wait_exit(pid));
}

TEST_F(exec, cancel_flag_cancels_what_is_in_flight)
{
	char path[256], byte;
	struct chain c;
	int fds[2];
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	ASSERT_EQ(0, pipe(fds));
	chain_init(&c, true, 0);
	chain_read(&c, fds[0], &byte, 1);
	chain_exec(&c, path, quick_argv)->ioprio = IORING_EXEC_CANCEL;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 0, -ECANCELED);
	ASSERT_CQE(&self->ring, 1, 0);
	EXPECT_EQ(0, wait_exit(pid));
}

/*
 * What is to be cancelled may complete at any time, also when the task has just looked. No program
 * is found: this is about getting there.
 */
TEST_F(exec, cancel_flag_finds_it_done_already_many_times)
{
	unsigned int i, k, n = rounds(3000);
	struct __kernel_timespec ts = {};
	struct chain c;

	for (i = 0; i < n; i++) {
		ts.tv_nsec = i * 977 % 400000;
		chain_init(&c, true, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
		for (k = 0; k < 200; k++)
			chain_nop(&c, 0);
		iou_prep(chain_add(&c), IORING_OP_TIMEOUT, -1, U64(&ts), 1, 0);
		chain_exec(&c, "/nowhere/program", quick_argv)->ioprio = IORING_EXEC_CANCEL;
		ASSERT_EQ(-ENOENT, chain_outcome(&self->ring, &c).res) {
			TH_LOG("round %u", i);
		}
	}
}

TEST_F(exec, second_waiting_exec_ebusy)
{
	char path[256];
	struct io_uring_cqe cqe;
	struct chain c;
	int i, busy = 0, done = 0;
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	chain_init(&c, true, 0);
	chain_exec(&c, path, quick_argv);
	chain_exec(&c, path, quick_argv);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		busy += cqe.user_data == 1 && cqe.res == -EBUSY;
		done += cqe.user_data == 0 && cqe.res == 0;
	}
	EXPECT_EQ(1, busy);
	EXPECT_EQ(1, done);
	EXPECT_EQ(0, wait_exit(pid));
}

TEST_F(exec, cloexec_descriptors_are_closed)
{
	char path[256], fd[8], *argv[] = { "report", fd, "0", NULL };
	int fds[2], kept, gone;
	struct report r;
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "report"));
	ASSERT_EQ(0, pipe(fds));
	kept = open("/", O_RDONLY);
	gone = open("/", O_RDONLY | O_CLOEXEC);
	snprintf(fd, sizeof(fd), "%d", fds[1]);
	chain_init(&c, true, 0);
	chain_exec(&c, path, argv);
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	ASSERT_EQ(sizeof(r), read(fds[0], &r, sizeof(r)));
	EXPECT_TRUE(r.fds & 1ULL << fds[1]);
	EXPECT_TRUE(r.fds & 1ULL << kept);
	EXPECT_FALSE(r.fds & 1ULL << gone);
	EXPECT_FALSE(r.fds & 1ULL << self->ring.ring_fd);
}

/* argv is read when EXEC runs, as documented: not at submission. */
TEST_F(exec, argv_is_read_late)
{
	char path[256], fd[8], byte, text[16] = "early",
				     *argv[] = { "report", fd, "0", text, NULL };
	struct report r;
	struct chain c;
	int fds[2], go[2];
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "report"));
	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, pipe(go));
	snprintf(fd, sizeof(fd), "%d", fds[1]);
	chain_init(&c, true, 0);
	chain_read(&c, go[0], &byte, 1);
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	strcpy(text, "late");
	ASSERT_EQ(1, write(go[1], "x", 1));
	ASSERT_CQE(&self->ring, 0, 1);
	ASSERT_CQE(&self->ring, 1, 0);
	EXPECT_EQ(0, wait_exit(pid));
	ASSERT_EQ(sizeof(r), read(fds[0], &r, sizeof(r)));
	EXPECT_STREQ("late", r.arg);
}

TEST_F(exec, script_runs_its_interpreter_ok)
{
	char path[256], script[] = "/tmp/script-XXXXXX", line[300];
	struct chain c;
	int fd = mkstemp(script);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	snprintf(line, sizeof(line), "#!%s\n", path);
	ASSERT_EQ((ssize_t)strlen(line), write(fd, line, strlen(line)));
	ASSERT_EQ(0, fchmod(fd, 0755));
	close(fd);
	chain_init(&c, true, 0);
	chain_exec(&c, script, quick_argv);
	EXPECT_EQ(0, wait_exit(ASSERT_EXECED(&self->ring, &c)));
	unlink(script);
}

/*
 * A file that passes every check of exec and then cannot be mapped: the task dies, the outcome
 * says why.
 */
TEST_F(exec, failure_past_the_point_of_no_return_ends_the_task)
{
	struct chain c;
	struct outcome o;
	char path[256], broken[] = "/tmp/broken-XXXXXX";
	unsigned char image[4096];
	int in, fd = mkstemp(broken);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	in = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LT(200, read(in, image, sizeof(image)));
	/* first program header: p_vaddr into the kernel half */
	memset(image + 64 + 16, 0xff, 8);
	memset(image + 64 + 56 + 16, 0xff, 8);
	ASSERT_EQ((ssize_t)sizeof(image), write(fd, image, sizeof(image)));
	ASSERT_EQ(0, fchmod(fd, 0755));
	close(fd);
	chain_init(&c, true, 0);
	chain_exec(&c, broken, quick_argv);
	chain_nop(&c, 0);
	chain_link(&c, IOSQE_IO_HARDLINK);
	o = chain_outcome(&self->ring, &c);
	/*
	 * committed already: the pid, of a program that dies at once; or the error. Never a task
	 * that goes on.
	 */
	EXPECT_NE(0, o.res);
	if (o.res > 0)
		EXPECT_EQ(128 + SIGSEGV, wait_exit(o.res));
	EXPECT_TRUE(no_child_left());
	unlink(broken);
}

TEST_MAIN
