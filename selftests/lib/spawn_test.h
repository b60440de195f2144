/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the tests share: rings, chains, completions, processes. None of it knows the test harness.
 */
#ifndef SPAWN_TEST_H
#define SPAWN_TEST_H

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "spawn_bpf.h"

#define U64(p)			((__u64)(uintptr_t)(p))
#define RING_DEFER		(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN)
#define WAIT_MS			20000	/* longer than anything takes on the debug kernel */
#define QUIET_MS		30	/* how long "nothing more comes" is watched */

/* 6.12 has them, liburing 2.3 does not. */
#define NOP_INJECT_RESULT	(1U << 0)
enum {
	OP_READ_MULTISHOT = 49,
	OP_WAITID,
	OP_FUTEX_WAIT,
	OP_FUTEX_WAKE,
	OP_FUTEX_WAITV,
	OP_FIXED_FD_INSTALL,
	OP_FTRUNCATE,
	OP_BIND,
	OP_LISTEN,
};
#define FUTEX2_U32_PRIVATE	(0x02 | 0x80)

/* ring.c */
int ring_init(struct io_uring *ring, unsigned int flags);
int ring_init_sized(struct io_uring *ring, unsigned int flags, unsigned int sq, unsigned int cq);
int ring_init_small(struct io_uring *ring, unsigned int flags);
int ring_move(struct io_uring *ring, int fd);
struct io_uring_sqe *get_sqe(struct io_uring *ring) __attribute__((returns_nonnull));
int submit_all(struct io_uring *ring);
int next_cqe_ms(struct io_uring *ring, struct io_uring_cqe *cqe, unsigned int ms);
int next_cqe(struct io_uring *ring, struct io_uring_cqe *cqe);
bool no_more_cqes(struct io_uring *ring);

/*
 * chain.c: one CLONE and its chain, handed over in link form or as an array. Chain SQEs get their
 * place as user_data, CLONE gets UD_CLONE; base is added to all of them, to tell spawns apart.
 */
#define CHAIN_MAX		IORING_SPAWN_MAX_SQES
#define UD_CLONE		0xc10e
#define STEP_NONE		IORING_SPAWN_STEP_NONE

struct chain {
	bool				array;
	unsigned int			nr;		/* chain and templates */
	unsigned int			nr_submit;	/* 0: all of them */
	__u64				base;
	struct io_uring_sqe		clone;
	struct io_uring_clone_args	args;
	struct io_uring_sqe		sqe[CHAIN_MAX];
};

struct outcome {
	int		res;
	unsigned int	step;
};

void chain_init(struct chain *c, bool array, __u32 clone_flags);
struct io_uring_sqe *chain_add(struct chain *c);
struct io_uring_sqe *chain_nop(struct chain *c, int res);
struct io_uring_sqe *chain_exec(struct chain *c, const char *path, char *const argv[]);
struct io_uring_sqe *chain_read(struct chain *c, int fd, void *buf, unsigned int len);
struct io_uring_sqe *chain_write(struct chain *c, int fd, const void *buf, unsigned int len);
struct io_uring_sqe *chain_policy(struct chain *c, __u32 slot, void *arg, __u32 len);
void policy_chain(struct chain *c, void *arg, __u32 len);
void chain_link(struct chain *c, __u8 flag);
unsigned int chain_queue(struct io_uring *ring, struct chain *c);
int chain_submit(struct io_uring *ring, struct chain *c);
struct outcome chain_outcome(struct io_uring *ring, struct chain *c);

/* proc.c */
unsigned long now_ms(void);
int target(char *path, size_t size, const char *name);
int wait_exit(pid_t pid);
int wait_gone(pid_t pid);
char task_state(pid_t pid);
int wait_state(pid_t pid, char state);
int nr_threads(pid_t pid);
int nr_descriptors(void);
bool has_child(void);
bool no_child_left(void);
long read_number(const char *path, const char *format);
long nr_tasks(void);
long nr_open_files(void);
long meminfo_kb(const char *field);
long slab_objects(const char *cache);
unsigned int rounds(unsigned int n);
bool debug_kernel(void);
int write_file(const char *path, const char *text);
int copy_file(const char *from, const char *to, mode_t mode);
bool all_children_gone(void);
/* One of them that is not the caller, 0 if there is none. */
pid_t child_of(pid_t parent);

/*
 * What the system has in use, and whether it comes back to that, give or take what it does on its
 * own.
 */
struct usage {
	long	tasks, files;
};
struct usage usage_now(void);
bool usage_settles(const struct usage *before);

#endif
