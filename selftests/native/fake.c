// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <stdlib.h>
#include <string.h>
#include "fake.h"

static struct fake *fake_of(struct iou_spawn_ctx *spawn)
{
	return (struct fake *)spawn;
}

/* ---- The kfuncs --------------------------------------------------------------------------- */

int bpf_io_uring_spawn_queue_sqe(struct iou_spawn_ctx *spawn, void *sqe, __u32 sqe__sz)
{
	struct fake *f = fake_of(spawn);

	if (sqe__sz != sizeof(f->queue[0]))
		return -EINVAL;
	if (f->queue_error)
		return f->queue_error;
	if (f->nr_queued == (f->ops->max_sqes ?: 1024))
		return -E2BIG;
	if (f->nr_queue == FAKE_QUEUE)
		return -ENOSPC;
	f->nr_queued++;
	memcpy(&f->queue[f->nr_queue++], sqe, sqe__sz);
	return 0;
}

int bpf_io_uring_spawn_get_cqe(struct iou_spawn_ctx *spawn, void *cqe, __u32 cqe__sz)
{
	struct fake *f = fake_of(spawn);

	if (cqe__sz != sizeof(f->cqes[0]))
		return -EINVAL;
	if (f->head == f->tail)
		return -ENOENT;
	memcpy(cqe, &f->cqes[f->head++ % FAKE_CQES], cqe__sz);
	return 0;
}

int bpf_io_uring_spawn_get_sqe(struct iou_spawn_ctx *spawn, __u32 idx, void *sqe, __u32 sqe__sz)
{
	struct fake *f = fake_of(spawn);

	if (sqe__sz != sizeof(f->sqes[0]))
		return -EINVAL;
	if (idx >= f->nr_sqes)
		return -ERANGE;
	memcpy(sqe, &f->sqes[idx], sqe__sz);
	return 0;
}

int bpf_io_uring_spawn_post_cqe(struct iou_spawn_ctx *spawn, __u64 user_data, __s32 res,
				__u32 flags)
{
	struct fake *f = fake_of(spawn);

	if (flags & 0xffff & ~IORING_CQE_F_MORE)
		return -EINVAL;
	if (f->nr_posts == (f->ops->max_posts ?: FAKE_POSTS))
		return -E2BIG;
	f->posts[f->nr_posts++] = (struct fake_post){ user_data, res, flags };
	return 0;
}

static bool in_region(struct fake *f, __u32 off, __u32 len)
{
	__u32 size = f->sqes[0].len;

	return off <= size && len <= size - off;
}

int bpf_io_uring_spawn_read_arg(struct iou_spawn_ctx *spawn, __u32 off, void *dst, __u32 dst__sz)
{
	struct fake *f = fake_of(spawn);

	if (!in_region(f, off, dst__sz))
		return -ERANGE;
	memcpy(dst, f->region + off, dst__sz);
	return 0;
}

int bpf_io_uring_spawn_write_arg(struct iou_spawn_ctx *spawn, __u32 off, void *src, __u32 src__sz)
{
	struct fake *f = fake_of(spawn);

	if (!in_region(f, off, src__sz))
		return -ERANGE;
	memcpy(f->region + off, src, src__sz);
	f->dirty = true;
	return 0;
}

/* ---- The interpreter ---------------------------------------------------------------------- */

static void complete(struct fake *f, const struct io_uring_sqe *sqe, int res, __u16 idx)
{
	if (f->tail - f->head == FAKE_CQES) {
		f->broken = "takes no completions";
		return;
	}
	f->cqes[f->tail++ % FAKE_CQES] = (struct iou_spawn_cqe){
		.user_data = sqe->user_data, .res = res, .idx = idx, .opcode = sqe->opcode,
	};
}

static int exec_in_world(struct fake *f, const char *path)
{
	unsigned int i;

	f->nr_execs++;
	for (i = 0; f->world[i].path; i++) {
		if (strcmp(f->world[i].path, path))
			continue;
		if (f->world[i].times && f->tried[i] == f->world[i].times)
			continue;	/* used up: a later line for this path takes over */
		f->tried[i]++;
		return f->world[i].res;
	}
	return -ENOENT;
}

/* Issue what the step queued. True: an EXEC succeeded. */
static bool issue(struct fake *f)
{
	unsigned int i, nr = f->nr_queue;

	f->nr_queue = 0;
	for (i = 0; i < nr; i++) {
		const struct io_uring_sqe *sqe = &f->queue[i];
		const char *path = (const char *)(uintptr_t)sqe->addr;
		int res = -EINVAL;

		if (sqe->opcode == IORING_OP_EXEC)
			res = exec_in_world(f, path);
		if (!res) {
			f->path = path;
			f->argv = (const char *const *)(uintptr_t)sqe->addr2;
			return true;
		}
		complete(f, sqe, res, IOU_SPAWN_QUEUED);
	}
	return false;
}

static void fill_params(struct fake *f, struct iou_spawn_params *lp, __u32 event)
{
	const struct io_uring_sqe *sqe = &f->sqes[0];

	lp->user_data = sqe->user_data;
	lp->cookie = sqe->addr3;
	lp->arg_addr = sqe->addr;
	lp->arg_len = sqe->len;
	lp->event = event;
	lp->step = f->nr_steps;
	lp->nr_cqes = f->tail - f->head;
	lp->nr_inflight = 0;
	lp->nr_sqes = f->nr_sqes;
	lp->nr_submit = f->nr_submit;
	lp->wait_nr = 0;
	lp->timeout_ns = 0;
}

static int step(struct fake *f, __u32 event)
{
	struct iou_spawn_params *lp = &f->lp, before;
	void *arg = (void *)(uintptr_t)f->sqes[0].addr;
	size_t len = f->sqes[0].len;
	int ret;

	fill_params(f, lp, event);
	before = *lp;
	memcpy(f->region, arg, len);
	f->dirty = false;
	ret = f->ops->step((struct iou_spawn_ctx *)f, lp);
	f->nr_steps++;
	if (memcmp(lp, &before, offsetof(struct iou_spawn_params, wait_nr)))
		f->broken = "writes to what a step may only read";
	if (f->dirty)
		memcpy(arg, f->region, len);
	return ret;
}

static __u32 wait(struct fake *f)
{
	if (f->lp.wait_nr && f->tail - f->head >= f->lp.wait_nr)
		return IOU_SPAWN_EV_CQES;
	if (!f->lp.timeout_ns)
		return IOU_SPAWN_EV_IDLE;
	f->slept_ns += f->lp.timeout_ns;
	return IOU_SPAWN_EV_TIMEOUT;
}

static int interpret(struct fake *f)
{
	__u32 event = IOU_SPAWN_EV_START;

	while (f->nr_steps < (f->ops->max_steps ?: 1024) && !f->broken) {
		int ret = step(f, event);

		if (ret == IOU_SPAWN_EXIT)
			return f->lp.res;
		if (ret != IOU_SPAWN_CONTINUE && ret != IOU_SPAWN_DONE)
			return -EINVAL;
		if (issue(f))
			return 1;
		if (ret == IOU_SPAWN_DONE)
			return f->lp.res;
		event = wait(f);
	}
	return -ELOOP;
}

void fake_run(struct fake *f)
{
	unsigned int i;

	for (i = 0; i < f->other_cqes; i++)
		complete(f, &f->sqes[0], -EBADF, 0);
	f->region = malloc(f->sqes[0].len ?: 1);	/* so long, for ASan to see its end */
	if (!f->region)
		abort();
	f->outcome = interpret(f);
	free(f->region);
}
