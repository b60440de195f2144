// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What the policies of a round do: one script for all of them, each at a place of its own in it. */
#include <errno.h>
#include <string.h>
#include "storm.h"

static int draw_return(struct dice *d)
{
	static const unsigned char codes[] = { [RET_CONTINUE] = 14, [RET_DONE] = 2, [RET_EXIT] = 2,
					       [3] = 1 };
	unsigned int code = draw_weighted(d, codes, sizeof(codes));

	return code == 3 ? 77 : code;
}

static struct script_op draw_script_op(struct dice *d, unsigned int place)
{
	static const unsigned int ops[] = {
		S_QUEUE, S_QUEUE, S_QUEUE, S_QUEUE, S_RETURN, S_RETURN, S_RETURN, S_REAP, S_REAP,
		S_POST, S_WAIT, S_TIMEOUT, S_READ, S_WRITE, S_RES, S_GET, S_QUEUE_RAW, S_SEEN,
		S_PDU_SET, S_PDU_GET, S_GOTO, S_QUEUE_SHORT,
	};
	struct script_op o = { .op = ops[pick(d, sizeof(ops) / sizeof(ops[0]))] };

	switch (o.op) {
	case S_QUEUE:
		o.a = POLICY_SUBMIT + pick(d, TEMPLATES);
		break;
	case S_RETURN:
		o.a = draw_return(d);
		break;
	case S_POST:
		o.a = pick(d, 100);
		o.b = UD_POSTED;
		break;
	case S_WAIT:
		o.a = pick(d, 4);
		break;
	case S_TIMEOUT:
		o.b = one_in(d, 12) ? 3600000000000ULL : pick(d, 2000000);
		break;
	case S_READ:
	case S_WRITE:
		o.a = pick(d, 70) * 8;
		o.b = roll(d);
		break;
	case S_RES:
		o.a = one_in(d, 2) ? -(1 + pick(d, 30)) : pick(d, 10);
		break;
	case S_GET:
		o.a = pick(d, SLOTS + 2);
		break;
	case S_QUEUE_RAW:
		o.a = pick(d, SCRIPT_RAW);
		break;
	case S_GOTO:
		o.a = pick(d, place + 1);
		break;
	}
	return o;
}

void draw_script(struct dice *d, struct plan *p)
{
	unsigned int i;

	for (i = 0; i < SCRIPT_LEN; i++)
		p->script[i] = draw_script_op(d, i);
	p->script[SCRIPT_LEN - 1] = (struct script_op){ .op = S_RETURN, .a = draw_return(d) };
}

/* SQEs a policy queues that are in no chain: none that leaves something behind. */
static void draw_raw(struct dice *d, struct io_uring_sqe *sqe)
{
	static struct __kernel_timespec soon = { .tv_nsec = 300000 };

	iou_prep(sqe, IORING_OP_NOP, -1, 0, 0, 0);
	sqe->user_data = roll(d);
	switch (pick(d, 4)) {
	case 0:
		iou_prep(sqe, IORING_OP_TIMEOUT, -1, U64(&soon), 1, 0);
		break;
	case 1:
		sqe->opcode = IORING_OP_CLONE;
		break;
	case 2:
		sqe->flags = roll(d);
		sqe->personality = pick(d, 2);
		break;
	}
}

void draw_raws(struct script *script, const struct plan *p)
{
	struct dice d = dice_for(~p->seed, p->round);
	unsigned int i;

	for (i = 0; i < SCRIPT_RAW; i++)
		draw_raw(&d, &script->skel->bss->raw[i]);
}
