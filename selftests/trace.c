// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Tracepoints: those of spawning appear in order and with the right values, and those by which
 * others follow fork and exec see a spawned task too.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "lib/policy.h"

#define TRACING		"/sys/kernel/tracing"
#define INSTANCE	TRACING "/instances/spawn_test"
#define SYSCTL		"/proc/sys/kernel/io_uring_spawn"
#define EVENT_LINES	64

struct event {
	char	name[32], text[400];
};

FIXTURE(trace) {
	struct io_uring ring;
	struct script script;
	struct event events[EVENT_LINES];
	unsigned int nr;
};

static int trace_option(const char *file, const char *value)
{
	char path[256];

	snprintf(path, sizeof(path), INSTANCE "/%s", file);
	return write_file(path, value);
}

FIXTURE_SETUP(trace)
{
	static const char *const on[] = {
		"events/io_uring_spawn/enable",	     "events/task/task_newtask/enable",
		"events/sched/sched_process_fork/enable", "events/sched/sched_process_exec/enable",
		"events/sched/sched_process_exit/enable",
	};
	unsigned int i;

	ASSERT_EQ(0, ring_init(&self->ring, 0));
	ASSERT_EQ(0, script_open(&self->script, self->ring.ring_fd, 0));
	rmdir(INSTANCE);
	ASSERT_EQ(0, mkdir(INSTANCE, 0700));
	for (i = 0; i < ARRAY_SIZE(on); i++)
		ASSERT_EQ(0, trace_option(on[i], "1")) {
			TH_LOG("%s", on[i]);
		}
}

FIXTURE_TEARDOWN(trace)
{
	script_close(&self->script);
	io_uring_queue_exit(&self->ring);
	EXPECT_EQ(0, rmdir(INSTANCE));
	write_file(SYSCTL, "0");
}

/* "  comm-12  [000] d..1.  1.2: name: text" */
static bool parse(char *line, struct event *e)
{
	char *colon = strstr(line, ": "), *end;

	if (line[0] == '#' || !colon)
		return false;
	end = strstr(colon + 2, ": ");
	if (!end)
		return false;
	*end = '\0';
	snprintf(e->name, sizeof(e->name), "%s", colon + 2);
	snprintf(e->text, sizeof(e->text), "%s", end + 2);
	e->text[strcspn(e->text, "\n")] = '\0';
	return true;
}

/*
 * Does the event name this task, as "pid 12", "pid=12", "child_pid=12"? Its number may stand
 * anywhere else, in the time of one that the kernel's own threads make meanwhile, too.
 */
static bool names(const struct event *e, pid_t pid)
{
	const char *at;

	for (at = strstr(e->text, "pid"); at; at = strstr(at + 3, "pid"))
		if ((at[3] == ' ' || at[3] == '=') && atoi(at + 4) == pid)
			return true;
	return false;
}

/* What was recorded of the task; 0: all there is, of everybody. Oldest first. */
static void collect(FIXTURE_DATA(trace) *self, pid_t pid)
{
	FILE *f = fopen(INSTANCE "/trace", "r");
	struct event *e = self->events;
	char line[600];

	while (f && e < self->events + EVENT_LINES && fgets(line, sizeof(line), f))
		if (parse(line, e) && (!pid || names(e, pid)))
			e++;
	self->nr = e - self->events;
	if (f)
		fclose(f);
}

static void show(FIXTURE_DATA(trace) *self)
{
	unsigned int i;

	for (i = 0; i < self->nr; i++)
		fprintf(stderr, "# %u %s: %s\n", i, self->events[i].name, self->events[i].text);
}

/* The next event of this name from *at on says this. */
static bool next(FIXTURE_DATA(trace) *self, unsigned int *at, const char *name, const char *text)
{
	for (; *at < self->nr; ++*at)
		if (!strcmp(self->events[*at].name, name))
			break;
	if (*at < self->nr && strstr(self->events[*at].text, text)) {
		++*at;
		return true;
	}
	fprintf(stderr, "# no %s with '%s':\n", name, text);
	show(self);
	return false;
}

/* Format, and look for it in the order of calls. */
#define EXPECT_EVENT(at, name, ...) do {					\
	char __text[400];							\
	snprintf(__text, sizeof(__text), __VA_ARGS__);				\
	EXPECT_TRUE(next(self, &(at), name, __text));				\
} while (0)

#define CLONE		"io_uring_spawn_clone"
#define QUEUE		"io_uring_spawn_queue"
#define COMPLETE	"io_uring_spawn_complete"
#define STEP		"io_uring_spawn_step"
#define EXEC		"io_uring_spawn_exec"
#define END		"io_uring_spawn_end"

static unsigned int count(FIXTURE_DATA(trace) *self, const char *name)
{
	unsigned int i, n = 0;

	for (i = 0; i < self->nr; i++)
		n += !strcmp(self->events[i].name, name);
	return n;
}

TEST_F(trace, program_is_seen_from_birth_to_exit)
{
	char *argv[] = { "quick", NULL }, path[256];
	unsigned int at = 0;
	struct chain c;
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	chain_init(&c, true, 0);
	chain_nop(&c, 0)->user_data = 0xabc;
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_LINK);
	pid = ASSERT_EXECED(&self->ring, &c);
	EXPECT_EQ(0, wait_exit(pid));
	collect(self, pid);

	EXPECT_EVENT(at, "task_newtask", "pid=%d ", pid);
	EXPECT_EVENT(at, "sched_process_fork", "child_pid=%d", pid);
	EXPECT_EVENT(at, CLONE, "user_data 0x%x, pid %d, nr_sqes 2, flags 0x%x, res 0", UD_CLONE,
		     pid, IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	EXPECT_EVENT(at, QUEUE, "pid %d, opcode NOP, idx 0, user_data 0xabc", pid);
	EXPECT_EVENT(at, QUEUE, "pid %d, opcode EXEC, idx 1, user_data 0x1", pid);
	EXPECT_EVENT(at, COMPLETE, "pid %d, opcode NOP, idx 0, user_data 0xabc, res 0", pid);
	EXPECT_EVENT(at, COMPLETE, "pid %d, opcode EXEC, idx 1, user_data 0x1, res 0", pid);
	EXPECT_EVENT(at, "sched_process_exec", "filename=%s pid=%d old_pid=%d", path, pid, pid);
	EXPECT_EVENT(at, EXEC, "pid %d, idx 1, res 0", pid);
	EXPECT_EVENT(at, END, "pid %d, res %d, step 0", pid, pid);
	EXPECT_EVENT(at, "sched_process_exit", "pid=%d", pid);
}

TEST_F(trace, failed_exec_names_its_place_and_the_outcome_too)
{
	char *argv[] = { "none", NULL };
	unsigned int at = 0;
	struct chain c;

	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	chain_exec(&c, "/no/such/program", argv);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_OUTCOME(&self->ring, &c, -ENOENT, 1);
	EXPECT_TRUE(no_child_left());
	collect(self, 0);
	EXPECT_EVENT(at, COMPLETE, "opcode NOP, idx 0, user_data 0x0, res 0");
	EXPECT_EVENT(at, EXEC, "idx 1, res %d", -ENOENT);
	EXPECT_EVENT(at, COMPLETE, "opcode EXEC, idx 1, user_data 0x1, res %d", -ENOENT);
	EXPECT_EVENT(at, END, "res %d, step 1", -ENOENT);
	EXPECT_EVENT(at, "sched_process_exit", "comm=");
}

TEST_F(trace, steps_of_a_policy_and_what_they_queue)
{
	unsigned int at = 0;
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_nop(&c, 5)->user_data = 0x55;
	SCRIPT(&self->script,
	       { S_QUEUE, 1 }, S_END(RET_CONTINUE),
	       { S_REAP }, { S_TIMEOUT, .b = 1000 }, S_END(RET_CONTINUE),
	       { S_RES, -EXDEV }, S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, -EXDEV, 0);
	collect(self, 0);
	EXPECT_EVENT(at, CLONE, "nr_sqes 2");
	EXPECT_EVENT(at, QUEUE, "opcode SPAWN_BPF, idx 0");
	EXPECT_EVENT(at, QUEUE, "opcode NOP, idx 65535, user_data 0x55");
	EXPECT_EVENT(at, STEP, "idx 0, nr 1, event %u, ret %u", EV_START, RET_CONTINUE);
	EXPECT_EVENT(at, COMPLETE, "opcode NOP, idx 65535, user_data 0x55, res 5");
	EXPECT_EVENT(at, STEP, "idx 0, nr 2, event %u, ret %u", EV_IDLE, RET_CONTINUE);
	EXPECT_EVENT(at, STEP, "idx 0, nr 3, event %u, ret %u", EV_TIMEOUT, RET_EXIT);
	EXPECT_EVENT(at, COMPLETE, "opcode SPAWN_BPF, idx 0, user_data 0x0, res %d", -EXDEV);
	EXPECT_EVENT(at, END, "res %d, step 0", -EXDEV);
	EXPECT_EQ(2, count(self, COMPLETE));
}

TEST_F(trace, broken_link_completes_in_order)
{
	unsigned int at = 0;
	struct chain c;

	chain_init(&c, true, 0);
	chain_nop(&c, 7);
	chain_nop(&c, -EIO);
	chain_nop(&c, 9);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_OUTCOME(&self->ring, &c, -EIO, 1);
	collect(self, 0);
	EXPECT_EVENT(at, COMPLETE, "opcode NOP, idx 0, user_data 0x0, res 7");
	EXPECT_EVENT(at, COMPLETE, "opcode NOP, idx 1, user_data 0x1, res %d", -EIO);
	EXPECT_EVENT(at, COMPLETE, "opcode NOP, idx 2, user_data 0x2, res %d", -ECANCELED);
	EXPECT_EVENT(at, END, "res %d, step 1", -EIO);
	EXPECT_EQ(3, count(self, COMPLETE));
}

TEST_F(trace, completion_that_is_skipped_has_no_event)
{
	unsigned int at = 0;
	struct chain c;

	chain_init(&c, true, 0);
	chain_nop(&c, 0)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	chain_nop(&c, 4);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	collect(self, 0);
	EXPECT_EQ(2, count(self, QUEUE));
	EXPECT_EVENT(at, COMPLETE, "opcode NOP, idx 1, user_data 0x1, res 4");
	EXPECT_EQ(1, count(self, COMPLETE)) {
		show(self);
	}
}

/* What a policy has queued completes between the steps, and what it never takes is seen too. */
TEST_F(trace, queued_ones_complete_before_the_step_that_takes_them)
{
	unsigned int at = 0;
	struct chain c;

	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	chain_nop(&c, 5);
	chain_nop(&c, -ENXIO);
	SCRIPT(&self->script,
	       { S_QUEUE, 1 }, S_END(RET_CONTINUE),
	       { S_REAP }, { S_QUEUE, 2 }, S_END(RET_CONTINUE),
	       { S_RES, 3 }, S_END(RET_DONE));
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	collect(self, 0);
	EXPECT_EVENT(at, QUEUE, "opcode SPAWN_BPF, idx 0");
	EXPECT_EVENT(at, QUEUE, "opcode NOP, idx 65535, user_data 0x1");
	EXPECT_EVENT(at, COMPLETE, "opcode NOP, idx 65535, user_data 0x1, res 5");
	EXPECT_EVENT(at, QUEUE, "opcode NOP, idx 65535, user_data 0x2");
	EXPECT_EVENT(at, STEP, "nr 2, event %u, ret %u", EV_IDLE, RET_CONTINUE);
	EXPECT_EVENT(at, COMPLETE, "opcode NOP, idx 65535, user_data 0x2, res %d", -ENXIO);
	EXPECT_EVENT(at, STEP, "nr 3, event %u, ret %u", EV_IDLE, RET_DONE);
	EXPECT_EVENT(at, COMPLETE, "opcode SPAWN_BPF, idx 0, user_data 0x0, res 3");
	EXPECT_EVENT(at, END, "res 0, step 0");
}

TEST_F(trace, policy_that_runs_out_of_steps_says_why)
{
	unsigned int at = 0;
	struct chain c;

	self->script.skel->struct_ops.script_ops->max_steps = 1;
	ASSERT_EQ(0, script_attach(&self->script));
	policy_chain(&c, NULL, 0);
	SCRIPT(&self->script, S_END(RET_CONTINUE), S_END(RET_EXIT));
	ASSERT_OUTCOME(&self->ring, &c, -ELOOP, 0);
	collect(self, 0);
	EXPECT_EVENT(at, STEP, "nr 1, event %u, ret %u", EV_START, RET_CONTINUE);
	EXPECT_EVENT(at, STEP, "nr 1, event %u, ret %d", EV_IDLE, -ELOOP);
	EXPECT_EVENT(at, END, "res %d, step 0", -ELOOP);
}

TEST_F(trace, clone_without_a_task_has_pid_0_and_the_error)
{
	unsigned int at = 0, i, ours = 0;
	struct chain c;

	ASSERT_EQ(0, write_file(SYSCTL, "2"));
	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	ASSERT_OUTCOME(&self->ring, &c, -EPERM, STEP_NONE);
	collect(self, 0);
	EXPECT_EVENT(at, CLONE, "pid 0, nr_sqes 1, flags 0x6, res %d", -EPERM);
	/* nor has anything been forked by us; threads of the kernel may come and go */
	for (i = 0; i < self->nr; i++)
		ours += strstr(self->events[i].name, "io_uring_spawn") ||
			names(&self->events[i], getpid());
	EXPECT_EQ(1, ours) {
		show(self);
	}
}

TEST_F(trace, killed_task_has_an_end)
{
	struct io_uring_cqe cqe;
	unsigned int at = 0;
	struct chain c;
	int fds[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(fds));
	chain_init(&c, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	chain_read(&c, fds[0], &byte, 1);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	EXPECT_EQ(0, wait_gone(pid));
	collect(self, pid);
	EXPECT_EVENT(at, CLONE, "pid %d", pid);
	EXPECT_EVENT(at, END, "pid %d, res %d, step %u", pid, -EINTR, STEP_NONE);
}

TEST_F(trace, nothing_is_recorded_when_off)
{
	unsigned int i;
	struct chain c;

	ASSERT_EQ(0, trace_option("events/io_uring_spawn/enable", "0"));
	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	ASSERT_OUTCOME(&self->ring, &c, 0, 0);
	EXPECT_TRUE(no_child_left());
	collect(self, 0);
	EXPECT_LT(0, self->nr);
	for (i = 0; i < self->nr; i++)
		EXPECT_EQ(NULL, strstr(self->events[i].name, "io_uring_spawn"));
}

TEST_MAIN
