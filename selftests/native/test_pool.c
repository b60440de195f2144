// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy pool without a kernel. TAP. */
#include "../../bpf/testing/pool.bpf.c"
#include "spawn.h"

struct spawn {
	struct fake	f;
	struct pool_arg	arg;
};

static const char *const argv[] = { "cmd", "arg", NULL };
static const char *const envp[] = { "A=B", NULL };

static void name_program(struct fake *f, const struct io_uring_sqe *sqe)
{
	struct pool_arg *arg = (struct pool_arg *)(uintptr_t)f->sqes[0].addr;

	(void)sqe;
	arg->path = U64("/cmd");
	arg->argv = U64(argv);
	arg->envp = U64(envp);
	arg->word = POOL_RUN;
}

static void stop(struct fake *f, const struct io_uring_sqe *sqe)
{
	(void)sqe;
	((struct pool_arg *)(uintptr_t)f->sqes[0].addr)->word = POOL_STOP;
}

static void say_nonsense(struct fake *f, const struct io_uring_sqe *sqe)
{
	(void)sqe;
	((struct pool_arg *)(uintptr_t)f->sqes[0].addr)->word = 3;
}

#define FUTEX(res, times, after, then) \
	{ FAKE_ANY, res, times, IORING_OP_FUTEX_WAIT, after, then }

static void prepare(struct spawn *s, const struct fake_line *world)
{
	memset(&s->arg, 0, sizeof(s->arg));
	spawn_init(&s->f, &pool_ops, world, &s->arg, sizeof(s->arg));
	spawn_exec(&s->f, NULL, NULL)->fd = 7;
}

static bool ran(const struct spawn *s)
{
	return spawn_runs(&s->f, "/cmd") && s->f.argv == argv && s->f.exec.addr3 == U64(envp) &&
	       s->f.exec.fd == 7 && !s->arg.report.error && s->arg.report.named;
}

static bool ended(const struct spawn *s, int err, unsigned int named)
{
	return s->f.outcome == err && s->arg.report.error == err && s->arg.report.named == named;
}

static const struct fake_line after_a_day[] = {
	FUTEX(0, 0, 86400000 * MS, name_program), { "/cmd", 0, 0 }, { 0 }
};

static void test_names(void)
{
	static const struct fake_line early[] = {
		FUTEX(-EAGAIN, 0, 0, name_program), { "/cmd", 0, 0 }, { 0 }
	};
	static const struct fake_line woken[] = {
		FUTEX(0, 2, 1 * MS, NULL), FUTEX(-EINTR, 1, 1 * MS, NULL),
		FUTEX(0, 0, 1 * MS, name_program), { "/cmd", 0, 0 }, { 0 }
	};
	static const struct fake_line missing[] = { FUTEX(0, 0, 1 * MS, name_program), { 0 } };
	static const struct fake_line stopped[] = { FUTEX(0, 0, 1 * MS, stop), { 0 } };
	struct spawn s;

	prepare(&s, after_a_day);
	fake_run(&s.f);
	spawn_ok(&s.f, ran(&s) && !s.f.slept_ns, "waits_as_long_as_it_takes_and_runs_what_is_named");

	prepare(&s, early);
	fake_run(&s.f);
	spawn_ok(&s.f, ran(&s), "named_before_it_slept");

	prepare(&s, woken);
	fake_run(&s.f);
	spawn_ok(&s.f, ran(&s) && s.f.nr_issued == 5, "woken_for_nothing_waits_on");

	prepare(&s, missing);
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -ENOENT, 1), "program_missing_enoent");

	prepare(&s, stopped);
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -ECANCELED, 0) && !s.f.nr_execs, "told_to_stop_ecanceled");
}

static void test_regions(void)
{
	static const struct fake_line not_run[] = {
		FUTEX(0, 0, 0, name_program), { FAKE_ANY, 0, 0, IORING_OP_CLOSE }, { 0 }
	};
	static const struct fake_line nonsense[] = { FUTEX(0, 0, 0, say_nonsense), { 0 } };
	static const struct fake_line no_futex[] = { FUTEX(-EFAULT, 0, 0, NULL), { 0 } };
	struct iou_spawn_cqe chain[FAKE_CQES - 1];
	struct spawn s;

	prepare(&s, after_a_day);
	s.f.sqes[0].len--;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE && !s.f.nr_issued, "region_too_short_erange");

	prepare(&s, nonsense);
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -EINVAL, 0), "unknown_word_einval");

	prepare(&s, no_futex);
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -EFAULT, 0), "futex_error_ends_it");

	prepare(&s, after_a_day);
	s.f.nr_sqes = 1;
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -ERANGE, 1), "no_template_erange");

	prepare(&s, after_a_day);
	spawn_chain_completes(&s.f, chain, FAKE_CQES - 1);
	fake_run(&s.f);
	spawn_ok(&s.f, ran(&s), "completions_of_the_chain_are_passed_over");

	prepare(&s, after_a_day);
	s.f.world = not_run;
	iou_prep_close(&s.f.sqes[1], 9);
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -EINVAL, 1), "template_that_is_no_exec_einval");

	prepare(&s, after_a_day);
	s.f.world = not_run;
	iou_prep_close(&s.f.sqes[1], 9);
	s.f.sqes[1].flags = IOSQE_CQE_SKIP_SUCCESS;
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -EINVAL, 1), "nor_one_that_says_nothing_einval");

	prepare(&s, after_a_day);
	s.f.queue_error = -ENOSPC;
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -ENOSPC, 0), "no_room_to_queue_enospc");
}

int main(void)
{
	test_names();
	test_regions();
	return tap_end();
}
