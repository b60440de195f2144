// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy ask without a kernel. The application answers when the futex wait completes. TAP. */
#include "../../bpf/testing/ask.bpf.c"
#include "spawn.h"

struct spawn {
	struct fake	f;
	struct ask_arg	arg;
};

static int answers[4];		/* to question 1, 2 ... */

static struct ask_arg *region(struct fake *f)
{
	return (struct ask_arg *)(uintptr_t)f->sqes[0].addr;
}

static void reply(struct fake *f, const struct io_uring_sqe *sqe)
{
	struct ask_arg *arg = region(f);

	(void)sqe;
	arg->answer = answers[arg->word];
	arg->word++;
}

static void reply_nonsense(struct fake *f, const struct io_uring_sqe *sqe)
{
	(void)sqe;
	region(f)->word = 77;
}

#define FUTEX(res, times, after, then) \
	{ FAKE_ANY, res, times, IORING_OP_FUTEX_WAIT, after, then }
#define REPLY(after)	FUTEX(0, 0, after, reply)
#define RUNS(path)	{ path, 0, 0 }

static void prepare(struct spawn *s, const struct fake_line *world)
{
	memset(&s->arg, 0, sizeof(s->arg));
	spawn_init(&s->f, &ask_ops, world, &s->arg, sizeof(s->arg));
	spawn_exec(&s->f, "/a", NULL);
	spawn_exec(&s->f, "/b", NULL);
}

static bool asked(const struct spawn *s, unsigned int nr, int res)
{
	const struct fake_post *post = &s->f.posts[nr - 1];

	return post->user_data == USER_DATA && post->res == res &&
	       post->flags == (IORING_CQE_F_MORE | nr << 16);
}

static bool reports(const struct spawn *s, int error, unsigned int questions, unsigned int silent,
		    int answer)
{
	const struct ask_report *r = &s->arg.report;

	return r->error == error && s->f.outcome == (error ?: 1) && r->questions == questions &&
	       r->silent == silent && r->answer == answer && s->f.nr_posts == questions;
}

static const struct fake_line prompt[] = { REPLY(3 * MS), RUNS("/a"), RUNS("/b"), { 0 } };
static const struct fake_line silence[] = {
	FUTEX(0, 0, FAKE_NEVER, NULL), RUNS("/a"), RUNS("/b"), { 0 }
};

static void test_answers(void)
{
	static const struct fake_line early[] = {
		FUTEX(-EAGAIN, 0, 0, reply), RUNS("/b"), { 0 }
	};
	static const struct fake_line woken[] = {
		FUTEX(0, 2, 1 * MS, NULL), FUTEX(-EINTR, 1, 1 * MS, NULL), REPLY(1 * MS),
		RUNS("/b"), { 0 }
	};
	struct spawn s;

	answers[0] = 1;
	prepare(&s, prompt);
	fake_run(&s.f);
	spawn_ok(&s.f, spawn_runs(&s.f, "/b") && asked(&s, 1, 0) && reports(&s, 0, 1, 0, 1),
		 "answer_is_the_template_that_runs");

	prepare(&s, early);
	fake_run(&s.f);
	spawn_ok(&s.f, spawn_runs(&s.f, "/b") && reports(&s, 0, 1, 0, 1),
		 "answered_before_it_slept");

	prepare(&s, woken);
	fake_run(&s.f);
	spawn_ok(&s.f, spawn_runs(&s.f, "/b") && reports(&s, 0, 1, 0, 1) && s.f.nr_issued == 5,
		 "woken_for_nothing_waits_on");

	answers[0] = -EPERM;
	prepare(&s, prompt);
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -EPERM, 1, 0, -EPERM) && !s.f.nr_execs,
		 "errno_as_answer_ends_it");

	answers[0] = 2;
	prepare(&s, prompt);
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ERANGE, 1, 0, 2) && !s.f.nr_execs,
		 "answer_names_no_template_erange");
}

static void test_silence(void)
{
	static const struct fake_line disturbed[] = {
		FUTEX(0, 1, 15 * MS, NULL), FUTEX(0, 0, FAKE_NEVER, NULL), RUNS("/b"), { 0 }
	};
	struct spawn s;

	prepare(&s, silence);
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ETIMEDOUT, 1, 1, -ETIMEDOUT) && s.f.slept_ns == 5000 * MS,
		 "silence_etimedout");

	patience_ns = 20 * MS;
	default_answer = 1;
	prepare(&s, silence);
	fake_run(&s.f);
	spawn_ok(&s.f, spawn_runs(&s.f, "/b") && reports(&s, 0, 1, 1, 1) &&
		 s.f.slept_ns == 20 * MS, "after_silence_the_default_template_runs");

	patience_ns = 2 * MS;
	answers[0] = 0;
	prepare(&s, prompt);
	fake_run(&s.f);
	spawn_ok(&s.f, spawn_runs(&s.f, "/b") && reports(&s, 0, 1, 1, 1),
		 "answer_that_comes_too_late_is_ignored");

	patience_ns = 20 * MS;
	prepare(&s, disturbed);
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, 0, 1, 1, 1) && s.f.slept_ns == 5 * MS,
		 "being_woken_for_nothing_does_not_lengthen_it");

	patience_ns = 0;
	prepare(&s, prompt);
	fake_run(&s.f);
	spawn_ok(&s.f, spawn_runs(&s.f, "/a") && reports(&s, 0, 1, 0, 0) && !s.f.slept_ns,
		 "patience_without_end");
	patience_ns = 5000 * MS;
	default_answer = -ETIMEDOUT;
}

static void test_questions(void)
{
	static const struct fake_line first_fails[] = { REPLY(1 * MS), RUNS("/b"), { 0 } };
	static const struct fake_line nothing_runs[] = { REPLY(1 * MS), { 0 } };
	static const struct fake_line then_silence[] = {
		FUTEX(0, 1, 1 * MS, reply), FUTEX(0, 0, FAKE_NEVER, NULL), { 0 }
	};
	/* silence, then the answer to question 1 while 2 is open, then that to 2 */
	static const struct fake_line late[] = {
		FUTEX(0, 1, FAKE_NEVER, NULL), REPLY(1 * MS), { "/b", -EACCES, 1 }, RUNS("/b"), { 0 }
	};
	struct spawn s;

	answers[0] = 0;
	prepare(&s, first_fails);
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ENOENT, 1, 0, 0), "failure_ends_it_after_the_last_question");

	max_questions = 3;
	answers[1] = 1;
	prepare(&s, first_fails);
	fake_run(&s.f);
	spawn_ok(&s.f, spawn_runs(&s.f, "/b") && reports(&s, 0, 2, 0, 1) && asked(&s, 1, 0) &&
		 asked(&s, 2, -ENOENT), "failure_is_the_next_question");

	answers[1] = answers[2] = 0;
	prepare(&s, nothing_runs);
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ENOENT, 3, 0, 0) && s.f.nr_execs == 3,
		 "no_more_questions_than_allowed");

	default_answer = 1;
	prepare(&s, then_silence);
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ENOENT, 3, 2, 1) && s.f.nr_execs == 3 && asked(&s, 3, -ENOENT),
		 "each_silence_is_followed_by_the_default");
	/* futex and EXEC three times; nobody has answered questions 2 and 3 */
	spawn_ok(&s.f, s.f.issued[0].off == 0 && s.f.issued[2].off == 1 && s.f.issued[4].off == 1,
		 "waits_on_the_word_that_is_there");

	answers[1] = 1;
	prepare(&s, late);
	fake_run(&s.f);
	spawn_ok(&s.f, spawn_runs(&s.f, "/b") && reports(&s, 0, 2, 1, 1) && s.f.nr_execs == 2,
		 "late_answer_to_an_older_question_is_ignored");
	default_answer = -ETIMEDOUT;
	max_questions = 1;
}

static void test_regions(void)
{
	static const struct fake_line nonsense[] = { FUTEX(0, 0, 0, reply_nonsense), { 0 } };
	static const struct fake_line no_futex[] = { FUTEX(-EFAULT, 0, 0, NULL), { 0 } };
	struct spawn s;

	prepare(&s, prompt);
	s.f.sqes[0].len--;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE && !s.f.nr_posts && !s.f.nr_issued,
		 "region_too_short_erange_and_no_question");

	prepare(&s, nonsense);
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -EINVAL, 1, 0, 0), "word_of_no_question_einval");

	prepare(&s, no_futex);
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -EFAULT, 1, 0, 0), "futex_error_ends_it");
}

static void test_chains(void)
{
	static const struct fake_line not_run[] = {
		REPLY(0), { FAKE_ANY, 0, 0, IORING_OP_CLOSE }, { 0 }
	};
	static const struct iou_spawn_cqe older = {
		.user_data = 99, .res = -ECANCELED, .idx = IOU_SPAWN_QUEUED,
	};
	struct iou_spawn_cqe chain[FAKE_CQES - 2];
	struct io_uring_spawn_ops none = ask_ops;
	struct spawn s;

	answers[0] = 0;
	prepare(&s, not_run);
	iou_prep_close(&s.f.sqes[1], 9);
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -EINVAL, 1, 0, 0), "template_that_is_no_exec_einval");

	prepare(&s, not_run);
	iou_prep_close(&s.f.sqes[1], 9);
	s.f.sqes[1].flags = IOSQE_CQE_SKIP_SUCCESS;
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -EINVAL, 1, 0, 0), "nor_one_that_says_nothing_einval");

	answers[0] = 1;
	prepare(&s, prompt);
	spawn_chain_completes(&s.f, chain, FAKE_CQES - 2);
	fake_run(&s.f);
	spawn_ok(&s.f, spawn_runs(&s.f, "/b") && reports(&s, 0, 1, 0, 1),
		 "completions_of_the_chain_are_passed_over");

	answers[0] = 1;
	prepare(&s, prompt);
	s.f.before = &older;
	s.f.nr_before = 1;
	fake_run(&s.f);
	spawn_ok(&s.f, spawn_runs(&s.f, "/b") && reports(&s, 0, 1, 0, 1),
		 "so_is_the_cancelled_wait_of_an_older_question");

	patience_ns = 20 * MS;
	prepare(&s, silence);
	spawn_chain_completes(&s.f, chain, FAKE_CQES - 2);
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ETIMEDOUT, 1, 1, -ETIMEDOUT) && s.f.slept_ns == 20 * MS,
		 "and_do_not_lengthen_the_wait");
	patience_ns = 5000 * MS;

	max_questions = 10;
	none.max_posts = 2;
	answers[0] = answers[1] = 0;
	prepare(&s, prompt);
	s.f.world = (const struct fake_line[]){ REPLY(0), { 0 } };
	s.f.ops = &none;
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -E2BIG, 2, 0, 0), "more_questions_than_posts_e2big");
	max_questions = 1;

	prepare(&s, prompt);
	s.f.queue_error = -ENOSPC;
	fake_run(&s.f);
	spawn_ok(&s.f, reports(&s, -ENOSPC, 1, 0, 0), "no_room_to_queue_enospc");
}

int main(void)
{
	test_answers();
	test_silence();
	test_questions();
	test_regions();
	test_chains();
	return tap_end();
}
