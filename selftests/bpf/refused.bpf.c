// SPDX-License-Identifier: GPL-2.0
/*
 * What the verifier refuses, in pairs: X_refused, and X_twin, which differs in the one line that
 * matters and loads. verifier.c loads them one at a time and looks at the message.
 */
#include "spawn_bpf.bpf.h"

#define PAIR(what)										\
	IOU_SPAWN_OPS(what##_refused_ops) = { .step = (void *)what##_refused, .name = #what };	\
	IOU_SPAWN_OPS(what##_twin_ops) = { .step = (void *)what##_twin, .name = #what }

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} programs SEC(".maps");

struct timer_value {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct timer_value);
} timers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} values SEC(".maps");

const volatile struct io_uring_sqe constant_sqe = {};
__u64 counters[4];

/* A field that is for reading. */
IOU_SPAWN_STEP(event_refused, spawn, lp)
{
	lp->event = 1;
	return IOU_SPAWN_EXIT;
}

IOU_SPAWN_STEP(event_twin, spawn, lp)
{
	lp->wait_nr = 1;
	return IOU_SPAWN_EXIT;
}
PAIR(event);

/* A write half in a field that may be written, half in one that may not. */
IOU_SPAWN_STEP(straddle_refused, spawn, lp)
{
	*(__u64 *)&lp->res = 1;
	return IOU_SPAWN_EXIT;
}

IOU_SPAWN_STEP(straddle_twin, spawn, lp)
{
	*(__u32 *)&lp->res = 1;
	return IOU_SPAWN_EXIT;
}
PAIR(straddle);

/* Behind the end of pdu. */
IOU_SPAWN_STEP(pdu_refused, spawn, lp)
{
	*(__u64 *)(lp + 1) = 1;
	return IOU_SPAWN_EXIT;
}

IOU_SPAWN_STEP(pdu_twin, spawn, lp)
{
	*((__u64 *)(lp + 1) - 1) = 1;
	return IOU_SPAWN_EXIT;
}
PAIR(pdu);

/* The spawn itself. */
IOU_SPAWN_STEP(opaque_refused, spawn, lp)
{
	return *(volatile __u64 *)spawn;
}

IOU_SPAWN_STEP(opaque_twin, spawn, lp)
{
	return *(volatile __u64 *)lp;
}
PAIR(opaque);

/* A kfunc with something else for a spawn. */
IOU_SPAWN_STEP(wrong_ctx_refused, spawn, lp)
{
	struct iou_spawn_cqe cqe = {};

	return bpf_io_uring_spawn_get_cqe((void *)lp, &cqe, sizeof(cqe));
}

IOU_SPAWN_STEP(wrong_ctx_twin, spawn, lp)
{
	struct iou_spawn_cqe cqe = {};

	return bpf_io_uring_spawn_get_cqe(spawn, &cqe, sizeof(cqe));
}
PAIR(wrong_ctx);

/* No spawn at all. */
IOU_SPAWN_STEP(null_ctx_refused, spawn, lp)
{
	struct iou_spawn_cqe cqe = {};

	return bpf_io_uring_spawn_get_cqe(NULL, &cqe, sizeof(cqe));
}

IOU_SPAWN_STEP(null_ctx_twin, spawn, lp)
{
	struct iou_spawn_cqe cqe = {};

	return bpf_io_uring_spawn_get_cqe(spawn, &cqe, sizeof(cqe));
}
PAIR(null_ctx);

/* A buffer smaller than its size says. */
IOU_SPAWN_STEP(short_buf_refused, spawn, lp)
{
	__u64 buf[4] = {};

	return bpf_io_uring_spawn_get_sqe(spawn, 0, buf, 64);
}

IOU_SPAWN_STEP(short_buf_twin, spawn, lp)
{
	__u64 buf[8] = {};

	return bpf_io_uring_spawn_get_sqe(spawn, 0, buf, 64);
}
PAIR(short_buf);

/* A constant as a buffer, even if the kernel would only read it. */
IOU_SPAWN_STEP(rodata_refused, spawn, lp)
{
	return iou_queue(spawn, (struct io_uring_sqe *)&constant_sqe);
}

IOU_SPAWN_STEP(rodata_twin, spawn, lp)
{
	struct io_uring_sqe sqe = {};

	return iou_queue(spawn, &sqe);
}
PAIR(rodata);

/* Memory of the kernel as a buffer. */
IOU_SPAWN_STEP(pdu_buf_refused, spawn, lp)
{
	return bpf_io_uring_spawn_read_arg(spawn, 0, lp->pdu, 8);
}

IOU_SPAWN_STEP(pdu_buf_twin, spawn, lp)
{
	return bpf_io_uring_spawn_read_arg(spawn, 0, &(__u64){ lp->pdu[0] }, 8);
}
PAIR(pdu_buf);

/* An element of an array that may not be there. */
IOU_SPAWN_STEP(bound_refused, spawn, lp)
{
	counters[lp->step]++;
	return IOU_SPAWN_EXIT;
}

IOU_SPAWN_STEP(bound_twin, spawn, lp)
{
	counters[lp->step % 4]++;
	return IOU_SPAWN_EXIT;
}
PAIR(bound);

/* What a lookup gives may be NULL. */
IOU_SPAWN_STEP(null_value_refused, spawn, lp)
{
	__u64 *value = bpf_map_lookup_elem(&values, &(__u32){ 0 });

	return *value;
}

IOU_SPAWN_STEP(null_value_twin, spawn, lp)
{
	__u64 *value = bpf_map_lookup_elem(&values, &(__u32){ 0 });

	return value ? *value : 0;
}
PAIR(null_value);

/* A loop that only the application's memory ends. */
IOU_SPAWN_STEP(endless_refused, spawn, lp)
{
	while (*(volatile __u32 *)&counters[0])
		;
	return IOU_SPAWN_EXIT;
}

IOU_SPAWN_STEP(endless_twin, spawn, lp)
{
	for (__u32 i = 0; i < 100 && *(volatile __u32 *)&counters[0]; i++)
		;
	return IOU_SPAWN_EXIT;
}
PAIR(endless);

/* A callback that may sleep. */
SEC("struct_ops.s/sleep_refused")
int sleep_refused(__u64 *args)
{
	return IOU_SPAWN_EXIT;
}

SEC("struct_ops/sleep_twin")
int sleep_twin(__u64 *args)
{
	return IOU_SPAWN_EXIT;
}
PAIR(sleep);

static long count(__u32 i, void *sum)
{
	*(__u32 *)sum += i;
	return 0;
}

/* Helpers that run long, or later. */
IOU_SPAWN_STEP(loop_refused, spawn, lp)
{
	__u32 sum = 0;

	bpf_loop(1 << 23, count, &sum, 0);
	return sum;
}

IOU_SPAWN_STEP(loop_twin, spawn, lp)
{
	__u32 sum = 0, i;

	bpf_for(i, 0, 100)
		count(i, &sum);
	return sum;
}
PAIR(loop);

IOU_SPAWN_STEP(tail_call_refused, spawn, lp)
{
	bpf_tail_call(spawn, &programs, 0);
	return IOU_SPAWN_EXIT;
}

IOU_SPAWN_STEP(tail_call_twin, spawn, lp)
{
	bpf_ktime_get_ns();
	return IOU_SPAWN_EXIT;
}
PAIR(tail_call);

IOU_SPAWN_STEP(timer_refused, spawn, lp)
{
	__u32 zero = 0;
	struct timer_value *v = bpf_map_lookup_elem(&timers, &zero);

	return v ? bpf_timer_init(&v->timer, &timers, 0) : 0;
}

IOU_SPAWN_STEP(timer_twin, spawn, lp)
{
	__u32 zero = 0;
	struct timer_value *v = bpf_map_lookup_elem(&timers, &zero);

	return v ? 1 : 0;
}
PAIR(timer);

/* Another type of program. */
SEC("?syscall")
int other_type_refused(void *args)
{
	struct iou_spawn_cqe cqe = {};

	return bpf_io_uring_spawn_get_cqe(args, &cqe, sizeof(cqe));
}

/* Without BPF_F_LINK: it would stay attached for good. */
SEC(".struct_ops")
struct io_uring_spawn_ops without_link_ops = {
	.step = (void *)event_twin,
	.name = "without_link",
};

char LICENSE[] SEC("license") = "GPL";
