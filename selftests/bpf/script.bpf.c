// SPDX-License-Identifier: GPL-2.0
/* The policy of script.h. For one spawn at a time, unless the script logs nothing. */
#include "spawn_bpf.bpf.h"
#include "script.h"

struct script_op ops[SCRIPT_OPS];
struct io_uring_sqe raw[SCRIPT_RAW];
struct script_log records[SCRIPT_LOG];
struct script_seen seen[SCRIPT_LOG];
__u32 nr_records, nr_seen, nr_steps;

/* pdu[]: next operation, and one the script may use */
#define PC	0
#define LAST	15

static void record(const struct script_log *what)
{
	__u32 i = nr_records;

	if (i >= SCRIPT_LOG)
		return;
	records[i] = *what;
	nr_records = i + 1;
}

static void see(struct iou_spawn_params *lp)
{
	__u32 i = nr_seen;
	struct script_seen *s;

	if (i >= SCRIPT_LOG)
		return;
	s = &seen[i];
	nr_seen = i + 1;
	s->user_data = lp->user_data;
	s->cookie = lp->cookie;
	s->arg_addr = lp->arg_addr;
	s->arg_len = lp->arg_len;
	s->event = lp->event;
	s->step = lp->step;
	s->nr_cqes = lp->nr_cqes;
	s->nr_inflight = lp->nr_inflight;
	s->nr_sqes = lp->nr_sqes;
	s->nr_submit = lp->nr_submit;
	s->wait_nr = lp->wait_nr;
	s->timeout_ns = lp->timeout_ns;
	s->res = lp->res;
	s->pdu_or = lp->pdu[1] | lp->pdu[2] | lp->pdu[3] | lp->pdu[4] | lp->pdu[5] | lp->pdu[6] |
		    lp->pdu[7] | lp->pdu[8] | lp->pdu[9] | lp->pdu[10] | lp->pdu[11] | lp->pdu[12] |
		    lp->pdu[13] | lp->pdu[14] | lp->pdu[15];
}

static void queue(struct iou_spawn_ctx *spawn, const struct script_op *o)
{
	struct io_uring_sqe sqe = {};
	struct script_log l = {};

	switch (o->op) {
	case S_QUEUE:
		l.ret = iou_template(spawn, o->a, &sqe);
		if (!l.ret)
			l.ret = iou_queue(spawn, &sqe);
		break;
	case S_QUEUE_RAW:
		sqe = raw[o->a & (SCRIPT_RAW - 1)];
		l.ret = iou_queue(spawn, &sqe);
		break;
	case S_QUEUE_SHORT:
		l.ret = bpf_io_uring_spawn_queue_sqe(spawn, &sqe, 32);
		break;
	}
	record(&l);
}

static void reap(struct iou_spawn_ctx *spawn)
{
	struct iou_spawn_cqe cqe = {};
	struct script_log l = {};

	l.ret = iou_reap(spawn, &cqe);
	l.value = cqe.user_data;
	l.res = cqe.res;
	l.flags = cqe.flags;
	l.idx = cqe.idx;
	l.opcode = cqe.opcode;
	record(&l);
}

static void region(struct iou_spawn_ctx *spawn, const struct script_op *o)
{
	struct script_log l = {};
	__u64 value = o->b;

	if (o->op == S_READ)
		l.ret = iou_read(spawn, o->a, &value);
	else
		l.ret = iou_write(spawn, o->a, &value);
	l.value = value;
	record(&l);
}

static void other(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		  const struct script_op *o)
{
	struct io_uring_sqe sqe = {};
	struct script_log l = {};

	switch (o->op) {
	case S_GET:
		l.ret = iou_template(spawn, o->a, &sqe);
		l.opcode = sqe.opcode;
		l.value = sqe.user_data;
		break;
	case S_POST:
		l.ret = bpf_io_uring_spawn_post_cqe(spawn, o->b, o->a, o->c);
		break;
	case S_PDU_SET:
		lp->pdu[LAST] = o->b;
		return;
	case S_PDU_GET:
		l.value = lp->pdu[LAST];
		break;
	}
	record(&l);
}

/* True: go on with the next operation. */
static bool run(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, const struct script_op *o)
{
	switch (o->op) {
	case S_RETURN:
		return false;
	case S_RES:
		lp->res = o->a;
		return true;
	case S_WAIT:
		lp->wait_nr = o->a;
		return true;
	case S_TIMEOUT:
		lp->timeout_ns = o->b;
		return true;
	case S_QUEUE:
	case S_QUEUE_RAW:
	case S_QUEUE_SHORT:
		queue(spawn, o);
		return true;
	case S_REAP:
		reap(spawn);
		return true;
	case S_READ:
	case S_WRITE:
		region(spawn, o);
		return true;
	case S_SEEN:
		see(lp);
		return true;
	case S_GOTO:
		lp->pdu[PC] = o->a;
		return true;
	default:
		other(spawn, lp, o);
		return true;
	}
}

IOU_SPAWN_STEP(script_step, spawn, lp)
{
	struct script_op o;
	__u32 i, pc;

	nr_steps++;
	bpf_for(i, 0, SCRIPT_OPS) {
		pc = lp->pdu[PC];
		if (pc >= SCRIPT_OPS)
			break;
		o = ops[pc];
		lp->pdu[PC] = pc + 1;
		if (!run(spawn, lp, &o))
			return o.a;
	}
	return iou_exit_with(lp, -EPROTO);
}

IOU_SPAWN_OPS(script_ops) = {
	.step = (void *)script_step,
	.name = "script",
};

/* The same program in a second map, for rings and slots beside the first. */
IOU_SPAWN_OPS(second_ops) = {
	.step = (void *)script_step,
	.name = "second",
};

char LICENSE[] SEC("license") = "GPL";
