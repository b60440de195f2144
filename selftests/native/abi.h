/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The binary interface as literal numbers. Every header that declares it is compiled against this
 * list, so none can drift from the others: include/spawn_bpf.h and spawn_bpf.bpf.h (abi_user.c),
 * the kernel's <linux/io_uring/spawn.h> (abi_uapi.c), the BTF of the kernel (abi_btf.bpf.c).
 */
#define NUMBER(name, value) \
	_Static_assert((name) == (value), #name " is not " #value);
#define SIZE(type, bytes) \
	_Static_assert(sizeof(type) == (bytes), #type " does not have " #bytes " bytes");
#define FIELD(type, field, offset, kind)						\
	_Static_assert(__builtin_offsetof(type, field) == (offset),			\
		       #field " of " #type " is not at byte " #offset);			\
	_Static_assert(__builtin_types_compatible_p(__typeof__(((type *)0)->field), kind),	\
		       #field " of " #type " is no " #kind);

/* Macros, which BTF does not have */
#define ABI_MACROS				\
	NUMBER(IORING_SPAWN_ABI, 1)		\
	NUMBER(IORING_SPAWN_MAX_SQES, 256)	\
	NUMBER(IORING_SPAWN_MAX_FDS, 256)	\
	NUMBER(IORING_SPAWN_MAX_SLOTS, 16)	\
	NUMBER(IORING_CLONE_FINAL, 1)		\
	NUMBER(IORING_CLONE_DEFER, 2)		\
	NUMBER(IORING_CLONE_QUIET, 4)		\
	NUMBER(IORING_CLONE_NO_FILES, 8)	\
	NUMBER(IORING_CLONE_FD_FIXED, 1)	\
	NUMBER(IORING_CLONE_FD_CLOEXEC, 2)	\
	NUMBER(IORING_EXEC_SEARCH, 1)		\
	NUMBER(IORING_EXEC_CANCEL, 2)		\
	NUMBER(IORING_SPAWN_STEP_NONE, 0xffff)	\
	NUMBER(IORING_CLONE_ARGS_SIZE_VER1, 64)	\
	NUMBER(IO_URING_QUERY_SPAWN, 0x53504e)

#define ABI_OPCODES				\
	NUMBER(IORING_OP_CLONE, 0xe0)		\
	NUMBER(IORING_OP_EXEC, 0xe1)		\
	NUMBER(IORING_OP_TASK, 0xe2)		\
	NUMBER(IORING_OP_SPAWN_BPF, 0xe3)	\
	NUMBER(IORING_REGISTER_QUERY, 35)

#define ABI_TASK_ATTRS				\
	NUMBER(IORING_TASK_DUP, 0)		\
	NUMBER(IORING_TASK_OPEN, 1)		\
	NUMBER(IORING_TASK_CLOSE_RANGE, 2)	\
	NUMBER(IORING_TASK_CHDIR, 3)		\
	NUMBER(IORING_TASK_CHROOT, 4)		\
	NUMBER(IORING_TASK_UMASK, 5)		\
	NUMBER(IORING_TASK_SIGMASK, 6)		\
	NUMBER(IORING_TASK_SIGDEFAULT, 7)	\
	NUMBER(IORING_TASK_SETSID, 8)		\
	NUMBER(IORING_TASK_SETPGID, 9)		\
	NUMBER(IORING_TASK_CTTY, 10)		\
	NUMBER(IORING_TASK_TCSETPGRP, 11)	\
	NUMBER(IORING_TASK_SCHED, 12)		\
	NUMBER(IORING_TASK_NICE, 13)		\
	NUMBER(IORING_TASK_AFFINITY, 14)	\
	NUMBER(IORING_TASK_IOPRIO, 15)		\
	NUMBER(IORING_TASK_RLIMIT, 16)		\
	NUMBER(IORING_TASK_GROUPS, 17)		\
	NUMBER(IORING_TASK_GID, 18)		\
	NUMBER(IORING_TASK_UID, 19)		\
	NUMBER(IORING_TASK_RESETIDS, 20)	\
	NUMBER(IORING_TASK_CAPS, 21)		\
	NUMBER(IORING_TASK_PRCTL, 22)		\
	NUMBER(IORING_TASK_SECCOMP, 23)		\
	NUMBER(IORING_TASK_UNSHARE, 24)		\
	NUMBER(IORING_TASK_SETNS, 25)		\
	NUMBER(IORING_TASK_LAST, 26)

#define ABI_STRUCTS							\
	SIZE(struct io_uring_query_spawn, 64)				\
	FIELD(struct io_uring_query_spawn, abi, 0, __u32)		\
	FIELD(struct io_uring_query_spawn, op_clone, 4, __u8)		\
	FIELD(struct io_uring_query_spawn, op_exec, 5, __u8)		\
	FIELD(struct io_uring_query_spawn, op_task, 6, __u8)		\
	FIELD(struct io_uring_query_spawn, op_spawn_bpf, 7, __u8)	\
	FIELD(struct io_uring_query_spawn, clone_flags, 8, __u64)	\
	FIELD(struct io_uring_query_spawn, task_attrs, 16, __u64)	\
	FIELD(struct io_uring_query_spawn, spawn_flags, 24, __u32)	\
	FIELD(struct io_uring_query_spawn, exec_flags, 28, __u32)	\
	FIELD(struct io_uring_query_spawn, max_sqes, 32, __u32)		\
	FIELD(struct io_uring_query_spawn, max_slots, 36, __u32)	\
	FIELD(struct io_uring_query_spawn, max_steps, 40, __u32)	\
	FIELD(struct io_uring_query_spawn, max_posts, 44, __u32)	\
	FIELD(struct io_uring_query_spawn, __resv, 48, __u32[4])	\
	SIZE(struct io_uring_clone_args, 64)				\
	FIELD(struct io_uring_clone_args, flags, 0, __u64)		\
	FIELD(struct io_uring_clone_args, pidfd, 8, __u64)		\
	FIELD(struct io_uring_clone_args, cgroup, 16, __u64)		\
	FIELD(struct io_uring_clone_args, sqes, 24, __u64)		\
	FIELD(struct io_uring_clone_args, nr_sqes, 32, __u32)		\
	FIELD(struct io_uring_clone_args, nr_submit, 36, __u32)		\
	FIELD(struct io_uring_clone_args, fds, 40, __u64)		\
	FIELD(struct io_uring_clone_args, nr_fds, 48, __u32)		\
	FIELD(struct io_uring_clone_args, __resv, 52, __u32[3])		\
	SIZE(struct io_uring_query_hdr, 40)				\
	FIELD(struct io_uring_query_hdr, next_entry, 0, __u64)		\
	FIELD(struct io_uring_query_hdr, query_data, 8, __u64)		\
	FIELD(struct io_uring_query_hdr, query_op, 16, __u32)		\
	FIELD(struct io_uring_query_hdr, size, 20, __u32)		\
	FIELD(struct io_uring_query_hdr, result, 24, __s32)		\
	FIELD(struct io_uring_query_hdr, __resv, 28, __u32[3])

/* Layouts of operations the kernel may not have code for yet: BTF has only what code uses. */
#define ABI_RESERVED_STRUCTS						\
	SIZE(struct io_uring_clone_fd, 16)				\
	FIELD(struct io_uring_clone_fd, fd, 0, __s32)			\
	FIELD(struct io_uring_clone_fd, target, 4, __s32)		\
	FIELD(struct io_uring_clone_fd, flags, 8, __u32)		\
	FIELD(struct io_uring_clone_fd, __resv, 12, __u32)		\
	SIZE(struct io_uring_task_caps, 40)				\
	FIELD(struct io_uring_task_caps, effective, 0, __u64)		\
	FIELD(struct io_uring_task_caps, permitted, 8, __u64)		\
	FIELD(struct io_uring_task_caps, inheritable, 16, __u64)	\
	FIELD(struct io_uring_task_caps, bounding, 24, __u64)		\
	FIELD(struct io_uring_task_caps, ambient, 32, __u64)

/* What a policy sees: declared by BTF and, for native tests, by spawn_bpf.bpf.h */
#define ABI_POLICY							\
	NUMBER(IOU_SPAWN_CONTINUE, 0)					\
	NUMBER(IOU_SPAWN_DONE, 1)					\
	NUMBER(IOU_SPAWN_EXIT, 2)					\
	NUMBER(IOU_SPAWN_EV_START, 0)					\
	NUMBER(IOU_SPAWN_EV_CQES, 1)					\
	NUMBER(IOU_SPAWN_EV_IDLE, 2)					\
	NUMBER(IOU_SPAWN_EV_TIMEOUT, 3)					\
	SIZE(struct iou_spawn_cqe, 24)					\
	FIELD(struct iou_spawn_cqe, user_data, 0, __u64)		\
	FIELD(struct iou_spawn_cqe, res, 8, __s32)			\
	FIELD(struct iou_spawn_cqe, flags, 12, __u32)			\
	FIELD(struct iou_spawn_cqe, idx, 16, __u16)			\
	FIELD(struct iou_spawn_cqe, opcode, 18, __u8)			\
	FIELD(struct iou_spawn_cqe, resv, 19, __u8[5])			\
	SIZE(struct iou_spawn_params, 200)				\
	FIELD(struct iou_spawn_params, user_data, 0, __u64)		\
	FIELD(struct iou_spawn_params, cookie, 8, __u64)		\
	FIELD(struct iou_spawn_params, arg_addr, 16, __u64)		\
	FIELD(struct iou_spawn_params, arg_len, 24, __u32)		\
	FIELD(struct iou_spawn_params, event, 28, __u32)		\
	FIELD(struct iou_spawn_params, step, 32, __u32)			\
	FIELD(struct iou_spawn_params, nr_cqes, 36, __u32)		\
	FIELD(struct iou_spawn_params, nr_inflight, 40, __u32)		\
	FIELD(struct iou_spawn_params, nr_sqes, 44, __u32)		\
	FIELD(struct iou_spawn_params, nr_submit, 48, __u32)		\
	FIELD(struct iou_spawn_params, wait_nr, 52, __u32)		\
	FIELD(struct iou_spawn_params, timeout_ns, 56, __u64)		\
	FIELD(struct iou_spawn_params, res, 64, __s32)			\
	FIELD(struct iou_spawn_params, resv, 68, __u32)			\
	FIELD(struct iou_spawn_params, pdu, 72, __u64[16])		\
	SIZE(struct io_uring_spawn_ops, 56)				\
	FIELD(struct io_uring_spawn_ops, ring_fd, 8, __u32)		\
	FIELD(struct io_uring_spawn_ops, slot, 12, __u32)		\
	FIELD(struct io_uring_spawn_ops, flags, 16, __u32)		\
	FIELD(struct io_uring_spawn_ops, max_steps, 20, __u32)		\
	FIELD(struct io_uring_spawn_ops, max_sqes, 24, __u32)		\
	FIELD(struct io_uring_spawn_ops, max_posts, 28, __u32)		\
	FIELD(struct io_uring_spawn_ops, name, 32, char[16])		\
	FIELD(struct io_uring_spawn_ops, priv, 48, void *)
