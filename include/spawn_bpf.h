/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/**
 * @file spawn_bpf.h
 * @brief Make a new task and run a chain of SQEs in it, through io_uring.
 *
 * Include it after one of <liburing.h>, <linux/io_uring.h> or, in a BPF program, vmlinux.h. It
 * is the twin of the patched kernel's <linux/io_uring/spawn.h>; where that header or vmlinux.h
 * came first, the types are taken from there. C and C++.
 *
 * Addresses in SQEs and structs are those of the submitting process, in 64 bits. Errors are
 * negative errno numbers, in the res of a CQE or as a return value.
 */
#ifndef SPAWN_BPF_H
#define SPAWN_BPF_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/* ---- Numbers ------------------------------------------------------------------------------
 *
 * Macros and not enumerators: BTF carries no macros, and a liburing that one day declares
 * enumerators of these names does not collide with them.
 */

/* Opcodes, far from mainline's, which uses 58 and up for other operations. */
#define IORING_OP_CLONE		0xe0
#define IORING_OP_EXEC		0xe1
#define IORING_OP_TASK		0xe2
#define IORING_OP_SPAWN_BPF	0xe3

/* Of io_uring_register(2), since Linux 6.18. io_uring_spawn_query() below makes the call. */
#define IORING_REGISTER_QUERY	35

#ifndef LINUX_IO_URING_SPAWN_H
#define LINUX_IO_URING_SPAWN_H

/** Version of everything in this header. A kernel that answers another one must not be used. */
#define IORING_SPAWN_ABI	1

/* Limits. Those of the policies' budgets are in the query's answer. */
#define IORING_SPAWN_MAX_SQES	256	/* chain and templates of one spawn */
#define IORING_SPAWN_MAX_FDS	256	/* io_uring_clone_args.nr_fds */
#define IORING_SPAWN_MAX_SLOTS	16	/* policies attached to one ring */

/* CLONE: sqe->rw_flags */
#define IORING_CLONE_FINAL	(1U << 0) /* two CQEs: pid and F_MORE at birth, then the outcome */
#define IORING_CLONE_DEFER	(1U << 1) /* one CQE: the outcome; not with FINAL */
#define IORING_CLONE_QUIET	(1U << 2) /* SQEs of the chain post no CQE to the ring */
#define IORING_CLONE_NO_FILES	(1U << 3) /* the task has no descriptors but those of fds[] */

/* io_uring_clone_fd.flags */
#define IORING_CLONE_FD_FIXED	(1U << 0) /* fd is an index of the ring's registered files */
#define IORING_CLONE_FD_CLOEXEC	(1U << 1) /* exec closes target */

/* EXEC: sqe->ioprio */
#define IORING_EXEC_SEARCH	(1U << 0) /* a "not here" error lets the link go on */
#define IORING_EXEC_CANCEL	(1U << 1) /* cancel what is in flight, do not wait for it */

/** Which SQE of the chain the error of an outcome CQE (res < 0) belongs to. */
#define IORING_CQE_STEP(cqe)	((cqe)->flags >> 16)
/** To none of them: CLONE itself failed, was cancelled, or its task was killed. */
#define IORING_SPAWN_STEP_NONE	0xffff

/* query_op of IORING_REGISTER_QUERY, far from mainline's */
#define IO_URING_QUERY_SPAWN	0x53504e

/* ---- Types --------------------------------------------------------------------------------*/

#ifndef __VMLINUX_H__
#ifndef LINUX_IO_URING_QUERY_H	/* <linux/io_uring/query.h> of Linux 6.18 */
/**
 * struct io_uring_query_hdr - what IORING_REGISTER_QUERY takes, 40 bytes
 *
 * The call fails with -EINVAL where the kernel has no queries. Mainline answers 0, and @result
 * -EOPNOTSUPP to a query_op it does not know.
 */
struct io_uring_query_hdr {
	__u64	next_entry;	/**< 0: one entry per call */
	__u64	query_data;	/**< struct io_uring_query_spawn * */
	__u32	query_op;	/**< IO_URING_QUERY_SPAWN */
	__u32	size;		/**< in: bytes at query_data; out: bytes the kernel filled */
	__s32	result;		/**< 0 or -errno */
	__u32	__resv[3];
};
#endif

/**
 * struct io_uring_query_spawn - what the running kernel offers, 64 bytes
 *
 * Use the operations only if @abi and the four opcodes are the numbers compiled in.
 */
struct io_uring_query_spawn {
	__u32	abi;		/**< IORING_SPAWN_ABI */
	__u8	op_clone;	/**< IORING_OP_CLONE */
	__u8	op_exec;	/**< IORING_OP_EXEC */
	__u8	op_task;	/**< IORING_OP_TASK */
	__u8	op_spawn_bpf;	/**< IORING_OP_SPAWN_BPF */
	__u64	clone_flags;	/**< CLONE_* accepted in io_uring_clone_args.flags */
	__u64	task_attrs;	/**< bit 1 << n: attribute n of enum io_uring_task_attr */
	__u32	spawn_flags;	/**< IORING_CLONE_* */
	__u32	exec_flags;	/**< IORING_EXEC_* */
	__u32	max_sqes;	/**< IORING_SPAWN_MAX_SQES */
	__u32	max_slots;	/**< IORING_SPAWN_MAX_SLOTS */
	__u32	max_steps;	/**< largest max_steps of a policy */
	__u32	max_posts;	/**< largest max_posts of a policy */
	__u32	__resv[4];
};

/**
 * struct io_uring_clone_args - a chain handed over as an array, 64 bytes
 *
 * Grows at its end as clone3(2)'s does: of a longer struct what is unknown must be zero
 * (-E2BIG), a shorter one than version 1 is -EINVAL. The struct and the arrays it names are
 * copied before io_uring_enter(2) returns; what the SQEs point to is not.
 */
struct io_uring_clone_args {
	__u64	flags;		/**< CLONE_PIDFD, CLONE_INTO_CGROUP, CLONE_NEW*; see the query */
	__u64	pidfd;		/**< int *, with CLONE_PIDFD; written before the first CQE */
	__u64	cgroup;		/**< descriptor, with CLONE_INTO_CGROUP */
	__u64	sqes;		/**< const struct io_uring_sqe *: the chain, then templates */
	__u32	nr_sqes;	/**< of both, at most IORING_SPAWN_MAX_SQES */
	__u32	nr_submit;	/**< so many run, at least 1; the rest if a policy queues them */
	__u64	fds;		/**< const struct io_uring_clone_fd *, or 0 */
	__u32	nr_fds;		/**< at most IORING_SPAWN_MAX_FDS */
	__u32	__resv[3];
};

#define IORING_CLONE_ARGS_SIZE_VER1	64	/* the first that was published */

/**
 * struct io_uring_clone_fd - a descriptor of the submitter under a number of the task, 16 bytes
 *
 * All are looked up in the submitter, when CLONE is submitted, before one is installed:
 * {0, 1}, {1, 0} swaps. Like dup2(2)'s copy, the new descriptor is not close-on-exec unless
 * FD_CLOEXEC says so.
 */
struct io_uring_clone_fd {
	__s32	fd;		/**< of the submitter, or with FD_FIXED a registered file */
	__s32	target;		/**< number in the task; replaces what is there; each one once */
	__u32	flags;		/**< IORING_CLONE_FD_* */
	__u32	__resv;
};

/**
 * enum io_uring_task_attr - what IORING_OP_TASK sets: sqe->off
 *
 * The SQE fields each attribute reads. What is not named must be 0.
 *
 *			fd	addr		len		rw_flags	addr3
 *	DUP		old			new		O_CLOEXEC
 *	OPEN		dirfd	path		mode		O_*		target
 *	CLOSE_RANGE	first			last		CLOSE_RANGE_*
 *	CHDIR		dirfd	path
 *	CHROOT		dirfd	path
 *	UMASK					mask
 *	SIGMASK			u64 set		how
 *	SIGDEFAULT		u64 set
 *	SETSID
 *	SETPGID					pgid
 *	CTTY		tty
 *	TCSETPGRP	tty			pgrp
 *	SCHED			sched_attr *	size		flags
 *	NICE					s32
 *	AFFINITY		mask *		bytes
 *	IOPRIO					value
 *	RLIMIT			soft		resource			hard
 *	GROUPS			gid_t *		count
 *	GID			r | e << 32					s
 *	UID			r | e << 32					s
 *	RESETIDS
 *	CAPS			caps *		size
 *	PRCTL			arg2		option				arg3
 *	SECCOMP			sock_fprog *			SECCOMP_FILTER_*
 *	UNSHARE			CLONE_NEW*
 *	SETNS		nsfd			nstype
 *
 * DUP is dup2(2), and with old == new clears CLOEXEC. OPEN opens straight onto target; it, DUP
 * and UMASK answer what the calls do, SETSID the session, all others 0. CLOSE_RANGE with
 * first == last is close(2) that does not mind EBADF. CHDIR with addr 0 is fchdir(fd). SIGMASK
 * changes the mask the new program starts with, as sigprocmask(2) would; in sets bit n is signal
 * n + 1. SETPGID and TCSETPGRP: 0 is the task's own. SCHED: size is also in the struct, and if
 * they differ it is -EINVAL. NICE is nice(2), s32 is added. RLIMIT takes values, not pointers.
 * GID and UID are setresgid(2) and setresuid(2), ~0U keeps; a change of the effective ids clears
 * pdeathsig. RESETIDS makes the effective ids the real ones, gid then uid. CAPS takes a struct
 * io_uring_task_caps. PRCTL knows no_new_privs, pdeathsig, keepcaps, securebits,
 * child_subreaper and timerslack; anything else is -EINVAL.
 */
enum io_uring_task_attr {
	IORING_TASK_DUP,
	IORING_TASK_OPEN,
	IORING_TASK_CLOSE_RANGE,
	IORING_TASK_CHDIR,
	IORING_TASK_CHROOT,
	IORING_TASK_UMASK,
	IORING_TASK_SIGMASK,
	IORING_TASK_SIGDEFAULT,
	IORING_TASK_SETSID,
	IORING_TASK_SETPGID,
	IORING_TASK_CTTY,
	IORING_TASK_TCSETPGRP,
	IORING_TASK_SCHED,
	IORING_TASK_NICE,
	IORING_TASK_AFFINITY,
	IORING_TASK_IOPRIO,
	IORING_TASK_RLIMIT,
	IORING_TASK_GROUPS,
	IORING_TASK_GID,
	IORING_TASK_UID,
	IORING_TASK_RESETIDS,
	IORING_TASK_CAPS,
	IORING_TASK_PRCTL,
	IORING_TASK_SECCOMP,
	IORING_TASK_UNSHARE,
	IORING_TASK_SETNS,
	IORING_TASK_LAST,
};

/** struct io_uring_task_caps - for IORING_TASK_CAPS; bit n is capability n */
struct io_uring_task_caps {
	__u64	effective;
	__u64	permitted;
	__u64	inheritable;
	__u64	bounding;
	__u64	ambient;
};
#endif /* __VMLINUX_H__ */
#endif /* LINUX_IO_URING_SPAWN_H */

/* ---- Operations ---------------------------------------------------------------------------
 *
 * IORING_OP_CLONE - make a task that shares the submitter's memory until it execs, and run a
 * chain in it
 *
 *	addr, len	0, 0: the chain is the SQEs linked behind this one (the RFC of 2024, where
 *			a zeroed SQE is a CLONE). Otherwise a struct io_uring_clone_args and its
 *			size; links behind CLONE are then ordinary links of the ring.
 *	rw_flags	IORING_CLONE_*
 *	rest		0; IOSQE_FIXED_FILE and personality: -EINVAL
 *
 *	-EINVAL		a field or flag; a link form CLONE that is not the first of a link; a
 *			target twice in fds[]
 *	-EFAULT		args, or the arrays of SQEs or descriptors, cannot be read
 *	-E2BIG		too many SQEs or descriptors; args longer than a page, or not zero where
 *			unknown
 *	-EBADF		in fds[]: no such descriptor or registered file; a target beyond
 *			RLIMIT_NOFILE
 *	-EPERM		a seccomp filter; sysctl kernel.io_uring_spawn (0 on, 1 for CAP_SYS_ADMIN,
 *			2 off)
 *	-EOPNOTSUPP	a SQPOLL, IOPOLL or compat submitter
 *	clone3(2)'s	-EAGAIN, -ENOMEM, -EBADF (cgroup) ...
 *
 *	The task is a process of its own. It has copies of the submitter's descriptors, but not of
 *	close-on-exec ones of the submitter's ring; then come those of fds[]. With NO_FILES it has
 *	only these, which is cheaper the more the submitter has open. waitpid(2) takes its pid from
 *	the first CQE on. CLONE_NEW* are namespaces as of clone3(2), with its errors; the chain runs
 *	in them. The pid in CLONE's completions is what the submitter calls it.
 *
 * IORING_OP_EXEC - execveat(2); only in a chain
 *
 *	fd		directory, or AT_FDCWD
 *	addr		path
 *	addr2, addr3	argv, envp
 *	rw_flags	AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW
 *	ioprio		IORING_EXEC_*
 *
 *	Runs when nothing else of the chain is in flight; a waiting policy does not count. On
 *	success the chain ends: SQEs that have not run complete with -ECANCELED and are never
 *	issued. -EBUSY: another EXEC waits already. With IORING_EXEC_SEARCH the link goes on
 *	after ENOENT, ENOTDIR, EACCES, ESTALE, ENODEV and ETIMEDOUT, the errors after which
 *	execvp(3) tries the next directory, as if it were a hard one.
 *
 * IORING_OP_SPAWN_BPF - run the policy in a slot of the ring (spawn_bpf.bpf.h); only in a chain
 *
 *	off		slot
 *	addr, len	argument region of at most 4096 bytes, or 0, 0
 *	addr3		cookie, the policy's lp->cookie
 *
 *	Completes with the policy's lp->res, also if an EXEC succeeds meanwhile. -ENOENT: the
 *	slot is empty. -EBUSY: another policy is running. -EFAULT: the region is not mapped.
 *	-EINVAL: a field, or an unknown return code of the policy. -ELOOP: too many steps. After
 *	the last three what is in flight is cancelled, and the chain goes on as its links say.
 *
 * IORING_OP_TASK - set one attribute of the task; only in a chain
 *
 *	off		enum io_uring_task_attr; the other fields as its table says
 *
 *	Completes with what the system call would return. Credentials take effect at once; the
 *	dumpable flag of the memory shared with the submitter stays as it is, and until exec
 *	nobody without CAP_SYS_PTRACE can trace the task, unless he has traced it from its birth.
 *	An attribute that is missing in the query's task_attrs is -EINVAL, or -EOPNOTSUPP if the
 *	kernel was built without the system call.
 *
 * SQEs in a chain behave as on a ring of the task's own: without links they may overlap, one
 * that is wrong in itself says so in its CQE, restrictions of the submitter's ring hold. What
 * would block, blocks the task: no io-wq thread is ever made. -EINVAL: CLONE, URING_CMD, what
 * needs registered buffers or changes what is registered, IO_DRAIN, BUFFER_SELECT, multishot,
 * personality; FIXED_FILE on EXEC, TASK, SPAWN_BPF; LINK_TIMEOUT behind these. With FIXED_FILE fd
 * is an index of the submitter's registered files; the indices that chain and templates name are
 * looked up when CLONE is submitted, any other is -EBADF; they stay open until exec succeeds or the
 * chain ends. A direct descriptor as result is -ENXIO, with FILE_INDEX_ALLOC -ENFILE.
 * Signals but SIGKILL and SIGSTOP stay blocked until exec.
 *
 * Outcome of a spawn
 *
 *	res > 0		the pid; it runs the new program
 *	res == 0	the chain ended without an EXEC and without a failure
 *	res < 0		the error: lp->res if a policy returned IOU_SPAWN_EXIT; else of the last
 *			SQE that failed by itself and not by a broken link (among SEARCH EXECs
 *			-EACCES beats the other five); else -ECANCELED if CLONE was cancelled,
 *			or the ring or its submitter went away, and -EINTR after any other
 *			fatal signal. IORING_CQE_STEP() is the SQE it belongs to, for an EXEC
 *			that a policy queued its SPAWN_BPF, or IORING_SPAWN_STEP_NONE.
 *
 * A task that never execs is reaped by the kernel: no zombie, no SIGCHLD, waitpid(2) -ECHILD.
 *
 * Completions of one spawn
 *
 *	1. CLONE's first CQE is posted before the task runs, so before all others.
 *	2. The others keep the order in which the task posted them. There is none between spawns.
 *	3. With FINAL or DEFER the outcome is the last CQE. It is always posted while the ring
 *	   lives, and follows the kernel's last access to memory of the spawn: paths, argv, envp,
 *	   buffers, argument region may be reused then, not before. Without FINAL and DEFER that
 *	   point is the CQE of a successful EXEC.
 *	4. CQE_SKIP_SUCCESS on CLONE drops its CQEs with res >= 0.
 *	5. SQEs of the chain post to the ring unless QUIET or CQE_SKIP_SUCCESS, SQEs queued by a
 *	   policy never.
 *
 * Room needed in the CQ: 1 (FINAL 2), nr_submit unless QUIET, and what the policy posts.
 * ASYNC_CANCEL or LINK_TIMEOUT of a FINAL or DEFER CLONE kills the task; once it has exec'ed, and
 * for a CLONE without either once there is a task, they find nothing (-ENOENT).
 */

/* ---- Helpers for application and policy ---------------------------------------------------
 *
 * They write every byte of the SQE: set user_data and flags afterwards.
 */
static inline void iou_prep(struct io_uring_sqe *sqe, __u8 op, __s32 fd, __u64 addr, __u32 len,
			    __u64 off)
{
	__builtin_memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = op;
	sqe->fd = fd;
	sqe->addr = addr;
	sqe->len = len;
	sqe->off = off;
}

/** CLONE. @p args, @p len: a struct io_uring_clone_args and its size, or 0, 0. */
static inline void iou_prep_clone(struct io_uring_sqe *sqe, __u64 args, __u32 len,
				  __u32 clone_flags)
{
	iou_prep(sqe, IORING_OP_CLONE, 0, args, len, 0);
	sqe->rw_flags = clone_flags;
}

/** EXEC. @p at_flags: AT_*, @p exec_flags: IORING_EXEC_*. */
static inline void iou_prep_exec(struct io_uring_sqe *sqe, __s32 dfd, __u64 path, __u64 argv,
				 __u64 envp, __u32 at_flags, __u16 exec_flags)
{
	iou_prep(sqe, IORING_OP_EXEC, dfd, path, 0, argv);
	sqe->addr3 = envp;
	sqe->rw_flags = at_flags;
	sqe->ioprio = exec_flags;
}

/** SPAWN_BPF. @p arg, @p len: the argument region, or 0, 0. */
static inline void iou_prep_policy(struct io_uring_sqe *sqe, __u32 slot, __u64 arg, __u32 len,
				   __u64 cookie)
{
	iou_prep(sqe, IORING_OP_SPAWN_BPF, 0, arg, len, slot);
	sqe->addr3 = cookie;
}

/** TASK. The parameters are the columns of enum io_uring_task_attr. */
static inline void iou_prep_task(struct io_uring_sqe *sqe, __u32 attr, __s32 fd, __u64 addr,
				 __u32 len, __u32 flags, __u64 addr3)
{
	iou_prep(sqe, IORING_OP_TASK, fd, addr, len, attr);
	sqe->rw_flags = flags;
	sqe->addr3 = addr3;
}

/*
 * One for each attribute. Paths, masks of processors and the like are addresses; sets of signals,
 * ids and limits are values.
 */
static inline void iou_prep_task_dup(struct io_uring_sqe *sqe, __s32 old_fd, __s32 new_fd,
				     __u32 o_cloexec)
{
	iou_prep_task(sqe, IORING_TASK_DUP, old_fd, 0, new_fd, o_cloexec, 0);
}

/** @p target: the number the descriptor gets. */
static inline void iou_prep_task_open(struct io_uring_sqe *sqe, __s32 dfd, __u64 path,
				      __u32 o_flags, __u32 mode, __u32 target)
{
	iou_prep_task(sqe, IORING_TASK_OPEN, dfd, path, mode, o_flags, target);
}

static inline void iou_prep_task_close_range(struct io_uring_sqe *sqe, __u32 first, __u32 last,
					     __u32 flags)
{
	iou_prep_task(sqe, IORING_TASK_CLOSE_RANGE, first, 0, last, flags, 0);
}

/** @p path 0: fchdir(@p dfd). */
static inline void iou_prep_task_chdir(struct io_uring_sqe *sqe, __s32 dfd, __u64 path)
{
	iou_prep_task(sqe, IORING_TASK_CHDIR, dfd, path, 0, 0, 0);
}

static inline void iou_prep_task_chroot(struct io_uring_sqe *sqe, __s32 dfd, __u64 path)
{
	iou_prep_task(sqe, IORING_TASK_CHROOT, dfd, path, 0, 0, 0);
}

static inline void iou_prep_task_umask(struct io_uring_sqe *sqe, __u32 mask)
{
	iou_prep_task(sqe, IORING_TASK_UMASK, 0, 0, mask, 0, 0);
}

/** @p how: SIG_BLOCK, SIG_UNBLOCK or SIG_SETMASK. In @p set bit n is signal n + 1. */
static inline void iou_prep_task_sigmask(struct io_uring_sqe *sqe, __u32 how, __u64 set)
{
	iou_prep_task(sqe, IORING_TASK_SIGMASK, 0, set, how, 0, 0);
}

static inline void iou_prep_task_sigdefault(struct io_uring_sqe *sqe, __u64 set)
{
	iou_prep_task(sqe, IORING_TASK_SIGDEFAULT, 0, set, 0, 0, 0);
}

static inline void iou_prep_task_setsid(struct io_uring_sqe *sqe)
{
	iou_prep_task(sqe, IORING_TASK_SETSID, 0, 0, 0, 0, 0);
}

static inline void iou_prep_task_setpgid(struct io_uring_sqe *sqe, __s32 pgid)
{
	iou_prep_task(sqe, IORING_TASK_SETPGID, 0, 0, pgid, 0, 0);
}

static inline void iou_prep_task_ctty(struct io_uring_sqe *sqe, __s32 tty)
{
	iou_prep_task(sqe, IORING_TASK_CTTY, tty, 0, 0, 0, 0);
}

static inline void iou_prep_task_tcsetpgrp(struct io_uring_sqe *sqe, __s32 tty, __s32 pgrp)
{
	iou_prep_task(sqe, IORING_TASK_TCSETPGRP, tty, 0, pgrp, 0, 0);
}

/** @p attr: a struct sched_attr of @p size bytes. */
static inline void iou_prep_task_sched(struct io_uring_sqe *sqe, __u64 attr, __u32 size,
				       __u32 flags)
{
	iou_prep_task(sqe, IORING_TASK_SCHED, 0, attr, size, flags, 0);
}

static inline void iou_prep_task_nice(struct io_uring_sqe *sqe, __s32 increment)
{
	iou_prep_task(sqe, IORING_TASK_NICE, 0, 0, increment, 0, 0);
}

static inline void iou_prep_task_affinity(struct io_uring_sqe *sqe, __u64 mask, __u32 bytes)
{
	iou_prep_task(sqe, IORING_TASK_AFFINITY, 0, mask, bytes, 0, 0);
}

static inline void iou_prep_task_ioprio(struct io_uring_sqe *sqe, __u32 ioprio)
{
	iou_prep_task(sqe, IORING_TASK_IOPRIO, 0, 0, ioprio, 0, 0);
}

static inline void iou_prep_task_rlimit(struct io_uring_sqe *sqe, __u32 resource, __u64 soft,
					__u64 hard)
{
	iou_prep_task(sqe, IORING_TASK_RLIMIT, 0, soft, resource, 0, hard);
}

/** @p gids: an array of @p count gid_t. */
static inline void iou_prep_task_groups(struct io_uring_sqe *sqe, __u64 gids, __u32 count)
{
	iou_prep_task(sqe, IORING_TASK_GROUPS, 0, gids, count, 0, 0);
}

static inline void iou_prep_task_gid(struct io_uring_sqe *sqe, __u32 rgid, __u32 egid, __u32 sgid)
{
	iou_prep_task(sqe, IORING_TASK_GID, 0, rgid | (__u64)egid << 32, 0, 0, sgid);
}

static inline void iou_prep_task_uid(struct io_uring_sqe *sqe, __u32 ruid, __u32 euid, __u32 suid)
{
	iou_prep_task(sqe, IORING_TASK_UID, 0, ruid | (__u64)euid << 32, 0, 0, suid);
}

static inline void iou_prep_task_resetids(struct io_uring_sqe *sqe)
{
	iou_prep_task(sqe, IORING_TASK_RESETIDS, 0, 0, 0, 0, 0);
}

static inline void iou_prep_task_prctl(struct io_uring_sqe *sqe, __u32 option, __u64 arg2,
				       __u64 arg3)
{
	iou_prep_task(sqe, IORING_TASK_PRCTL, 0, arg2, option, 0, arg3);
}

/* ---- Application only ---------------------------------------------------------------------*/

#ifndef __VMLINUX_H__
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/**
 * io_uring_spawn_query() - does this kernel have what this header describes?
 * @param ring_fd	descriptor of any ring, or -1
 * @param q		out: the answer, zero if there was none
 *
 * @return 0; -EOPNOTSUPP the kernel has no io_uring spawn; -EPROTO it has one of another version
 *	   or with other opcodes, as @p q says; else io_uring_register(2)'s error, -EACCES for
 *	   instance on a restricted ring.
 */
static inline int io_uring_spawn_query(int ring_fd, struct io_uring_query_spawn *q)
{
	struct io_uring_query_hdr hdr;

	memset(q, 0, sizeof(*q));
	memset(&hdr, 0, sizeof(hdr));
	hdr.query_data = (__u64)(unsigned long)q;
	hdr.query_op = IO_URING_QUERY_SPAWN;
	hdr.size = sizeof(*q);
	if (syscall(__NR_io_uring_register, ring_fd, IORING_REGISTER_QUERY, &hdr, 0) < 0)
		return errno == EINVAL ? -EOPNOTSUPP : -errno;
	if (hdr.result < 0)
		return hdr.result;
	if (q->abi != IORING_SPAWN_ABI || q->op_clone != IORING_OP_CLONE ||
	    q->op_exec != IORING_OP_EXEC || q->op_task != IORING_OP_TASK ||
	    q->op_spawn_bpf != IORING_OP_SPAWN_BPF)
		return -EPROTO;
	return 0;
}

/*
 * The RFC's helpers under its names and signatures. As liburing's do, they leave user_data
 * alone. They are macros over functions of another name: a liburing of the future may have
 * functions of these names, for mainline's opcodes, and ours take their place.
 */
/** CLONE of the links behind it: give the SQE IOSQE_IO_LINK or IOSQE_IO_HARDLINK. */
#define io_uring_prep_clone(sqe)			spawn_bpf_prep_clone(sqe)
/** EXEC as execve(2). */
#define io_uring_prep_exec(sqe, path, argv, envp)	spawn_bpf_prep_exec(sqe, path, argv, envp)
/** EXEC as execveat(2). */
#define io_uring_prep_execveat(sqe, dfd, path, argv, envp, flags) \
	spawn_bpf_prep_execveat(sqe, dfd, path, argv, envp, flags)

static inline void spawn_bpf_prep_clone(struct io_uring_sqe *sqe)
{
	__u64 user_data = sqe->user_data;

	iou_prep_clone(sqe, 0, 0, 0);
	sqe->user_data = user_data;
}

static inline void spawn_bpf_prep_execveat(struct io_uring_sqe *sqe, int dfd, const char *path,
					   char *const argv[], char *const envp[], int flags)
{
	__u64 user_data = sqe->user_data;

	iou_prep_exec(sqe, dfd, (__u64)(unsigned long)path, (__u64)(unsigned long)argv,
		      (__u64)(unsigned long)envp, flags, 0);
	sqe->user_data = user_data;
}

static inline void spawn_bpf_prep_exec(struct io_uring_sqe *sqe, const char *path,
				       char *const argv[], char *const envp[])
{
	spawn_bpf_prep_execveat(sqe, AT_FDCWD, path, argv, envp, 0);
}
#endif /* __VMLINUX_H__ */
#endif /* SPAWN_BPF_H */
