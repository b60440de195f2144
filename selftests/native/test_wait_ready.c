// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy wait_ready without a kernel. TAP. */
#include "../../bpf/testing/wait_ready.bpf.c"
#include "spawn.h"

#define FD	5

struct spawn {
	struct fake		f;
	struct wait_ready_arg	arg;
};

#define POLLS(res, after)	{ FAKE_ANY, res, 0, IORING_OP_POLL_ADD, after }
#define CONNECTS(res, times)	{ FAKE_ANY, res, times, IORING_OP_CONNECT }
#define RUNS			{ "/cmd", 0, 0 }, { 0 }

static void prepare(struct spawn *s, const struct fake_line *world, __u32 kind, __u64 timeout_ns)
{
	memset(&s->arg, 0, sizeof(s->arg));
	s->arg.want.kind = kind;
	s->arg.want.fd = FD;
	s->arg.want.events = POLLOUT;
	s->arg.want.addr = U64("address");
	s->arg.want.addr_len = 7;
	s->arg.want.timeout_ns = timeout_ns;
	spawn_init(&s->f, &wait_ready_ops, world, &s->arg, sizeof(s->arg));
	spawn_exec(&s->f, "/cmd", NULL);
}

static bool ran(const struct spawn *s, unsigned int attempts, int last, __u64 waited_ns)
{
	const struct wait_ready_report *r = &s->arg.report;

	return spawn_runs(&s->f, "/cmd") && !r->error && r->ready && r->attempts == attempts &&
	       r->last == last && r->waited_ns == waited_ns;
}

static bool ended(const struct spawn *s, int err, unsigned int attempts, int last)
{
	const struct wait_ready_report *r = &s->arg.report;

	return s->f.outcome == err && r->error == err && !r->ready && !s->f.nr_execs &&
	       r->attempts == attempts && r->last == last;
}

static void test_poll(void)
{
	static const struct fake_line now[] = { POLLS(POLLOUT, 0), RUNS };
	static const struct fake_line later[] = { POLLS(POLLOUT | POLLERR, 30 * MS), RUNS };
	static const struct fake_line never[] = { POLLS(POLLOUT, FAKE_NEVER), RUNS };
	static const struct fake_line hup[] = { POLLS(POLLHUP, 1 * MS), RUNS };
	static const struct fake_line bad[] = { POLLS(-EBADF, 0), RUNS };
	struct spawn s;

	prepare(&s, now, WAIT_READY_POLL, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, ran(&s, 1, POLLOUT, 0) && s.f.issued[0].fd == FD &&
		 s.f.issued[0].poll32_events == POLLOUT, "poll_ready_at_once");

	prepare(&s, later, WAIT_READY_POLL, 31 * MS);
	fake_run(&s.f);
	spawn_ok(&s.f, ran(&s, 1, POLLOUT | POLLERR, 30 * MS) && !s.f.slept_ns,
		 "poll_ready_within_the_time_limit");

	prepare(&s, never, WAIT_READY_POLL, 31 * MS);
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -ETIMEDOUT, 1, 0) && s.f.slept_ns == 31 * MS &&
		 s.arg.report.waited_ns == 31 * MS, "poll_never_ready_etimedout");

	prepare(&s, hup, WAIT_READY_POLL, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -EPIPE, 1, POLLHUP), "poll_hangs_up_epipe");

	prepare(&s, bad, WAIT_READY_POLL, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -EBADF, 1, -EBADF), "poll_of_no_descriptor_ebadf");
}

static void test_exit(void)
{
	static const struct fake_line ends[] = { POLLS(POLLIN, 5 * MS), RUNS };
	static const struct fake_line reaped[] = { POLLS(POLLIN | POLLHUP, 0), RUNS };
	struct spawn s;

	prepare(&s, ends, WAIT_READY_EXIT, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, ran(&s, 1, POLLIN, 5 * MS) && s.f.issued[0].poll32_events == POLLIN,
		 "process_ends");

	prepare(&s, reaped, WAIT_READY_EXIT, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, ran(&s, 1, POLLIN | POLLHUP, 0), "process_is_gone_already");
}

static void test_connect(void)
{
	static const struct fake_line third[] = {
		CONNECTS(-ENOENT, 1), CONNECTS(-ECONNREFUSED, 1), CONNECTS(0, 0), RUNS
	};
	static const struct fake_line is_connected[] = { CONNECTS(-EISCONN, 0), RUNS };
	static const struct fake_line refused[] = { CONNECTS(-ECONNREFUSED, 0), RUNS };
	static const struct fake_line denied[] = { CONNECTS(-EACCES, 0), RUNS };
	static const struct fake_line hangs[] = {
		{ FAKE_ANY, 0, 0, IORING_OP_CONNECT, FAKE_NEVER }, RUNS
	};
	struct spawn s;

	prepare(&s, third, WAIT_READY_CONNECT, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, ran(&s, 3, 0, 3 * MS) && s.f.slept_ns == 3 * MS &&
		 s.f.issued[0].addr == s.arg.want.addr && s.f.issued[0].off == 7,
		 "connect_is_made_again_until_somebody_accepts");

	prepare(&s, is_connected, WAIT_READY_CONNECT, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, ran(&s, 1, -EISCONN, 0), "connected_already_is_ready");

	prepare(&s, refused, WAIT_READY_CONNECT, 25 * MS);
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -ETIMEDOUT, 5, -ECONNREFUSED) && s.f.slept_ns == 25 * MS,
		 "nobody_ever_accepts_etimedout");

	prepare(&s, hangs, WAIT_READY_CONNECT, 25 * MS);
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -ETIMEDOUT, 1, 0) && s.f.slept_ns == 25 * MS,
		 "connect_that_hangs_etimedout");

	prepare(&s, denied, WAIT_READY_CONNECT, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -EACCES, 1, -EACCES), "other_errors_of_connect_end_it");
}

static void test_param(void)
{
	static const struct fake_line second[] = { CONNECTS(-EAGAIN, 1), CONNECTS(0, 0), RUNS };
	static const struct fake_line fifth[] = { CONNECTS(-EAGAIN, 4), CONNECTS(0, 0), RUNS };
	struct spawn s;

	first_pause_ns = 3 * MS;
	prepare(&s, second, WAIT_READY_CONNECT, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, ran(&s, 2, 0, 3 * MS), "pause_as_set");

	first_pause_ns = 0;
	prepare(&s, second, WAIT_READY_CONNECT, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, ran(&s, 2, 0, 0), "pause_of_no_length_tries_at_once");
	first_pause_ns = 1 * MS;

	longest_pause_ns = 2 * MS;
	prepare(&s, fifth, WAIT_READY_CONNECT, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, ran(&s, 5, 0, 7 * MS), "pauses_grow_to_the_longest");
	longest_pause_ns = 100 * MS;
}

static void test_budget(void)
{
	static const struct fake_line refused[] = { CONNECTS(-ECONNREFUSED, 0), RUNS };
	struct spawn s;

	prepare(&s, refused, WAIT_READY_CONNECT, 3000000 * MS);
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ETIMEDOUT && s.arg.report.waited_ns == 3000000 * MS,
		 "steps_last_for_the_better_part_of_an_hour");
}

static void test_regions(void)
{
	static const struct fake_line now[] = { POLLS(POLLOUT, 0), RUNS };
	struct spawn s;

	prepare(&s, now, 3, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -EINVAL, 0, 0) && !s.f.nr_issued, "unknown_kind_einval");

	prepare(&s, now, WAIT_READY_POLL, 0);
	s.f.sqes[0].len = sizeof(s.arg.want) - 1;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE && !s.f.nr_issued, "region_without_a_head_erange");

	prepare(&s, now, WAIT_READY_POLL, 0);
	s.f.sqes[0].len--;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE && !s.f.nr_execs,
		 "region_without_room_for_a_report_erange");
}

static void test_chains(void)
{
	static const struct fake_line not_run[] = {
		POLLS(POLLOUT, 0), { FAKE_ANY, 0, 0, IORING_OP_CLOSE }, { 0 }
	};
	static const struct fake_line later[] = { POLLS(POLLOUT, 30 * MS), RUNS };
	static const struct fake_line no_prog[] = { POLLS(POLLOUT, 0), { 0 } };
	struct iou_spawn_cqe chain[FAKE_CQES - 2];
	struct spawn s;

	prepare(&s, no_prog, WAIT_READY_POLL, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ENOENT && s.arg.report.error == -ENOENT &&
		 s.arg.report.ready, "program_missing_enoent");

	prepare(&s, later, WAIT_READY_POLL, 0);
	s.f.nr_sqes = 1;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE && s.arg.report.error == -ERANGE,
		 "no_template_erange");

	prepare(&s, later, WAIT_READY_POLL, 40 * MS);
	spawn_chain_completes(&s.f, chain, FAKE_CQES - 2);
	fake_run(&s.f);
	spawn_ok(&s.f, ran(&s, 1, POLLOUT, 30 * MS), "completions_of_the_chain_are_passed_over");

	prepare(&s, later, WAIT_READY_POLL, 20 * MS);
	spawn_chain_completes(&s.f, chain, FAKE_CQES - 2);
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -ETIMEDOUT, 1, 0) && s.arg.report.waited_ns == 20 * MS,
		 "and_do_not_lengthen_the_wait");

	prepare(&s, later, WAIT_READY_POLL, 0);
	s.f.world = not_run;
	iou_prep_close(&s.f.sqes[1], 9);
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -EINVAL && s.arg.report.error == -EINVAL,
		 "template_that_is_no_exec_einval");

	prepare(&s, later, WAIT_READY_POLL, 0);
	s.f.world = not_run;
	iou_prep_close(&s.f.sqes[1], 9);
	s.f.sqes[1].flags = IOSQE_CQE_SKIP_SUCCESS;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -EINVAL && s.arg.report.error == -EINVAL,
		 "nor_one_that_says_nothing_einval");

	prepare(&s, later, WAIT_READY_POLL, 0);
	s.f.queue_error = -ENOSPC;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ENOSPC && s.arg.report.error == -ENOSPC,
		 "no_room_to_queue_enospc");
}

int main(void)
{
	test_poll();
	test_exit();
	test_connect();
	test_param();
	test_budget();
	test_regions();
	test_chains();
	return tap_end();
}
