// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy rate_limit without a kernel: one spawn after another, on a clock of our own. TAP. */
#include "../../bpf/testing/rate_limit.bpf.c"
#include "spawn.h"

static const struct fake_line runs[] = { { "/cmd", 0, 0 }, { 0 } };

/* A new ring, so to say: nothing has run yet. */
static void forget(__u64 interval, __u32 at_once, __u64 longest)
{
	memset(&rate_limit, 0, sizeof(rate_limit));
	fake_maps_reset();
	interval_ns = interval;
	burst = at_once;
	longest_wait_ns = longest;
	fake_now = 1000 * MS;
}

static void spawn_one(struct fake *f, const struct fake_line *world)
{
	spawn_init(f, &rate_limit_ops, world, NULL, 0);
	spawn_exec(f, "/cmd", NULL);
	fake_run(f);
}

/* As if it came @ago before now: what it slept is given back to the clock. */
static void spawn_at_once(struct fake *f, const struct fake_line *world)
{
	__u64 came = fake_now;

	spawn_one(f, world);
	fake_now = came;
}

static __u64 count_of(int err)
{
	__u32 key = err;
	__u64 *nr = bpf_map_lookup_elem(&errors, &key);

	return nr ? *nr : 0;
}

static void test_rate(void)
{
	struct fake f;
	bool good = true;
	unsigned int i;

	forget(10 * MS, 1, 0);
	spawn_at_once(&f, runs);
	spawn_ok(&f, spawn_runs(&f, "/cmd") && !f.slept_ns && rate_limit.started == 1,
		 "first_one_runs_at_once");
	for (i = 1; i < 5; i++) {
		spawn_at_once(&f, runs);
		good = good && spawn_runs(&f, "/cmd") && f.slept_ns == i * 10 * MS;
	}
	spawn_ok(&f, good && rate_limit.waited == 4 && rate_limit.waited_ns == 100 * MS &&
		 rate_limit.started == 5 && !rate_limit.failed,
		 "those_that_come_together_start_one_interval_apart");

	fake_now += 45 * MS;
	spawn_at_once(&f, runs);
	spawn_ok(&f, f.slept_ns == 5 * MS, "late_one_waits_for_the_rest_of_it");
	fake_now += 1000 * MS;
	spawn_at_once(&f, runs);
	spawn_ok(&f, !f.slept_ns, "after_a_rest_it_runs_at_once");
	spawn_at_once(&f, runs);
	spawn_ok(&f, f.slept_ns == 10 * MS, "a_rest_earns_nothing_without_a_burst");
}

static void test_burst(void)
{
	static const __u64 slept[] = { 0, 0, 0, 10 * MS, 20 * MS };
	struct fake f;
	bool good = true;
	unsigned int i;

	forget(10 * MS, 3, 0);
	for (i = 0; i < sizeof(slept) / sizeof(slept[0]); i++) {
		spawn_at_once(&f, runs);
		good = good && f.slept_ns == slept[i];
	}
	spawn_ok(&f, good, "burst_runs_at_once_then_one_per_interval");
	fake_now += 10000 * MS;
	for (i = 0; i < sizeof(slept) / sizeof(slept[0]); i++) {
		spawn_at_once(&f, runs);
		good = good && f.slept_ns == slept[i];
	}
	spawn_ok(&f, good, "a_long_rest_earns_no_more_than_the_burst");

	forget(10 * MS, 0, 0);
	spawn_at_once(&f, runs);
	spawn_at_once(&f, runs);
	spawn_ok(&f, f.slept_ns == 10 * MS, "burst_of_none_is_one");
	forget(0, 1, 0);
	spawn_at_once(&f, runs);
	spawn_at_once(&f, runs);
	spawn_ok(&f, !f.slept_ns && rate_limit.started == 2, "interval_of_no_length_is_no_limit");
}

static void test_longest_wait(void)
{
	struct fake f;
	unsigned int i;

	forget(10 * MS, 1, 20 * MS);
	for (i = 0; i < 3; i++)
		spawn_at_once(&f, runs);
	spawn_ok(&f, spawn_runs(&f, "/cmd") && f.slept_ns == 20 * MS && !rate_limit.refused,
		 "waits_as_long_as_it_may");
	spawn_at_once(&f, runs);
	spawn_ok(&f, f.outcome == -EAGAIN && !f.slept_ns && !f.nr_execs &&
		 rate_limit.refused == 1 && rate_limit.started == 3 && !rate_limit.failed,
		 "who_would_wait_longer_is_refused_eagain");
	fake_now += 10 * MS;
	spawn_at_once(&f, runs);
	spawn_ok(&f, spawn_runs(&f, "/cmd") && f.slept_ns == 20 * MS,
		 "who_is_refused_uses_no_turn");
}

static void test_errors(void)
{
	static const struct fake_line busy[] = { { "/cmd", -ETXTBSY, 0 }, { 0 } };
	static const struct fake_line missing[] = { { 0 } };
	struct fake f;

	forget(1 * MS, 1, 0);
	spawn_one(&f, missing);
	spawn_ok(&f, f.outcome == -ENOENT && count_of(ENOENT) == 1, "error_is_counted_by_number");
	spawn_one(&f, missing);
	spawn_one(&f, busy);
	spawn_one(&f, runs);
	spawn_ok(&f, count_of(ENOENT) == 2 && count_of(ETXTBSY) == 1 && !count_of(EACCES) &&
		 rate_limit.failed == 3 && rate_limit.started == 4, "histogram_is_that_of_all_spawns");
}

static void test_chains(void)
{
	static const struct fake_line no_exec[] = { { .opcode = IORING_OP_CLOSE }, { 0 } };
	struct iou_spawn_cqe chain[FAKE_CQES - 1];
	struct fake f;

	forget(10 * MS, 1, 0);
	spawn_init(&f, &rate_limit_ops, runs, NULL, 0);
	fake_run(&f);
	spawn_ok(&f, f.outcome == -ERANGE && !rate_limit.started && !rate_limit.failed,
		 "no_template_erange");

	spawn_init(&f, &rate_limit_ops, no_exec, NULL, 0);
	spawn_template(&f, IORING_OP_CLOSE);
	fake_run(&f);
	spawn_ok(&f, f.outcome == -EINVAL && !rate_limit.failed, "template_that_is_no_exec_einval");

	spawn_init(&f, &rate_limit_ops, no_exec, NULL, 0);
	spawn_template(&f, IORING_OP_CLOSE)->flags = IOSQE_CQE_SKIP_SUCCESS;
	fake_run(&f);
	spawn_ok(&f, f.outcome == -EINVAL, "nor_one_that_says_nothing_einval");

	spawn_init(&f, &rate_limit_ops, runs, NULL, 0);
	spawn_exec(&f, "/missing", NULL);
	spawn_chain_completes(&f, chain, FAKE_CQES - 1);
	fake_run(&f);
	spawn_ok(&f, f.outcome == -ENOENT && count_of(ENOENT) == 1 && !count_of(EBADF),
		 "completions_of_the_chain_are_passed_over");

	spawn_init(&f, &rate_limit_ops, runs, NULL, 0);
	spawn_exec(&f, "/cmd", NULL);
	f.queue_error = -ENOSPC;
	fake_run(&f);
	spawn_ok(&f, f.outcome == -ENOSPC, "no_room_to_queue_enospc");
}

int main(void)
{
	test_rate();
	test_burst();
	test_longest_wait();
	test_errors();
	test_chains();
	fake_maps_reset();
	return tap_end();
}
