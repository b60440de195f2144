// SPDX-License-Identifier: GPL-2.0 OR MIT
/* When all is over: do outcome, completions and what is left of the chain tell the same story? */
#include <errno.h>
#include "storm.h"

#define LINKED	(IOSQE_IO_LINK | IOSQE_IO_HARDLINK)

struct story {
	const struct plan	*p;
	const struct spawn_plan	*sp;
	const struct chain	*c;
	const struct seen	*s;
	unsigned int		lane, i;
	int			program;	/* SQE whose program has told its pid, or -1 */
	int			execed;		/* SQE that says it became a program, or -1 */
};

static bool wrong(const struct story *t, const char *what, long a, long b)
{
	complain(t->p, "lane %u chain %u: %s (%ld, %ld)", t->lane, t->i, what, a, b);
	if (t->s)
		tell_spawn(t->p, t->lane, t->i, t->s);
	return false;
}

static bool marked(const struct story *t, unsigned int k)
{
	return scene.marks[slot_of(t->lane, t->i, k)];
}

static bool is_mark(const struct io_uring_sqe *sqe)
{
	return sqe->opcode == IORING_OP_WRITE && sqe->fd == MARKS_FD;
}

static bool find_program(struct story *t)
{
	unsigned int k;

	t->program = -1;
	for (k = 0; k < t->c->nr; k++) {
		if (!scene.pids[slot_of(t->lane, t->i, k)])
			continue;
		if (t->program >= 0)
			return wrong(t, "two programs of one chain", t->program, k);
		t->program = k;
	}
	return true;
}

/* What is linked behind the EXEC that became a program was never issued. */
static bool nothing_behind(const struct story *t, int exec)
{
	unsigned int k;

	if (exec < 0 || exec >= (int)t->c->nr_submit)
		return true;
	for (k = exec; k + 1 < t->c->nr_submit && t->c->sqe[k].flags & LINKED; k++) {
		if (marked(t, k + 1))
			return wrong(t, "issued behind a successful EXEC", exec, k + 1);
		if (t->s && t->s->nr[k + 1] && t->s->res[k + 1] >= 0)
			return wrong(t, "completed behind a successful EXEC", exec, k + 1);
	}
	return true;
}

/* Of some operations (unlink, rename, statx ...) io_uring takes an error for a result. */
static bool error_breaks_link(const struct io_uring_sqe *sqe)
{
	switch (sqe->opcode) {
	case IORING_OP_EXEC:
		return !(sqe->ioprio & IORING_EXEC_SEARCH);
	case IORING_OP_NOP:
	case IORING_OP_READ:
	case IORING_OP_READV:
	case IORING_OP_WRITE:
	case IORING_OP_TIMEOUT:
	case IORING_OP_RECV:
	case IORING_OP_SEND:
	case IORING_OP_OPENAT:
	case IORING_OP_CLOSE:
	case IORING_OP_TASK:
	case IORING_OP_SPAWN_BPF:
		return true;
	default:
		return false;
	}
}

/* Behind a failure nothing of a soft link runs. */
static bool links_hold(const struct story *t, unsigned int k)
{
	const struct io_uring_sqe *sqe = &t->c->sqe[k];

	if (!t->s->nr[k] || t->s->res[k] >= 0 || (sqe->flags & LINKED) != IOSQE_IO_LINK ||
	    !error_breaks_link(sqe))
		return true;
	for (; k + 1 < t->c->nr_submit && t->c->sqe[k].flags & LINKED; k++)
		if (marked(t, k + 1) || (t->s->nr[k + 1] && t->s->res[k + 1] >= 0))
			return wrong(t, "ran though its link was broken", k + 1, t->s->res[k + 1]);
	return true;
}

static bool sqe_ok(struct story *t, unsigned int k, bool ran)
{
	const struct io_uring_sqe *sqe = &t->c->sqe[k];
	const struct seen *s = t->s;

	if (ran && !s->nr[k] && !(sqe->flags & IOSQE_CQE_SKIP_SUCCESS))
		return wrong(t, "an SQE without a CQE", k, 0);
	if (!s->nr[k])
		return true;
	if (is_mark(sqe) && marked(t, k) != (s->res[k] == 1))
		return wrong(t, "CQE and effect do not match", k, s->res[k]);
	if (sqe->opcode == IORING_OP_EXEC && !s->res[k]) {
		if (t->execed >= 0)
			return wrong(t, "two EXECs that succeeded", t->execed, k);
		t->execed = k;
	}
	return links_hold(t, k);
}

static bool chain_ok(struct story *t)
{
	bool captured = !t->c->array, quiet = t->c->clone.rw_flags & IORING_CLONE_QUIET;
	bool never_born = t->s->outcome < 0 && t->s->step == STEP_NONE && !t->s->pid && !captured;
	unsigned int k;

	t->execed = -1;
	for (k = 0; k < t->c->nr_submit; k++)
		if (!sqe_ok(t, k, !quiet && !never_born))
			return false;
	if (t->execed >= 0 && t->program >= 0 && t->program != t->execed)
		return wrong(t, "another program than the CQEs say", t->program, t->execed);
	return nothing_behind(t, t->execed);
}

/* The pid of a program, as CLONE told it; 0 if it did not become one. */
static pid_t program_pid(const struct story *t)
{
	if (t->c->clone.rw_flags & (IORING_CLONE_FINAL | IORING_CLONE_DEFER))
		return t->s->outcome > 0 ? t->s->outcome : 0;
	return t->execed >= 0 || t->program >= 0 ? t->s->pid : 0;
}

static bool program_ok(const struct story *t)
{
	pid_t pid = program_pid(t), told;

	if (t->s->pid && t->s->outcome > 0 && t->s->pid != t->s->outcome)
		return wrong(t, "born as one, became another", t->s->pid, t->s->outcome);
	if (t->program < 0) {
		if (pid && !t->s->killed && !t->sp->unsure)
			return wrong(t, "told to be a program that never ran", pid, t->execed);
		return true;
	}
	told = scene.pids[slot_of(t->lane, t->i, t->program)];
	if (!pid)
		return wrong(t, "a program ran, and none was told", told, t->s->outcome);
	if (told != pid && !(t->sp->new_pid_ns && told == 1))
		return wrong(t, "the program has another pid", told, pid);
	return true;
}

static bool failure_ok(const struct story *t)
{
	const struct seen *s = t->s;

	if (s->step == STEP_NONE) {
		if ((s->outcome == -EINTR && s->killed) ||
		    (s->outcome == -ECANCELED && s->cancelled))
			return true;
		return wrong(t, "an outcome nobody caused", s->outcome, s->step);
	}
	if (s->step >= t->c->nr_submit)
		return wrong(t, "an outcome of a step that is none", s->outcome, s->step);
	if (t->sp->has_policy || !s->nr[s->step] || s->res[s->step] == s->outcome)
		return true;
	return wrong(t, "the outcome is not that of its step", s->outcome, s->step);
}

/* No failure: the timeout of what was in time, or of what it found done or out of reach. */
static bool timeout_of_no_use(const struct story *t, unsigned int k)
{
	int res = t->s->res[k];

	return t->c->sqe[k].opcode == IORING_OP_LINK_TIMEOUT &&
	       (res == -ECANCELED || res == -ENOENT || res == -EALREADY);
}

static bool success_ok(const struct story *t)
{
	unsigned int k;

	for (k = 0; k < t->c->nr_submit && !t->sp->has_policy; k++)
		if (t->s->nr[k] && t->s->res[k] < 0 && !timeout_of_no_use(t, k))
			return wrong(t, "something failed, the outcome is 0", k, t->s->res[k]);
	return true;
}

static bool outcome_ok(const struct story *t)
{
	if (!(t->c->clone.rw_flags & (IORING_CLONE_FINAL | IORING_CLONE_DEFER)) && t->s->pid)
		return true;
	if (t->s->outcome < 0)
		return failure_ok(t);
	return t->s->outcome || success_ok(t);
}

static bool refused_ok(const struct story *t)
{
	COUNT(refused);
	if (t->s->outcome != t->sp->refused && !(t->s->outcome == -ECANCELED && t->s->cancelled))
		return wrong(t, "refused for another reason", t->s->outcome, t->sp->refused);
	if (t->s->step != STEP_NONE)
		return wrong(t, "refused at a step", t->s->step, 0);
	return true;
}

static void count(const struct story *t)
{
	COUNT(judged);
	if (t->s->outcome > 0)
		COUNT(succeeded);
	else if (t->s->outcome == -EINTR && t->s->step == STEP_NONE)
		COUNT(killed);
	else if (t->s->outcome == -ECANCELED && t->s->step == STEP_NONE)
		COUNT(cancelled);
	else if (t->s->outcome < 0)
		COUNT(failed);
	else
		COUNT(finished);
}

bool judge_spawn(const struct plan *p, unsigned int lane, unsigned int i, const struct seen *s)
{
	const struct spawn_plan *sp = &p->lane[lane].spawn[i];
	struct story t = { p, sp, &sp->chain, s, lane, i, -1, -1 };

	if (sp->refused)
		return refused_ok(&t);
	count(&t);
	return find_program(&t) && chain_ok(&t) && program_ok(&t) && outcome_ok(&t);
}

/* What can be told without having seen a completion: whatever became of the submitter. */
bool judge_remains(const struct plan *p)
{
	unsigned int lane, i, k;

	for (lane = 0; lane < p->nr_lanes; lane++)
		for (i = 0; i < p->lane[lane].nr; i++) {
			const struct spawn_plan *sp = &p->lane[lane].spawn[i];
			struct story t = { p, sp, &sp->chain, NULL, lane, i, -1, -1 };

			if (!find_program(&t) || !nothing_behind(&t, t.program))
				return false;
			if (t.program >= 0)
				COUNT(programs);
			for (k = 0; k < t.c->nr; k++)
				if (marked(&t, k))
					COUNT(marks);
		}
	return true;
}
