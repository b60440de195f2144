/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef CMD_H
#define CMD_H

#include <linux/io_uring.h>
#include <stdbool.h>
#include "libspawn_bpf.h"
#include "spawn_bpf.h"
#include "cmd_sched.h"

#define U64(p)		((__u64)(uintptr_t)(p))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define CMD_SQES	24	/* without an allocation of their own */
#define CMD_FDS		8
#define CMD_PATHS	2048

/*
 * The chain is always ready to be handed over: first the steps, all linked, then one EXEC for each
 * place where the program may be. With a policy SPAWN_BPF lies between, and the EXECs are
 * templates.
 */
struct spawn_bpf_cmd {
	struct io_uring_sqe		*sqe;
	unsigned int			nr_steps, nr_sqes, room;
	unsigned int			nr_execs;
	unsigned int			nr_credentials;		/* steps that change ids */
	struct io_uring_clone_fd	*fds;
	unsigned int			nr_fds, fds_room;
	__u64				clone_flags;
	__u32				spawn_flags;		/* IORING_CLONE_* */
	int				cgroup;
	bool				has_policy;
	bool				needs_ring;	/* one of the caller's: policy, fixed files */
	int				error;		/* of the first step that was refused */
	int				refused;	/* the step, or SPAWN_BPF_STEP_CLONE */
	char				*paths;			/* of a search */
	struct cmd_sched		*scheds;
	struct io_uring_clone_args	args;			/* of cmd_prep() */
	struct io_uring_sqe		first_sqes[CMD_SQES];
	struct io_uring_clone_fd	first_fds[CMD_FDS];
	char				first_paths[CMD_PATHS];
	struct cmd_sched		first_sched;
};

/* For a command on a stack: new and free without the malloc. */
int cmd_init(struct spawn_bpf_cmd *cmd, const char *file, char *const argv[], char *const envp[],
	     const char *search_path);
void cmd_fini(struct spawn_bpf_cmd *cmd);

void cmd_free_scheds(struct spawn_bpf_cmd *cmd);
/* Before every spawn: SCHED steps keep the nice value that is there when they are reached. */
void cmd_settle_scheds(const struct spawn_bpf_cmd *cmd);

/*
 * Nothing is spawned without what was asked for: these remember the first @err, and give it back.
 * Of a step, or of what is so from birth.
 */
int cmd_refuse_step(struct spawn_bpf_cmd *cmd, int err);
int cmd_refuse(struct spawn_bpf_cmd *cmd, int err);

/* Room for one more step: its SQE, which the caller fills in, or NULL with *err. */
struct io_uring_sqe *cmd_add_step(struct spawn_bpf_cmd *cmd, int *err);

/* The directories execvp(3) searches, if there is no PATH in @path. */
const char *cmd_search_path(const char *path);

/* The whole CLONE. @args must stay until it is submitted, *@pidfd, if any, until its CQE comes. */
void cmd_prep(const struct spawn_bpf_cmd *cmd, struct io_uring_clone_args *args,
	      struct io_uring_sqe *sqe, int *pidfd);

/*
 * Spawns the command through the ring of this thread, for which thread_ring_get() has said 0.
 * 0: *res has the outcome. Else why io_uring is not for us here, and nothing was started.
 */
int cmd_spawn_io_uring(const struct spawn_bpf_cmd *cmd, struct spawn_bpf_result *res, bool pidfd);

/*
 * What an outcome says: pid > 0 or -errno, and the SQE of the chain it belongs to. Closes the pidfd
 * of a process that is no more; with -EIO nobody knows.
 */
int cmd_result(const struct spawn_bpf_cmd *cmd, struct spawn_bpf_result *res, int outcome,
	       unsigned int sqe);
bool cmd_is_refused(const struct spawn_bpf_result *res);

#endif
