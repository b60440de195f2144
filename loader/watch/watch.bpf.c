// SPDX-License-Identifier: GPL-2.0
/*
 * watch - send every event of a spawn to spawn-bpf trace
 *
 * Limits: an event that finds the buffer full is counted and gone. A submitter that is more than
 * WATCH_GENERATIONS generations below the one asked for, or has lost a parent on the way, is not
 * seen.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "watch.h"

const volatile __s32 root;		/* whose chains are of interest, 0: everybody's */
const volatile __u32 generations = 1;	/* 1: its own; 2: its children's too, and so on */

__u64 lost;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

/*
 * Whose tasks they are that are under way, if they are of interest. A submitter that ends need not
 * stay their parent, and the end of one that was killed may be told by a kernel thread.
 */
struct owner {
	__s32	submitter;
	char	comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __s32);
	__type(value, struct owner);
} owners SEC(".maps");

static bool is_wanted(struct task_struct *submitter)
{
	__u32 i;

	if (!root)
		return true;
	for (i = 0; i < WATCH_GENERATIONS && i < generations; i++) {
		if (submitter->tgid == root)
			return true;
		submitter = submitter->real_parent;
	}
	return false;
}

static struct watch_event *begin(__u32 type, int pid)
{
	struct watch_event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return NULL;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->ns = bpf_ktime_get_ns();
	e->type = type;
	e->pid = pid;
	e->idx = WATCH_NO_PLACE;
	return e;
}

/* One that was made before the trace began has its submitter as its parent, or nobody knows. */
static struct watch_event *begin_in_task(__u32 type, int pid)
{
	struct owner *owner = bpf_map_lookup_elem(&owners, &pid);
	struct task_struct *task = bpf_get_current_task_btf();
	struct watch_event *e;

	if (!owner && (task->pid == pid ? !is_wanted(task->real_parent) : root))
		return NULL;
	e = begin(type, pid);
	if (!e)
		return NULL;
	if (owner)
		e->submitter = owner->submitter;
	else if (task->pid == pid)
		e->submitter = task->real_parent->tgid;
	if (task->pid == pid)
		bpf_get_current_comm(e->comm, sizeof(e->comm));
	else if (owner)
		__builtin_memcpy(e->comm, owner->comm, sizeof(e->comm));
	return e;
}

static void remember_owner(int pid)
{
	struct owner owner = { .submitter = bpf_get_current_task_btf()->tgid };

	bpf_get_current_comm(owner.comm, sizeof(owner.comm));
	bpf_map_update_elem(&owners, &pid, &owner, BPF_ANY);
}

SEC("tp_btf/io_uring_spawn_clone")
int BPF_PROG(watch_clone, void *ring, __u64 user_data, pid_t pid, unsigned int nr_sqes, __u32 flags,
	     int res)
{
	struct task_struct *submitter = bpf_get_current_task_btf();
	struct watch_event *e;

	if (!is_wanted(submitter))
		return 0;
	if (pid)
		remember_owner(pid);
	e = begin(WATCH_CLONE, pid);
	if (!e)
		return 0;
	e->submitter = submitter->tgid;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	e->user_data = user_data;
	e->nr = nr_sqes;
	e->arg = flags;
	e->res = res;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tp_btf/io_uring_spawn_queue")
int BPF_PROG(watch_queue, pid_t pid, __u8 opcode, __u16 idx, __u64 user_data)
{
	struct watch_event *e = begin_in_task(WATCH_QUEUE, pid);

	if (!e)
		return 0;
	e->opcode = opcode;
	e->idx = idx;
	e->user_data = user_data;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tp_btf/io_uring_spawn_complete")
int BPF_PROG(watch_complete, pid_t pid, __u8 opcode, __u16 idx, __u64 user_data, int res)
{
	struct watch_event *e = begin_in_task(WATCH_COMPLETE, pid);

	if (!e)
		return 0;
	e->opcode = opcode;
	e->idx = idx;
	e->user_data = user_data;
	e->res = res;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tp_btf/io_uring_spawn_step")
int BPF_PROG(watch_step, pid_t pid, __u16 idx, __u32 nr, __u32 event, int ret)
{
	struct watch_event *e = begin_in_task(WATCH_STEP, pid);

	if (!e)
		return 0;
	e->idx = idx;
	e->nr = nr;
	e->arg = event;
	e->res = ret;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tp_btf/io_uring_spawn_exec")
int BPF_PROG(watch_exec, pid_t pid, __u16 idx, int res)
{
	struct watch_event *e = begin_in_task(WATCH_EXEC, pid);

	if (!e)
		return 0;
	e->idx = idx;
	e->res = res;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tp_btf/io_uring_spawn_end")
int BPF_PROG(watch_end, pid_t pid, int res, __u16 step)
{
	struct watch_event *e = begin_in_task(WATCH_END, pid);

	bpf_map_delete_elem(&owners, &pid);
	if (!e)
		return 0;
	e->idx = step;
	e->res = res;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
