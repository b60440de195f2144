/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/**
 * @file libspawn_bpf.h
 * @brief Start programs through io_uring, and by ordinary means where that is not there.
 *
 * A command says what to run and, step by step, what to set up before: descriptors, directories,
 * ids, limits, session, terminal, scheduling, namespaces. It is made once and spawned as often as
 * wanted, synchronously, or on a ring. The new process sees the steps in the order in which they
 * were added.
 *
 *	struct spawn_bpf_cmd *cmd = spawn_bpf_cmd__new("/usr/bin/sort", argv, environ, NULL);
 *	LIBSPAWN_BPF_RESULT(res);
 *
 *	spawn_bpf_cmd__open(cmd, 0, "names", O_RDONLY, 0);
 *	spawn_bpf_cmd__rlimit(cmd, RLIMIT_CPU, &(struct rlimit){ 10, 10 });
 *	if (spawn_bpf_cmd__spawn(cmd, &res, NULL))
 *		fprintf(stderr, "step %d: %s\n", res.step, strerror(-res.error));
 *	spawn_bpf_cmd__free(cmd);
 *
 * Functions return 0 or more, or a negative errno; -EINVAL for a command, queue or result that is
 * NULL. A command belongs to one thread at a time; different commands may be used by different
 * threads at once. Only spawn_bpf_cmd__spawn() may be called by signal handlers and in the child of
 * a vfork(2); a handler that interrupts it may not leave by siglongjmp(3). C and C++.
 */
#ifndef LIBSPAWN_BPF_H
#define LIBSPAWN_BPF_H

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define LIBSPAWN_BPF_MAJOR_VERSION	0
#define LIBSPAWN_BPF_MINOR_VERSION	1

struct io_uring_sqe;
struct io_uring_cqe;
struct sched_attr;
struct spawn_bpf_cmd;
struct spawn_bpf_queue;

/* ---- Commands ----------------------------------------------------------------------------- */

/**
 * Search @p file in the PATH of now, as execvp(3) does but for scripts without "#!": those are
 * -ENOEXEC.
 */
#define SPAWN_BPF_SEARCH	(1U << 0)
/** The process has no descriptors but those of spawn_bpf_cmd__fd(). */
#define SPAWN_BPF_NO_FILES	(1U << 1)
/** execveat(2) with @p dirfd, a descriptor of the process, and @p at_flags. Not with SEARCH. */
#define SPAWN_BPF_AT		(1U << 2)

struct spawn_bpf_cmd_opts {
	size_t		sz;		/**< sizeof this struct */
	uint32_t	flags;		/**< SPAWN_BPF_SEARCH, SPAWN_BPF_NO_FILES, SPAWN_BPF_AT */
	const char	*path;		/**< with SEARCH: instead of the caller's PATH; is copied */
	int		dirfd;		/**< with AT: a directory, or with AT_EMPTY_PATH the program */
	uint32_t	at_flags;	/**< with AT: AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW */
};

/**
 * spawn_bpf_cmd__new() - a command without steps
 * @param file	what to execute
 * @param argv, envp	as for execve(2)
 * @param opts	or NULL
 *
 * The strings are not copied: they must stay until the command is freed or was spawned for the last
 * time.
 * @return NULL with errno: ENOMEM; EINVAL opts of a later version, SEARCH with AT; with SEARCH
 *	   ENOENT, ENAMETOOLONG for a file that no directory can have, E2BIG for more directories
 *	   than a chain can try
 */
struct spawn_bpf_cmd *spawn_bpf_cmd__new(const char *file, char *const argv[], char *const envp[],
					 const struct spawn_bpf_cmd_opts *opts);
void spawn_bpf_cmd__free(struct spawn_bpf_cmd *cmd);

/*
 * Steps. Each has the semantics and errors of the call it is named after, made by the new process:
 * a wrong number is an error of the spawn.
 * @return the number of the step, 0 for the first; -E2BIG too many; -ENOMEM; -EINVAL a NULL
 *	   pointer, or something that no step can say
 * One that is refused is remembered: the command cannot be spawned any more, and spawning says why.
 */
int spawn_bpf_cmd__dup2(struct spawn_bpf_cmd *cmd, int fd, int target);
/** open(2) straight onto @p target, in place of what that is. @p path is not copied. */
int spawn_bpf_cmd__open(struct spawn_bpf_cmd *cmd, int target, const char *path, int oflag,
			mode_t mode);
int spawn_bpf_cmd__openat(struct spawn_bpf_cmd *cmd, int target, int dirfd, const char *path,
			  int oflag, mode_t mode);
/** close(2) that does not mind EBADF. */
int spawn_bpf_cmd__close(struct spawn_bpf_cmd *cmd, int fd);
int spawn_bpf_cmd__close_range(struct spawn_bpf_cmd *cmd, unsigned int first, unsigned int last,
			       int flags);
/** @p path is not copied, as in the next but one. */
int spawn_bpf_cmd__chdir(struct spawn_bpf_cmd *cmd, const char *path);
int spawn_bpf_cmd__fchdir(struct spawn_bpf_cmd *cmd, int fd);
int spawn_bpf_cmd__chroot(struct spawn_bpf_cmd *cmd, const char *path);
int spawn_bpf_cmd__umask(struct spawn_bpf_cmd *cmd, mode_t mask);
/** sigprocmask(2) of the mask the program starts with; without it that is the caller's. */
int spawn_bpf_cmd__sigmask(struct spawn_bpf_cmd *cmd, int how, const sigset_t *set);
/** Signals that are ignored no more. Caught ones are never inherited. */
int spawn_bpf_cmd__sigdefault(struct spawn_bpf_cmd *cmd, const sigset_t *set);
int spawn_bpf_cmd__setsid(struct spawn_bpf_cmd *cmd);
int spawn_bpf_cmd__setpgid(struct spawn_bpf_cmd *cmd, pid_t pgid);
/** Makes @p tty the controlling terminal. */
int spawn_bpf_cmd__ctty(struct spawn_bpf_cmd *cmd, int tty);
/** @p pgrp 0: the process's own. */
int spawn_bpf_cmd__tcsetpgrp(struct spawn_bpf_cmd *cmd, int tty, pid_t pgrp);
/** sched_setscheduler(2), or with @p policy -1 sched_setparam(2). */
int spawn_bpf_cmd__sched(struct spawn_bpf_cmd *cmd, int policy, int priority);
/** sched_setattr(2). @p attr, of @p size bytes, is not copied. */
int spawn_bpf_cmd__sched_attr(struct spawn_bpf_cmd *cmd, const struct sched_attr *attr,
			      size_t size);
int spawn_bpf_cmd__nice(struct spawn_bpf_cmd *cmd, int increment);
/** The set is not copied. */
int spawn_bpf_cmd__affinity(struct spawn_bpf_cmd *cmd, size_t size, const cpu_set_t *set);
int spawn_bpf_cmd__ioprio(struct spawn_bpf_cmd *cmd, int ioprio);
int spawn_bpf_cmd__rlimit(struct spawn_bpf_cmd *cmd, int resource, const struct rlimit *limit);
/** The array is not copied. */
int spawn_bpf_cmd__groups(struct spawn_bpf_cmd *cmd, size_t count, const gid_t *groups);
int spawn_bpf_cmd__gid(struct spawn_bpf_cmd *cmd, gid_t rgid, gid_t egid, gid_t sgid);
int spawn_bpf_cmd__uid(struct spawn_bpf_cmd *cmd, uid_t ruid, uid_t euid, uid_t suid);
/** The effective ids become the real ones. */
int spawn_bpf_cmd__resetids(struct spawn_bpf_cmd *cmd);
/** PR_SET_NO_NEW_PRIVS, PDEATHSIG, KEEPCAPS, SECUREBITS, CHILD_SUBREAPER, TIMERSLACK. */
int spawn_bpf_cmd__prctl(struct spawn_bpf_cmd *cmd, int option, unsigned long arg2,
			 unsigned long arg3);

/*
 * What is so from birth, before all steps.
 * @return 0; -E2BIG too many; -ENOMEM; -EINVAL; -EEXIST a target twice
 */
/** The caller's @p fd is @p target. All are looked up before one is set: 0 and 1 can be swapped. */
int spawn_bpf_cmd__fd(struct spawn_bpf_cmd *cmd, int fd, int target);
/**
 * What is registered as @p index with the caller's ring, see spawn_bpf_cmd__prep(), is @p target.
 * Nothing else can spawn such a command.
 */
int spawn_bpf_cmd__fixed_fd(struct spawn_bpf_cmd *cmd, unsigned int index, int target);
/** A descriptor of the directory of a cgroup, version 2. */
int spawn_bpf_cmd__cgroup(struct spawn_bpf_cmd *cmd, int fd);
/** @p flags: CLONE_NEW*. */
int spawn_bpf_cmd__namespaces(struct spawn_bpf_cmd *cmd, uint64_t flags);
/**
 * What comes behind the steps is up to the policy in @p slot of the caller's ring, see
 * spawn_bpf_cmd__prep(): it finds one EXEC for each place where the program may be as a template.
 * Nothing else can spawn such a command. The region is not copied.
 */
int spawn_bpf_cmd__policy(struct spawn_bpf_cmd *cmd, unsigned int slot, void *arg, size_t len);

/* ---- Results ------------------------------------------------------------------------------ */

enum spawn_bpf_backend {
	SPAWN_BPF_BACKEND_NONE,		/**< nothing was tried */
	SPAWN_BPF_BACKEND_IO_URING,
	SPAWN_BPF_BACKEND_CLONE,	/**< clone(2) with CLONE_VM and CLONE_VFORK */
};

#define SPAWN_BPF_STEP_EXEC	(-1)	/**< the program could not be executed; or a policy */
#define SPAWN_BPF_STEP_CLONE	(-2)	/**< no process could be made, or it was killed */

struct spawn_bpf_result {
	size_t		sz;		/**< sizeof this struct */
	int		error;		/**< 0 or the negative errno */
	int		step;		/**< that failed or was refused, or SPAWN_BPF_STEP_* */
	pid_t		pid;		/**< 0 if error */
	int		pidfd;		/**< with SPAWN_BPF_PIDFD, close-on-exec; else -1; see EIO */
	enum spawn_bpf_backend backend;
};

#define LIBSPAWN_BPF_RESULT(name) \
	struct spawn_bpf_result name = { sizeof(struct spawn_bpf_result), 0, 0, 0, -1, \
					 SPAWN_BPF_BACKEND_NONE }

/* ---- Spawning ----------------------------------------------------------------------------- */

#define SPAWN_BPF_PIDFD		(1U << 0) /**< the result has a pidfd */
#define SPAWN_BPF_NO_FALLBACK	(1U << 1) /**< io_uring or nothing */
#define SPAWN_BPF_NO_IO_URING	(1U << 2) /**< clone(2) or nothing */

struct spawn_bpf_spawn_opts {
	size_t		sz;		/**< sizeof this struct */
	uint32_t	flags;
};

/**
 * spawn_bpf_cmd__spawn() - spawn and wait until the program runs, or does not
 *
 * Each thread has a ring of its own for it, made at first use, that is no descriptor of the process
 * and no child's.
 * @return res->error: 0, or that of the step it belongs to. At SPAWN_BPF_STEP_CLONE also -EINTR,
 *	   the process was killed; -EOPNOTSUPP, the command is for a ring of the caller's; -EIO, a
 *	   filter came in its midst, and nobody knows, but a pidfd if there is one; with
 *	   NO_FALLBACK, and backend NONE or IO_URING, what spawn_bpf__probe() says. -EINVAL with res
 *	   as it was: an unknown flag, or a struct of a wrong size.
 */
int spawn_bpf_cmd__spawn(const struct spawn_bpf_cmd *cmd, struct spawn_bpf_result *res,
			 const struct spawn_bpf_spawn_opts *opts);

/**
 * spawn_bpf_cmd__prep() - an SQE of the caller's own ring that spawns the command
 * @param pidfd	NULL, or where its descriptor goes before the CQE comes, -1 until then. It is the
 *		caller's to close, also if the spawn fails.
 *
 * It posts one CQE. The command and all it names must stay until then, and one SQE has to be
 * submitted before the next one of the same command is made. Keeps user_data, sets everything else.
 * Only where spawn_bpf__probe() says 0, and not on rings with SQPOLL or IOPOLL.
 * @return 0; -EINVAL; what a step was refused with: this SQE spawns nothing
 */
int spawn_bpf_cmd__prep(struct spawn_bpf_cmd *cmd, struct io_uring_sqe *sqe, int *pidfd);

/** What the CQE of such an SQE says, but for the pidfd. @return res->error; -EINVAL as above */
int spawn_bpf_cmd__result(const struct spawn_bpf_cmd *cmd, const struct io_uring_cqe *cqe,
			  struct spawn_bpf_result *res);

/**
 * spawn_bpf__probe() - can rings of this thread spawn?
 * @return 0; -EOPNOTSUPP this kernel has no io_uring spawn, or -EPROTO one of another version;
 *	   -EPERM, -ENOSYS ...: a sysctl or a filter denies it
 */
int spawn_bpf__probe(void);

/* ---- Many at a time ----------------------------------------------------------------------- */

struct spawn_bpf_queue_opts {
	size_t		sz;		/**< sizeof this struct */
	uint32_t	flags;		/**< those of spawn_bpf_spawn_opts, for all spawns */
};

/**
 * spawn_bpf_queue__new() - a ring of the library's for up to @p depth spawns under way
 *
 * The ring is no descriptor, like those of spawn_bpf_cmd__spawn(). A queue is for the thread that
 * has made it: to others, and to the child of a fork(2), all its functions but free are -ENXIO.
 * Spawns that are under way end with that thread. Where io_uring cannot spawn, and for the 16th
 * queue of a thread, submit spawns one after the other by clone(2).
 * @return NULL with errno: EINVAL a depth of 0 or more than 32768; ENOMEM; with NO_FALLBACK what
 *	   spawn_bpf__probe() says, EBUSY too many of this thread
 */
struct spawn_bpf_queue *spawn_bpf_queue__new(unsigned int depth,
					     const struct spawn_bpf_queue_opts *opts);
/**
 * Waits for what is under way, see spawn_bpf_queue__cancel(); what was not submitted is not
 * started, and pidfds that were not taken are closed. In another thread, or in the child of a
 * fork(2), does not wait. NULL is nothing.
 */
void spawn_bpf_queue__free(struct spawn_bpf_queue *queue);

/**
 * Readable when a result can be taken; for poll(2) and epoll(7) only. Made by the first call,
 * close-on-exec, and the queue's to close: a loop that closes all descriptors must leave it out.
 * @return the descriptor; -EMFILE, -ENFILE, -ENOMEM
 */
int spawn_bpf_queue__fd(struct spawn_bpf_queue *queue);

/**
 * spawn_bpf_queue__add() - one more spawn, which starts with the next submit
 *
 * The command and all it names must stay as they are until its result is taken. It may be added
 * several times.
 * @return 0; -EAGAIN depth spawns are under way: take results first; -EOPNOTSUPP it is for a ring
 *	   of the caller's; what a step was refused with
 */
int spawn_bpf_queue__add(struct spawn_bpf_queue *queue, struct spawn_bpf_cmd *cmd, void *data);

/**
 * Starts what was added, in one system call. By clone(2) it returns when the last of these programs
 * runs: commands that wait for each other never do. @return how many, or a negative errno
 */
int spawn_bpf_queue__submit(struct spawn_bpf_queue *queue);

/**
 * spawn_bpf_queue__cancel() - end all that is not a program yet
 *
 * The results of such spawns, to be taken as any others, are -ECANCELED. @return 0 or a negative
 * errno
 */
int spawn_bpf_queue__cancel(struct spawn_bpf_queue *queue);

/**
 * spawn_bpf_queue__wait() - the next result, in the order in which they come
 * @param timeout_ms	0: only one that is there; negative: for ever
 * @param res		out
 * @param data		NULL, or out: what was given to spawn_bpf_queue__add()
 *
 * Submits first.
 * @return 0: *res is the result, see its error; -EAGAIN there is none in time; -ECHILD nothing is
 *	   under way; -EINTR a signal handler ran; -EINVAL a struct of a wrong size
 */
int spawn_bpf_queue__wait(struct spawn_bpf_queue *queue, int timeout_ms,
			  struct spawn_bpf_result *res, void **data);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif /* LIBSPAWN_BPF_H */
