// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy keep_data without a kernel. TAP. */
#include "../../bpf/testing/keep_data.bpf.c"
#include "spawn.h"

#define FROM	5
#define TO	6
#define MAX	16

struct spawn {
	struct fake			f;
	union {
		struct keep_data_arg	arg;
		char			bytes[sizeof(struct keep_data_arg) + MAX];
	};
};

static unsigned int known;	/* what the record said when the first template or WRITE ran */

static void fill_data(struct fake *f, const struct io_uring_sqe *sqe)
{
	(void)f;
	memcpy((void *)(uintptr_t)sqe->addr, "request", 7);
}

static void look_at_record(struct fake *f, const struct io_uring_sqe *sqe)
{
	(void)sqe;
	known = ((struct keep_data_arg *)(uintptr_t)f->sqes[0].addr)->report.kept;
}

#define LINE(op, res)		{ FAKE_ANY, res, 0, IORING_OP_##op }
#define READS(res)		{ FAKE_ANY, res, 0, IORING_OP_READ, 0, fill_data }
#define SETUP(res)		{ FAKE_ANY, res, 0, IORING_OP_CLOSE, 0, look_at_record }
#define READABLE		LINE(POLL_ADD, POLLIN)
#define RUNS			{ "/cmd", 0, 0 }, { 0 }

static void prepare(struct spawn *s, const struct fake_line *world)
{
	memset(s->bytes, 0, sizeof(s->bytes));
	s->arg.want.from = FROM;
	s->arg.want.to = TO;
	s->arg.want.max = MAX;
	spawn_init(&s->f, &keep_data_ops, world, &s->arg, sizeof(s->bytes));
	spawn_template(&s->f, IORING_OP_CLOSE);
	spawn_template(&s->f, IORING_OP_CLOSE);
	spawn_exec(&s->f, "/cmd", NULL);
	known = 0;
}

static bool keeps(const struct spawn *s, int error, unsigned int step, unsigned int kept,
		  unsigned int handed)
{
	const struct keep_data_report *r = &s->arg.report;

	return s->f.outcome == (error ?: 1) && r->error == error && r->step == step &&
	       r->kept == kept && r->handed == handed && !r->reading &&
	       !memcmp(s->arg.data, "request", kept);
}

static unsigned int issued(const struct spawn *s, __u8 opcode)
{
	unsigned int i, nr = 0;

	for (i = 0; i < s->f.nr_issued; i++)
		nr += s->f.issued[i].opcode == opcode;
	return nr;
}

static const struct fake_line all_well[] = {
	READABLE, READS(7), SETUP(0), LINE(WRITE, 7), RUNS
};

static void test_success(void)
{
	static const struct fake_line pieces[] = {
		READABLE, READS(7), SETUP(0), { FAKE_ANY, 3, 1, IORING_OP_WRITE },
		{ FAKE_ANY, -EINTR, 1, IORING_OP_WRITE }, LINE(WRITE, 4), RUNS
	};
	static const struct fake_line late[] = {
		{ FAKE_ANY, POLLIN, 0, IORING_OP_POLL_ADD, 50 * MS },
		{ FAKE_ANY, -EAGAIN, 1, IORING_OP_READ }, { FAKE_ANY, -EINTR, 1, IORING_OP_READ },
		READS(7), SETUP(0), LINE(WRITE, 7), RUNS
	};
	static const struct fake_line at_end[] = {
		LINE(POLL_ADD, POLLHUP), LINE(READ, 0), SETUP(0), RUNS
	};
	struct spawn s;

	prepare(&s, all_well);
	fake_run(&s.f);
	spawn_ok(&s.f, keeps(&s, 0, 2, 7, 7) && spawn_runs(&s.f, "/cmd") && s.f.issued[4].fd == TO &&
		 s.f.issued[4].addr == U64(s.arg.data) && s.f.issued[4].len == 7,
		 "steps_then_bytes_then_program");
	spawn_ok(&s.f, known == 7, "count_is_in_the_record_before_the_next_step_runs");

	prepare(&s, pieces);
	fake_run(&s.f);
	spawn_ok(&s.f, keeps(&s, 0, 2, 7, 7) && issued(&s, IORING_OP_WRITE) == 3 &&
		 s.f.issued[6].addr == U64(s.arg.data) + 3 && s.f.issued[6].len == 4,
		 "handed_on_in_pieces");

	prepare(&s, late);
	fake_run(&s.f);
	spawn_ok(&s.f, keeps(&s, 0, 2, 7, 7) && issued(&s, IORING_OP_POLL_ADD) == 3,
		 "somebody_else_was_faster_polls_again");

	prepare(&s, at_end);
	fake_run(&s.f);
	spawn_ok(&s.f, keeps(&s, 0, 2, 0, 0) && !issued(&s, IORING_OP_WRITE),
		 "end_of_file_is_no_error");

	prepare(&s, all_well);
	s.arg.want.to = -1;
	fake_run(&s.f);
	spawn_ok(&s.f, keeps(&s, 0, 2, 7, 0) && !issued(&s, IORING_OP_WRITE),
		 "to_nowhere_keeps_them_in_the_region");
}

static void test_failures(void)
{
	static const struct fake_line no_poll[] = { LINE(POLL_ADD, -EBADF), RUNS };
	static const struct fake_line no_read[] = { READABLE, LINE(READ, -EIO), RUNS };
	static const struct fake_line second[] = {
		READABLE, READS(7), { FAKE_ANY, 0, 1, IORING_OP_CLOSE }, SETUP(-EACCES), RUNS
	};
	static const struct fake_line no_write[] = {
		READABLE, READS(7), SETUP(0), { FAKE_ANY, 3, 1, IORING_OP_WRITE },
		LINE(WRITE, -EPIPE), RUNS
	};
	static const struct fake_line missing[] = {
		READABLE, READS(7), SETUP(0), LINE(WRITE, 7), { 0 }
	};
	struct spawn s;

	prepare(&s, no_poll);
	fake_run(&s.f);
	spawn_ok(&s.f, keeps(&s, -EBADF, 0, 0, 0), "cannot_be_polled_ebadf");

	prepare(&s, no_read);
	fake_run(&s.f);
	spawn_ok(&s.f, keeps(&s, -EIO, 0, 0, 0), "cannot_be_read_eio");

	prepare(&s, second);
	fake_run(&s.f);
	spawn_ok(&s.f, keeps(&s, -EACCES, 1, 7, 0) && !issued(&s, IORING_OP_WRITE),
		 "step_fails_bytes_are_kept");

	prepare(&s, no_write);
	fake_run(&s.f);
	spawn_ok(&s.f, keeps(&s, -EPIPE, 2, 7, 3), "handing_on_fails_and_says_how_far_it_came");

	prepare(&s, missing);
	fake_run(&s.f);
	spawn_ok(&s.f, keeps(&s, -ENOENT, 2, 7, 7), "program_missing_bytes_are_kept");
}

/* The region of a spawn that failed goes to the next one. */
static void test_again(void)
{
	struct spawn s;

	prepare(&s, all_well);
	memcpy(s.arg.data, "request", 7);
	s.arg.report = (struct keep_data_report){ .error = -ENOENT, .step = 1, .kept = 7 };
	fake_run(&s.f);
	spawn_ok(&s.f, keeps(&s, 0, 2, 7, 7) && !issued(&s, IORING_OP_READ) &&
		 !issued(&s, IORING_OP_POLL_ADD), "again_reads_nothing");

	prepare(&s, all_well);
	memcpy(s.arg.data, "request", 7);
	s.arg.report = (struct keep_data_report){ .kept = 7, .handed = 7 };
	fake_run(&s.f);
	spawn_ok(&s.f, keeps(&s, 0, 2, 7, 7) && !issued(&s, IORING_OP_WRITE),
		 "again_hands_nothing_on_twice");

	prepare(&s, all_well);
	memcpy(s.arg.data, "request", 7);
	s.arg.report.kept = 7;
	s.arg.want.max = 6;
	fake_run(&s.f);
	spawn_ok(&s.f, keeps(&s, -EINVAL, 0, 7, 0), "more_kept_than_there_is_room_einval_and_kept");
}

static void test_regions(void)
{
	struct spawn s;

	prepare(&s, all_well);
	s.arg.want.max = 0;
	fake_run(&s.f);
	spawn_ok(&s.f, keeps(&s, -EINVAL, 0, 0, 0), "nothing_wanted_einval");

	prepare(&s, all_well);
	s.arg.want.max = MAX + 1;
	fake_run(&s.f);
	spawn_ok(&s.f, keeps(&s, -EINVAL, 0, 0, 0), "more_wanted_than_there_is_room_einval");

	prepare(&s, all_well);
	s.arg.want.max = ~0U;
	fake_run(&s.f);
	spawn_ok(&s.f, keeps(&s, -EINVAL, 0, 0, 0) && KEEP_DATA_MAX == 4056,
		 "room_is_compared_without_a_wrap");

	prepare(&s, all_well);
	s.arg.report = (struct keep_data_report){ .kept = 3, .handed = 4 };
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -EINVAL && !s.f.nr_issued, "more_handed_than_kept_einval");

	prepare(&s, all_well);
	s.f.sqes[0].len = sizeof(s.arg.want) - 1;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE && !s.f.nr_issued, "region_without_a_head_erange");

	prepare(&s, all_well);
	s.f.sqes[0].len = sizeof(s.arg) - 1;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE && !s.f.nr_issued, "region_without_a_record_erange");
}

static void test_chains(void)
{
	struct iou_spawn_cqe chain[FAKE_CQES - 1];
	struct spawn s;

	prepare(&s, all_well);
	s.f.nr_sqes = 1;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE && s.arg.report.kept == 7 && s.arg.report.handed == 7,
		 "no_template_erange_bytes_are_kept");

	prepare(&s, all_well);
	s.f.sqes[1].flags = s.f.sqes[2].flags = IOSQE_CQE_SKIP_SUCCESS;
	fake_run(&s.f);
	spawn_ok(&s.f, keeps(&s, 0, 2, 7, 7), "steps_that_say_nothing_of_success_ok");

	prepare(&s, all_well);
	s.f.nr_sqes = 3;
	fake_run(&s.f);
	spawn_ok(&s.f, keeps(&s, -EINVAL, 1, 7, 7), "last_template_that_is_no_exec_einval");

	prepare(&s, all_well);
	spawn_chain_completes(&s.f, chain, FAKE_CQES - 1);
	fake_run(&s.f);
	spawn_ok(&s.f, keeps(&s, 0, 2, 7, 7), "completions_of_the_chain_are_passed_over");

	prepare(&s, all_well);
	s.f.queue_error = -ENOSPC;
	fake_run(&s.f);
	spawn_ok(&s.f, keeps(&s, -ENOSPC, 0, 0, 0), "no_room_to_queue_enospc");
}

int main(void)
{
	test_success();
	test_failures();
	test_again();
	test_regions();
	test_chains();
	return tap_end();
}
