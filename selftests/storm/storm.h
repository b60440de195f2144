/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A storm is a number of rounds, each drawn from the seed and its own number alone. In a round a
 * submitter, a process, has one ring in each of some lanes, its threads, puts random chains on
 * them, disturbs them, and comes to one of several ends. What was drawn is the plan: it is made
 * before the submitter is forked, so that its parent can judge what is left of a round whose
 * submitter was killed.
 */
#ifndef SPAWN_STORM_H
#define SPAWN_STORM_H

#include <stddef.h>
#include <sys/un.h>
#include "dice.h"
#include "scripted.h"
#include "spawn_test.h"
#include "targets/witness.h"

#define LANES		3
#define CHAINS		16	/* of a lane */
#define SQES		16	/* of a chain */
#define SLOTS		24	/* with templates */
#define SCRIPT_LEN	24
#define RING_FD		100	/* of the first lane, where the policies are attached */
#define MARKS_FD	50
#define PROGRAM_FD	52	/* an open program */
#define BUSY_FD		53	/* one that is open for writing */
#define SCENE_DIR	"/tmp/storm"
#define POLICY_SUBMIT	6	/* chain of a spawn with a policy; the slots behind are templates */
#define TEMPLATES	(SLOTS - POLICY_SUBMIT)
#define EMPTY_SLOT	2	/* of the ring: no policy there */

/* Opcodes that liburing 2.3 does not know. */
#define STORM_FUTEX_WAKE	52
#define STORM_FIXED_FD_INSTALL	54
#define STORM_FTRUNCATE		55

/* low half of a user_data besides the places in a chain and UD_CLONE */
#define UD_TAIL		0xc10f	/* the SQE linked behind CLONE */
/* whole user_data of what belongs to no chain */
#define UD_OTHER	0x07e5
#define UD_POSTED	0x9057	/* by a policy */

/* Descriptors of a lane; a chain has copies of them. */
enum lane_fd {
	EMPTY_R, EMPTY_W,	/* a pipe that is written to now and then */
	OUT_R, OUT_W,		/* another one, to splice into */
	SOCK_A, SOCK_B,
	LISTENER, EPOLL, SCRATCH,
	OTHER_RING,		/* MSG_RING goes there */
	NR_LANE_FDS,
};
#define LANE_FD(lane, which)	((int)(60 + (lane) * NR_LANE_FDS + (which)))

enum end {
	ORDERLY,	/* everything is waited for and judged */
	CLOSES,		/* its rings, with whatever is on them */
	EXITS,
	EXECS,
	KILLED,		/* by its parent, at any time */
	NR_ENDS,
};

enum disturbance {
	NOTHING, NAP, WAKE_PIPE, WAKE_FUTEX, KILL, STOP, CONT, CANCEL, CANCEL_ANY, DRAIN_NOP, TAKE,
	NR_DISTURBANCES,
};

struct action {
	enum disturbance	what;
	unsigned int		a, b;
};

/* What the kernel has: features are drawn only if they are there. */
struct offer {
	__u64	clone_flags, task_attrs;
	__u32	spawn_flags;
};

struct spawn_plan {
	struct chain		chain;
	/* from here on cleared for every spawn */
	int			refused;	/* CLONE itself fails with this */
	bool			tail;		/* LINK_TIMEOUT, linked behind CLONE */
	bool			has_policy;
	bool			unsure;		/* a program may not get at its descriptor */
	bool			new_pid_ns;
	bool			batched;	/* submitted together with the next one */
	int			pidfd;
	__u64			region[64];	/* of a policy */
	struct io_uring_clone_fd fds[4];
	char			text[SLOTS][16];
	char			*argv[SLOTS][3];
	struct action		after;
};

struct lane_plan {
	unsigned int		ring_flags, cq_entries;
	bool			registered_ring;
	unsigned int		nr;
	struct spawn_plan	spawn[CHAINS];
	unsigned int		linger_us;
};

struct plan {
	__u64			seed;
	unsigned int		round;
	enum end		end;
	unsigned int		kill_us;
	/*
	 * With IOSQE_IO_DRAIN, and then nothing is refused: what fails to be prepared completes at
	 * once, on every ring of 6.12, and the drain in front of it counts it and waits for ever.
	 */
	bool			drains;
	bool			policies;	/* attached in slots 0 and 1 of the first ring */
	unsigned int		nr_lanes, nr_chains;
	struct lane_plan	lane[LANES];
	struct script_op	script[SCRIPT_LEN];
};

/* What there is besides the plans, made once. */
struct scene {
	char		witness[256], quick[256];
	struct offer	offer;
	/* shared with programs and with who judges: one of each per SQE */
	__u8		*marks;
	__s32		*pids;
};
extern struct scene scene;

/* What has happened to a spawn, as its lane saw it. */
struct seen {
	pid_t		pid;
	bool		cloned, over;		/* has CLONE's first CQE, its last one */
	int		outcome;
	unsigned int	step;
	unsigned int	nr_tail;
	__u8		nr[SLOTS];		/* CQEs of the chain */
	int		res[SLOTS];
	bool		killed, cancelled;	/* by us, maybe */
};

/* Counted over all workers, to show that the storm was one. */
struct tally {
	unsigned long	rounds, chains, ends[NR_ENDS];
	unsigned long	programs, marks;		/* whatever became of the submitter */
	unsigned long	broken;
	unsigned long	judged, succeeded, finished, failed, killed, cancelled, refused;
};

static inline __u64 base_of(unsigned int i)
{
	return (__u64)(i + 1) << 32;
}

static inline unsigned int slot_of(unsigned int lane, unsigned int i, unsigned int k)
{
	return (lane * CHAINS + i) * SLOTS + k;
}
#define NR_SLOTS	(LANES * CHAINS * SLOTS)

/* scene.c */
int scene_make(void);
int scene_open(void);
int scene_lane(unsigned int lane);
extern __u32 storm_futex[LANES][4];
extern struct sockaddr_un storm_address[LANES];

/* plan.c, chain.c, op.c, exec.c, script.c: what is drawn */
void plan_draw(struct plan *p, __u64 seed, unsigned int round);
void draw_spawn(struct dice *d, struct plan *p, unsigned int lane, unsigned int i);
void draw_op(struct dice *d, struct plan *p, unsigned int lane, unsigned int i, unsigned int k);
void draw_exec(struct dice *d, struct spawn_plan *s, unsigned int lane, unsigned int i,
	       unsigned int k);
void draw_script(struct dice *d, struct plan *p);
void draw_raws(struct script *script, const struct plan *p);
void draw_attr(struct dice *d, struct io_uring_sqe *sqe);
unsigned int draw_weighted(struct dice *d, const unsigned char *weights, unsigned int nr);

/* lane.c: one ring and what happens on it */
struct lane {
	struct plan		*p;
	unsigned int		idx, nr_submitted;
	struct io_uring		ring;
	bool			ring_open, broken;
	struct seen		seen[CHAINS];
};
bool lane_open(struct lane *l, struct script *script);
bool lane_submit(struct lane *l);
bool lane_drain(struct lane *l);
bool lane_sweep(struct lane *l);

/* cqe.c: takes completions, each of which must be one that may come now */
bool take_cqes(struct lane *l);
bool spawn_complete(const struct lane *l, unsigned int i);

/* disturb.c */
void disturb(struct lane *l, const struct action *a);
void wake_all(struct lane *l);
void end_spawn(struct lane *l, unsigned int i);

/* submitter.c: a process, its threads, its end */
void run_submitter(struct plan *p, struct script *script) __attribute__((noreturn));

/* judge.c: false after having said what is wrong */
bool judge_spawn(const struct plan *p, unsigned int lane, unsigned int i, const struct seen *s);
bool judge_remains(const struct plan *p);

/* tell.c: for whoever has to find out */
void tell_tasks(void);
void tell_spawn(const struct plan *p, unsigned int lane, unsigned int i, const struct seen *s);
bool complain(const struct plan *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* round.c */
bool run_round(struct plan *p, struct script *script);
bool children_end(void);

extern struct tally *tally;
#define COUNT(what)	__atomic_fetch_add(&tally->what, 1, __ATOMIC_RELAXED)

#endif
