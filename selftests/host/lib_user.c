// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A program that uses libspawn_bpf where no kernel has io_uring spawn. Exits with 0, or says what
 * was not as it should be.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libspawn_bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition) do {							\
	if (!(condition)) {							\
		fprintf(stderr, "line %d: %s\n", __LINE__, #condition);		\
		exit(1);							\
	}									\
} while (0)

static char *envp[] = { NULL };

static struct spawn_bpf_cmd *shell(const char *script)
{
	static char *argv[] = { "sh", "-c", NULL, NULL };
	struct spawn_bpf_cmd_opts opts = { .sz = sizeof(opts), .flags = SPAWN_BPF_SEARCH,
					   .path = "/nowhere:/bin" };

	argv[2] = (char *)script;
	return spawn_bpf_cmd__new("sh", argv, envp, &opts);
}

static int status_of(pid_t pid)
{
	int status;

	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void check_steps(void)
{
	struct spawn_bpf_cmd *cmd = shell("[ \"$PWD\" = / ] && [ \"$(umask)\" = 0027 ] && "
					  "read -r x <&5");
	LIBSPAWN_BPF_RESULT(res);
	int fds[2];

	CHECK(cmd && !pipe2(fds, O_CLOEXEC) && write(fds[1], "x\n", 2) == 2);
	CHECK(spawn_bpf_cmd__chdir(cmd, "/") == 0);
	CHECK(spawn_bpf_cmd__umask(cmd, 027) == 1);
	CHECK(spawn_bpf_cmd__sched(cmd, SCHED_BATCH, 0) == 2);
	CHECK(spawn_bpf_cmd__sched(cmd, -1, 0) == 3);
	CHECK(spawn_bpf_cmd__open(cmd, 0, "/dev/null", O_RDONLY, 0) == 4);
	CHECK(!spawn_bpf_cmd__fd(cmd, fds[0], 5) && !spawn_bpf_cmd__fd(cmd, 1, 6));
	CHECK(!spawn_bpf_cmd__spawn(cmd, &res, NULL));
	CHECK(res.backend == SPAWN_BPF_BACKEND_CLONE && res.step == 0);
	CHECK(status_of(res.pid) == 0);
	CHECK(spawn_bpf_cmd__chdir(cmd, "/nowhere") == 5);
	CHECK(spawn_bpf_cmd__spawn(cmd, &res, NULL) == -ENOENT);
	CHECK(res.step == 5 && res.pid == 0 && res.pidfd == -1);
	CHECK(waitpid(-1, NULL, __WALL) == -1 && errno == ECHILD);
	spawn_bpf_cmd__free(cmd);
	close(fds[0]);
	close(fds[1]);
}

static void check_growth(void)
{
	struct spawn_bpf_cmd *cmd = shell("exit 3");
	LIBSPAWN_BPF_RESULT(res);
	int i;

	for (i = 0; i < 100; i++)
		CHECK(spawn_bpf_cmd__close(cmd, 100 + i) == i &&
		      !spawn_bpf_cmd__fd(cmd, 2, 100 + i));
	CHECK(!spawn_bpf_cmd__spawn(cmd, &res, NULL) && status_of(res.pid) == 3);
	spawn_bpf_cmd__free(cmd);
}

static void check_no_fallback(void)
{
	struct spawn_bpf_spawn_opts opts = { .sz = sizeof(opts), .flags = SPAWN_BPF_NO_FALLBACK };
	struct spawn_bpf_cmd *cmd = shell("exit 3");
	LIBSPAWN_BPF_RESULT(res);
	int why = spawn_bpf__probe();

	CHECK(why < 0);
	CHECK(spawn_bpf_cmd__spawn(cmd, &res, &opts) == why && res.step == SPAWN_BPF_STEP_CLONE);
	CHECK(res.backend == SPAWN_BPF_BACKEND_NONE);
	spawn_bpf_cmd__free(cmd);
}

static void check_queue(void)
{
	struct spawn_bpf_queue_opts opts = { .sz = sizeof(opts), .flags = SPAWN_BPF_PIDFD };
	struct spawn_bpf_queue *q = spawn_bpf_queue__new(4, &opts);
	struct spawn_bpf_cmd *cmd = shell("exit 3");
	LIBSPAWN_BPF_RESULT(res);
	void *data;
	int i;

	CHECK(q);
	for (i = 0; i < 4; i++)
		CHECK(!spawn_bpf_queue__add(q, cmd, &res));
	CHECK(spawn_bpf_queue__add(q, cmd, NULL) == -EAGAIN);
	CHECK(spawn_bpf_queue__submit(q) == 4);
	for (i = 0; i < 4; i++) {
		CHECK(!spawn_bpf_queue__wait(q, -1, &res, &data) && data == &res);
		CHECK(res.pidfd >= 0 && !close(res.pidfd) && status_of(res.pid) == 3);
	}
	CHECK(spawn_bpf_queue__wait(q, -1, &res, &data) == -ECHILD);
	spawn_bpf_queue__free(q);
	spawn_bpf_cmd__free(cmd);
}

int main(void)
{
	check_steps();
	check_growth();
	check_no_fallback();
	check_queue();
	return 0;
}
