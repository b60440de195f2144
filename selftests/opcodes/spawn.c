// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The four operations of this project; what else they do is in tests of their own. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "opcodes.h"

static void add_clone(struct chain *c)
{
	static const struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };
	static struct io_uring_clone_args args = { .nr_sqes = 1, .nr_submit = 1 };

	args.sqes = U64(&nop);
	op_add(c, IORING_OP_CLONE, 0, &args, sizeof(args), 0);
}

/* It writes to a pipe. */
static void add_exec(struct chain *c)
{
	static char path[256], fd[8], *argv[] = { "report", fd, "0", NULL };

	must(!target(path, sizeof(path), "report"));
	snprintf(fd, sizeof(fd), "%d", scratch.empty[1]);
	chain_exec(c, path, argv);
}

static bool ok_exec(const int *res)
{
	return res[0] == 0 && read(scratch.empty[0], scratch.buf, 1) == 1;
}

static mode_t mask;

static void add_task(struct chain *c)
{
	mask = umask(022);
	umask(mask);
	iou_prep_task(chain_add(c), IORING_TASK_UMASK, 0, 0, 077, 0, 0);
	op_placed(c);
}

static bool ok_task(const int *res)
{
	return res[0] == (int)mask;
}

static void add_spawn_bpf(struct chain *c)
{
	SCRIPT(scratch.script, { S_RES, 5 }, S_END(RET_DONE));
	chain_policy(c, 0, NULL, 0);
}

static bool ok_spawn_bpf(const int *res)
{
	return res[0] == 5;
}

const struct op spawn_ops[] = {
	{ REFUSED(CLONE, add_clone) },
	{ RUNS(EXEC), .ours = true, .cases = { CASE(exec) } },
	{ RUNS(TASK), .ours = true, .cases = { CASE(task) } },
	{ RUNS(SPAWN_BPF), .queued = EBUSY, .ours = true, .cases = { CASE(spawn_bpf) } },
	{}
};
