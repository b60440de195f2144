// SPDX-License-Identifier: GPL-2.0 OR MIT
/* libspawn_bpf on rings of the caller's, and with policies there. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include "lib/command.h"
#include "lib/policy.h"

POLICY_FIXTURE_2(ring)

static int take_result(struct io_uring *ring, struct spawn_bpf_cmd *cmd,
		       struct spawn_bpf_result *res)
{
	struct io_uring_cqe cqe;
	int err = next_cqe(ring, &cqe);

	if (err || cqe.user_data != 55)
		return err ?: -EBADMSG;
	res->sz = sizeof(*res);
	return spawn_bpf_cmd__result(cmd, &cqe, res);
}

static void prep(struct io_uring *ring, struct spawn_bpf_cmd *cmd, int *pidfd)
{
	struct io_uring_sqe *sqe = get_sqe(ring);

	sqe->user_data = 55;
	spawn_bpf_cmd__prep(cmd, sqe, pidfd);
}

TEST_F(ring, spawns)
{
	struct spawn_bpf_cmd *cmd = exit_command("7");
	struct spawn_bpf_result res;
	siginfo_t info;
	int pidfd = -1;

	prep(&self->ring, cmd, &pidfd);
	EXPECT_EQ(0, submit_all(&self->ring));
	ASSERT_EQ(0, take_result(&self->ring, cmd, &res));
	EXPECT_EQ(SPAWN_BPF_BACKEND_IO_URING, res.backend);
	EXPECT_EQ(-1, res.pidfd);
	EXPECT_EQ(0, waitid(P_PIDFD, pidfd, &info, WEXITED));
	EXPECT_EQ(res.pid, info.si_pid);
	EXPECT_EQ(7, info.si_status);
	close(pidfd);
	/* one step more, without a pidfd */
	EXPECT_EQ(0, spawn_bpf_cmd__close_range(cmd, 2, 1, 0));
	prep(&self->ring, cmd, NULL);
	EXPECT_EQ(0, submit_all(&self->ring));
	EXPECT_EQ(-EINVAL, take_result(&self->ring, cmd, &res));
	EXPECT_EQ(0, res.step);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	spawn_bpf_cmd__free(cmd);
}

/* The pidfd of a process that is no more is still the caller's. */
TEST_F(ring, fails_with_a_pidfd)
{
	struct spawn_bpf_cmd *cmd = spawn_bpf_cmd__new("/nowhere", NULL, NULL, NULL);
	struct spawn_bpf_result res;
	int pidfd = 0;

	prep(&self->ring, cmd, &pidfd);
	EXPECT_EQ(-1, pidfd);
	EXPECT_EQ(0, submit_all(&self->ring));
	EXPECT_EQ(-ENOENT, take_result(&self->ring, cmd, &res));
	EXPECT_EQ(-1, res.pidfd);
	EXPECT_LE(0, pidfd);
	EXPECT_EQ(0, close(pidfd));
	spawn_bpf_cmd__free(cmd);
}

TEST_F(ring, what_cannot_be_prepared)
{
	struct spawn_bpf_cmd *cmd = exit_command("7");
	struct io_uring_sqe *sqe = get_sqe(&self->ring);
	struct spawn_bpf_result res;

	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__prep(NULL, sqe, NULL));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__prep(cmd, NULL, NULL));
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__result(NULL, NULL, &res));
	EXPECT_EQ(-EEXIST, spawn_bpf_cmd__fd(cmd, 0, 1) ?: spawn_bpf_cmd__fd(cmd, 0, 1));
	sqe->user_data = 55;
	EXPECT_EQ(-EEXIST, spawn_bpf_cmd__prep(cmd, sqe, NULL));
	/* submitted all the same */
	EXPECT_EQ(0, submit_all(&self->ring));
	EXPECT_EQ(-EEXIST, take_result(&self->ring, cmd, &res));
	EXPECT_EQ(SPAWN_BPF_STEP_CLONE, res.step);
	EXPECT_EQ(SPAWN_BPF_BACKEND_NONE, res.backend);
	EXPECT_TRUE(no_child_left());
	spawn_bpf_cmd__free(cmd);
}

TEST_F(ring, registered_files)
{
	char *argv[] = { "sh", "-c", "read word <&9; [ \"$word\" = fixed ]", NULL };
	struct spawn_bpf_cmd *cmd;
	struct spawn_bpf_result res;
	int pipe_fds[2];

	cmd = spawn_bpf_cmd__new("/bin/sh", argv, NULL, NULL);
	ASSERT_EQ(0, pipe2(pipe_fds, O_CLOEXEC));
	ASSERT_EQ(6, write(pipe_fds[1], "fixed\n", 6));
	ASSERT_EQ(0, io_uring_register_files(&self->ring, pipe_fds, 1));
	close(pipe_fds[0]);
	EXPECT_EQ(0, spawn_bpf_cmd__fixed_fd(cmd, 0, 9));
	prep(&self->ring, cmd, NULL);
	EXPECT_EQ(0, submit_all(&self->ring));
	ASSERT_EQ(0, take_result(&self->ring, cmd, &res));
	EXPECT_EQ(0, wait_exit(res.pid));
	EXPECT_EQ(0, spawn_bpf_cmd__fixed_fd(cmd, 1, 10));
	prep(&self->ring, cmd, NULL);
	EXPECT_EQ(0, submit_all(&self->ring));
	EXPECT_EQ(-EBADF, take_result(&self->ring, cmd, &res));
	EXPECT_EQ(SPAWN_BPF_STEP_CLONE, res.step);
	close(pipe_fds[1]);
	spawn_bpf_cmd__free(cmd);
}

TEST_F(ring, result_of_a_wrong_size)
{
	struct spawn_bpf_cmd *cmd = exit_command("7");
	struct io_uring_cqe cqe = { .res = -EPERM };
	LIBSPAWN_BPF_RESULT(res);

	res.sz--;
	EXPECT_EQ(-EINVAL, spawn_bpf_cmd__result(cmd, &cqe, &res));
	EXPECT_EQ(0, res.error);
	spawn_bpf_cmd__free(cmd);
}

/* The policy starts the template itself; steps that are added later still come before it. */
TEST_F(ring, policy_starts_the_program)
{
	struct spawn_bpf_cmd *cmd = exit_command("7");
	struct spawn_bpf_result res;

	ASSERT_EQ(0, script_attach(&self->script));
	EXPECT_EQ(0, spawn_bpf_cmd__umask(cmd, 022));
	EXPECT_EQ(0, spawn_bpf_cmd__policy(cmd, 0, NULL, 0));
	EXPECT_EQ(1, spawn_bpf_cmd__umask(cmd, 022));
	SCRIPT(&self->script, { S_QUEUE, 3 }, S_END(RET_CONTINUE), S_END(RET_DONE));
	prep(&self->ring, cmd, NULL);
	EXPECT_EQ(0, submit_all(&self->ring));
	ASSERT_EQ(0, take_result(&self->ring, cmd, &res));
	EXPECT_EQ(7, wait_exit(res.pid));
	spawn_bpf_cmd__free(cmd);
}

TEST_F(ring, policy_says_no)
{
	struct spawn_bpf_cmd *cmd = exit_command("7");
	struct spawn_bpf_result res;

	ASSERT_EQ(0, script_attach(&self->script));
	EXPECT_EQ(0, spawn_bpf_cmd__policy(cmd, 0, NULL, 0));
	SCRIPT(&self->script, { S_RES, -9 }, S_END(RET_EXIT));
	prep(&self->ring, cmd, NULL);
	EXPECT_EQ(0, submit_all(&self->ring));
	EXPECT_EQ(-9, take_result(&self->ring, cmd, &res));
	EXPECT_EQ(SPAWN_BPF_STEP_EXEC, res.step);
	EXPECT_TRUE(no_child_left());
	/* neither a program nor an error of its own */
	EXPECT_EQ(0, spawn_bpf_cmd__umask(cmd, 022));
	SCRIPT(&self->script, { S_RES, 0 }, S_END(RET_EXIT));
	prep(&self->ring, cmd, NULL);
	EXPECT_EQ(0, submit_all(&self->ring));
	EXPECT_EQ(-ECANCELED, take_result(&self->ring, cmd, &res));
	EXPECT_EQ(SPAWN_BPF_STEP_EXEC, res.step);
	spawn_bpf_cmd__free(cmd);
}

TEST_F(ring, policy_that_is_not_there)
{
	struct spawn_bpf_cmd *cmd = exit_command("7");
	struct spawn_bpf_result res;

	EXPECT_EQ(0, spawn_bpf_cmd__policy(cmd, 3, NULL, 0));
	prep(&self->ring, cmd, NULL);
	EXPECT_EQ(0, submit_all(&self->ring));
	EXPECT_EQ(-ENOENT, take_result(&self->ring, cmd, &res));
	EXPECT_EQ(SPAWN_BPF_STEP_EXEC, res.step);
	spawn_bpf_cmd__free(cmd);
}

TEST_MAIN
