/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/**
 * @file spawn_bpf.bpf.h
 * @brief What a spawn policy includes, and nothing else.
 *
 * A policy is a struct_ops program that decides, in a task that has not seen user mode yet, what
 * the task does next: it takes completions and queues SQEs. It is attached to a slot of a ring
 * through a BPF link and run by an IORING_OP_SPAWN_BPF in a chain. The least one that is of use
 * runs the first template of the chain, and once more if the program was busy:
 *
 *	#include "spawn_bpf.bpf.h"
 *
 *	IOU_SPAWN_STEP(twice_step, spawn, lp)
 *	{
 *		struct iou_spawn_cqe cqe = {};
 *
 *		if (lp->event != IOU_SPAWN_EV_START) {
 *			if (iou_reap(spawn, &cqe))
 *				return iou_exit_with(lp, -EINVAL);
 *			if (cqe.idx != IOU_SPAWN_QUEUED)	// of the chain, not ours
 *				return IOU_SPAWN_CONTINUE;
 *			if (cqe.res != -ETXTBSY || lp->pdu[0]++)
 *				return iou_exit_with(lp, cqe.res);
 *		}
 *		if (iou_queue_template(spawn, lp, 0))
 *			return iou_exit_with(lp, -EINVAL);
 *		return IOU_SPAWN_CONTINUE;
 *	}
 *
 *	IOU_SPAWN_OPS(twice_ops) = { .step = (void *)twice_step, .name = "twice" };
 *	char LICENSE[] SEC("license") = "GPL";
 *
 * After a successful EXEC no step runs any more. Natively, against the fakes of
 * selftests/native, the same source compiles as ordinary C.
 */
#ifndef SPAWN_BPF_BPF_H
#define SPAWN_BPF_BPF_H

#ifdef __bpf__
#define BPF_NO_KFUNC_PROTOTYPES		/* those below, whatever wrote vmlinux.h */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <asm-generic/errno.h>

/* Macros of <linux/io_uring.h> and <fcntl.h> that policies use; BTF carries none. */
#define IOSQE_IO_LINK		(1U << IOSQE_IO_LINK_BIT)
#define IOSQE_IO_HARDLINK	(1U << IOSQE_IO_HARDLINK_BIT)
#define IORING_CQE_F_MORE	(1U << 1)
#define AT_FDCWD		(-100)
#define AT_SYMLINK_NOFOLLOW	0x100
#define AT_EMPTY_PATH		0x1000
#define O_RDONLY		0
#define O_WRONLY		01
#define O_RDWR			02
#define O_CREAT			0100
#define O_EXCL			0200
#define O_TRUNC			01000
#define O_APPEND		02000
#define O_NONBLOCK		04000
#define O_DIRECTORY		0200000
#define O_CLOEXEC		02000000
#define S_IFMT			0170000
#define S_IFREG			0100000
#define S_IFDIR			0040000
#define STATX_BASIC_STATS	0x7ffU
#define POLLIN			0x1
#define POLLOUT			0x4
#define POLLERR			0x8
#define POLLHUP			0x10
#define P_PID			1
#define P_PIDFD			3
#define WNOHANG			0x1
#define WEXITED			0x4
#define WNOWAIT			0x01000000
#else
#include "native.h"
#endif

#include "spawn_bpf.h"

/* ---- Types: from vmlinux.h under BPF, which a test holds against these -------------------- */

#ifndef __bpf__
/** The spawn a step works on. Nothing in it can be read; it is for the kfuncs. */
struct iou_spawn_ctx { int opaque; };

/** What a step returns. Anything else ends the policy with -EINVAL. */
enum iou_spawn_ret {
	IOU_SPAWN_CONTINUE,	/**< issue what was queued, wait as lp says, call again */
	IOU_SPAWN_DONE,		/**< issue what was queued, complete with lp->res, chain goes on */
	IOU_SPAWN_EXIT,		/**< drop what was queued, complete with lp->res, end the task */
};

/** Why a step runs: lp->event. */
enum iou_spawn_event {
	IOU_SPAWN_EV_START,	/**< first step of this policy */
	IOU_SPAWN_EV_CQES,	/**< wait_nr completions are there */
	IOU_SPAWN_EV_IDLE,	/**< nothing is in flight any more */
	IOU_SPAWN_EV_TIMEOUT,	/**< timeout_ns have passed */
};

/** struct iou_spawn_cqe - a completion as a policy sees it, 24 bytes */
struct iou_spawn_cqe {
	__u64	user_data;	/**< of its SQE */
	__s32	res;
	__u32	flags;
	__u16	idx;		/**< place in the chain, or IOU_SPAWN_QUEUED */
	__u8	opcode;		/**< of its SQE */
	__u8	resv[5];
};

/**
 * struct iou_spawn_params - what a step is told, and what it answers
 *
 * Read-only but for wait_nr, timeout_ns, res and pdu: the verifier refuses other writes.
 */
struct iou_spawn_params {
	__u64	user_data;	/**< of the SPAWN_BPF SQE: what the application calls this spawn */
	__u64	cookie;		/**< its addr3 */
	__u64	arg_addr;	/**< user address of the argument region, 0: none */
	__u32	arg_len;	/**< its length in bytes */
	__u32	event;		/**< enum iou_spawn_event */
	__u32	step;		/**< steps before this one */
	__u32	nr_cqes;	/**< completions not taken yet */
	__u32	nr_inflight;	/**< SQEs issued and not completed, waiting EXECs included */
	__u32	nr_sqes;	/**< chain and templates; templates are [nr_submit, nr_sqes) */
	__u32	nr_submit;	/**< of the chain */
	/*
	 * The wait before the next step; both are 0 before every step. It ends with the first of:
	 * wait_nr completions to take (if set), timeout_ns (if set), nothing in flight (if there
	 * is no timeout). So 0, 0 waits for everything, 0, t sleeps, and no wait lasts for ever.
	 */
	__u32	wait_nr;	/**< out: completions */
	__u64	timeout_ns;	/**< out: nanoseconds */
	__s32	res;		/**< out: what SPAWN_BPF completes with; kept from step to step */
	__u32	resv;
	__u64	pdu[16];	/**< the policy's own: zero at START, kept from step to step */
};

/** struct io_uring_spawn_ops - a policy. A budget above its limit is -E2BIG when it is loaded. */
struct io_uring_spawn_ops {
	/** The one callback. It cannot sleep. Returns enum iou_spawn_ret. */
	int	(*step)(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp);
	__u32	ring_fd;	/**< the ring, a descriptor of the process that makes the link */
	__u32	slot;		/**< below IORING_SPAWN_MAX_SLOTS; -EBUSY if taken */
	__u32	flags;		/**< IOU_SPAWN_OPS_* */
	__u32	max_steps;	/**< per spawn, then -ELOOP; 0: 1024; at most the query's */
	__u32	max_sqes;	/**< queued, then queue_sqe fails; 0: 1024; at most 65536 */
	__u32	max_posts;	/**< per spawn, then post_cqe fails; 0: 64; at most the query's */
	char	name[16];	/**< for people; set it where the ops are defined */
	void	*priv;		/**< the kernel's; 0 */
};
#endif /* !__bpf__ */

/** iou_spawn_cqe.idx of an SQE that was queued by a policy */
#define IOU_SPAWN_QUEUED		0xffff
/** io_uring_spawn_ops.flags: ring_fd is a registered ring index of the attaching task */
#define IOU_SPAWN_OPS_REGISTERED_RING	(1U << 0)

/* ---- Kfuncs -------------------------------------------------------------------------------
 *
 * None sleeps, none allocates; they work on the spawn's own copies. A buffer must be initialised
 * and writable memory of the stack or a map, also where the kernel only reads it: no .rodata, no
 * lp->pdu. Its size must be that of the struct (-EINVAL). Parameter names are part of the
 * interface: the verifier reads them.
 */

/**
 * Queue a copy of an SQE; it is issued after this step. A link group must be queued in one step.
 * @return 0; -ENOSPC the ring of the task is full; -E2BIG more than max_sqes. What is wrong with
 *	   the SQE itself arrives as its completion.
 */
extern int bpf_io_uring_spawn_queue_sqe(struct iou_spawn_ctx *spawn, void *sqe,
					__u32 sqe__sz) __ksym __weak;

/**
 * Take the oldest completion, of the chain's and of queued SQEs alike.
 * @return 0; -ENOENT there is none
 */
extern int bpf_io_uring_spawn_get_cqe(struct iou_spawn_ctx *spawn, void *cqe,
				      __u32 cqe__sz) __ksym __weak;

/**
 * Copy an SQE of the chain, or a template, as it was handed over.
 * @return 0; -ERANGE idx is not below lp->nr_sqes
 */
extern int bpf_io_uring_spawn_get_sqe(struct iou_spawn_ctx *spawn, __u32 idx, void *sqe,
				      __u32 sqe__sz) __ksym __weak;

/**
 * Post a CQE to the submitter's ring. In flags, IORING_CQE_F_MORE and bits 16-31 are free.
 * @return 0; -EINVAL other flags; -ENOSPC until the submitter took some; -E2BIG more than
 *	   max_posts
 */
extern int bpf_io_uring_spawn_post_cqe(struct iou_spawn_ctx *spawn, __u64 user_data, __s32 res,
				       __u32 flags) __ksym __weak;

/**
 * Read and write the argument region. The kernel copies it in before a step, and out after it,
 * before the SQEs of that step are issued, what was written; what the application changes
 * meanwhile is seen by the next step. If it is not mapped the policy ends with -EFAULT.
 * @return 0; -ERANGE not inside the region
 */
extern int bpf_io_uring_spawn_read_arg(struct iou_spawn_ctx *spawn, __u32 off, void *dst,
				       __u32 dst__sz) __ksym __weak;
extern int bpf_io_uring_spawn_write_arg(struct iou_spawn_ctx *spawn, __u32 off, void *src,
					__u32 src__sz) __ksym __weak;

/*
 * Helpers a policy may call: the base set of CAP_BPF and CAP_PERFMON without bpf_loop, timers and
 * tail calls, and bpf_task_storage_get and _delete.
 */

/* ---- Shorthands --------------------------------------------------------------------------- */

#ifdef __bpf__
/** IOU_SPAWN_STEP(name, spawn, lp) { body }: defines the step callback @p name. */
#define IOU_SPAWN_STEP(name, spawn, lp)							\
	static __always_inline int							\
	name##_body(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp);		\
	SEC("struct_ops/" #name)							\
	int name(__u64 *args)								\
	{										\
		return name##_body((void *)args[0], (void *)args[1]);			\
	}										\
	static __always_inline int							\
	name##_body(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp)

/** IOU_SPAWN_PARAM type name = value;: what an application may set between open and load. */
#define IOU_SPAWN_PARAM const volatile
#endif
/**
 * IOU_SPAWN_REGION(struct NAME_arg) in front of IOU_SPAWN_OPS(): the argument region it takes. Tools
 * that fill in a region for a policy refuse one that takes another.
 */
#ifdef __bpf__
#define IOU_SPAWN_REGION(type)	__attribute__((btf_decl_tag("region:" #type)))
#else
#define IOU_SPAWN_REGION(type)
#endif
/** IOU_SPAWN_OPS(var) = { .step = (void *)name, ... };: defines the policy. */
#define IOU_SPAWN_OPS(var) SEC(".struct_ops.link") struct io_uring_spawn_ops var

/** lp->pdu as a struct of the policy's own. */
#define iou_spawn_state(type, lp) ({							\
	_Static_assert(sizeof(type) <= sizeof((lp)->pdu), "state is larger than lp->pdu");	\
	(type *)(lp)->pdu;								\
})

#define iou_queue(spawn, sqe)		bpf_io_uring_spawn_queue_sqe(spawn, sqe, sizeof(*(sqe)))
#define iou_reap(spawn, cqe)		bpf_io_uring_spawn_get_cqe(spawn, cqe, sizeof(*(cqe)))
#define iou_template(spawn, i, sqe)	bpf_io_uring_spawn_get_sqe(spawn, i, sqe, sizeof(*(sqe)))
#define iou_read(spawn, off, dst)	bpf_io_uring_spawn_read_arg(spawn, off, dst, sizeof(*(dst)))
#define iou_write(spawn, off, src) \
	bpf_io_uring_spawn_write_arg(spawn, off, src, sizeof(*(src)))

/**
 * Write a copy of @p src, which may be in lp->pdu, to the member "report" of the region, a struct
 * @p type, if there is a region.
 * @return 0; -ERANGE the region is too short for it
 */
#define iou_report(spawn, lp, type, src) ({						\
	__typeof__(src) __copy = (src);							\
	(lp)->arg_len ? iou_write(spawn, __builtin_offsetof(type, report), &__copy) : 0;	\
})

/** return iou_exit_with(lp, res): end the task, SPAWN_BPF and the outcome say res. */
static inline int iou_exit_with(struct iou_spawn_params *lp, int res)
{
	lp->res = res;
	return IOU_SPAWN_EXIT;
}

/**
 * Queue template number @p n of the chain as it is, but that its completion always comes: with
 * CQE_SKIP_SUCCESS a policy would wait for one that does not.
 * @return 0 or what iou_template() and iou_queue() say: -ERANGE there is no such template
 */
static inline int iou_queue_template(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
				     __u32 n)
{
	struct io_uring_sqe sqe = {};
	int err = iou_template(spawn, lp->nr_submit + n, &sqe);

	sqe.flags &= ~(1U << IOSQE_CQE_SKIP_SUCCESS_BIT);
	return err ? err : iou_queue(spawn, &sqe);
}

/** After these errors execvp(3) tries the next directory, and a link IORING_EXEC_SEARCH. */
static inline bool iou_not_here(int res)
{
	return res == -ENOENT || res == -ENOTDIR || res == -EACCES || res == -ESTALE ||
	       res == -ENODEV || res == -ETIMEDOUT;
}

/* ---- SQEs a policy queues -----------------------------------------------------------------
 *
 * As those of spawn_bpf.h, which has EXEC and the task attributes: they write every byte, set
 * user_data and flags afterwards. Pointers are addresses of the application: of its argument
 * region, lp->arg_addr and on, or what it wrote there. Descriptors are those of the task. A buffer
 * in the region that an SQE fills must not be written by the policy in the same step.
 */

/** Completes with the descriptor, which no later SQE of the same step can know: see TASK_OPEN. */
static inline void iou_prep_openat(struct io_uring_sqe *sqe, __s32 dfd, __u64 path, __u32 o_flags,
				   __u32 mode)
{
	iou_prep(sqe, IORING_OP_OPENAT, dfd, path, mode, 0);
	sqe->open_flags = o_flags;
}

static inline void iou_prep_close(struct io_uring_sqe *sqe, __s32 fd)
{
	iou_prep(sqe, IORING_OP_CLOSE, fd, 0, 0, 0);
}

/** @p off -1: from the file's position, and for what has none. */
static inline void iou_prep_read(struct io_uring_sqe *sqe, __s32 fd, __u64 buf, __u32 len,
				 __u64 off)
{
	iou_prep(sqe, IORING_OP_READ, fd, buf, len, off);
}

static inline void iou_prep_write(struct io_uring_sqe *sqe, __s32 fd, __u64 buf, __u32 len,
				  __u64 off)
{
	iou_prep(sqe, IORING_OP_WRITE, fd, buf, len, off);
}

/** @p buf: room for a struct statx. @p mask: STATX_*. */
static inline void iou_prep_statx(struct io_uring_sqe *sqe, __s32 dfd, __u64 path, __u32 at_flags,
				  __u32 mask, __u64 buf)
{
	iou_prep(sqe, IORING_OP_STATX, dfd, path, mask, buf);
	sqe->statx_flags = at_flags;
}

/** Completes with those of @p events, POLLERR and POLLHUP that are there. */
static inline void iou_prep_poll(struct io_uring_sqe *sqe, __s32 fd, __u32 events)
{
	iou_prep(sqe, IORING_OP_POLL_ADD, fd, 0, 0, 0);
	sqe->poll32_events = events;
}

/** @p sockaddr: of @p len bytes. */
static inline void iou_prep_connect(struct io_uring_sqe *sqe, __s32 fd, __u64 sockaddr, __u32 len)
{
	iou_prep(sqe, IORING_OP_CONNECT, fd, sockaddr, 0, len);
}

/** @p idtype: P_PID, P_PIDFD. @p options: W*. @p infop: room for a siginfo_t, or 0. */
static inline void iou_prep_waitid(struct io_uring_sqe *sqe, __u32 idtype, __s32 id, __u64 infop,
				   __u32 options)
{
	iou_prep(sqe, IORING_OP_WAITID, id, 0, idtype, infop);
	sqe->file_index = options;
}

/**
 * FUTEX_WAIT on a private 32-bit futex while it holds @p val, for any waker. -EAGAIN: it holds
 * something else.
 */
static inline void iou_prep_futex_wait(struct io_uring_sqe *sqe, __u64 uaddr, __u32 val)
{
	iou_prep(sqe, IORING_OP_FUTEX_WAIT, 0x80 | 0x02 /* FUTEX2_PRIVATE | SIZE_U32 */, uaddr, 0,
		 val);
	sqe->addr3 = ~0U;
}

/** FUTEX_WAKE of at most @p nr waiters of such a futex; completes with how many. */
static inline void iou_prep_futex_wake(struct io_uring_sqe *sqe, __u64 uaddr, __u32 nr)
{
	iou_prep(sqe, IORING_OP_FUTEX_WAKE, 0x80 | 0x02, uaddr, 0, nr);
	sqe->addr3 = ~0U;
}

/** Cancel the SQE with this user_data: 0, -ENOENT, or -EALREADY if it cannot be stopped. */
static inline void iou_prep_cancel(struct io_uring_sqe *sqe, __u64 user_data)
{
	iou_prep(sqe, IORING_OP_ASYNC_CANCEL, 0, user_data, 0, 0);
}

#endif /* SPAWN_BPF_BPF_H */
