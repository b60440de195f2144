// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy by_file without a kernel. TAP. */
#include "../../bpf/testing/by_file.bpf.c"
#include "spawn.h"

#define FD	5

struct spawn {
	struct fake		f;
	struct by_file_arg	arg;
};

static const char *text;	/* what the file holds */

static void fill_data(struct fake *f, const struct io_uring_sqe *sqe)
{
	size_t len = strlen(text);

	(void)f;
	memcpy((void *)(uintptr_t)sqe->addr, text, len < sqe->len ? len : sqe->len);
}

#define OPENS(res)	{ "/file", res, 0, IORING_OP_OPENAT }
#define READS(res)	{ FAKE_ANY, res, 0, IORING_OP_READ, 0, fill_data }
#define CLOSES(res)	{ FAKE_ANY, res, 0, IORING_OP_CLOSE }
#define PROGRAMS	{ "/a", 0, 0 }, { "/b", 0, 0 }, { 0 }

static void prepare(struct spawn *s, const struct fake_line *world, const char *prefix)
{
	memset(&s->arg, 0, sizeof(s->arg));
	s->arg.want.path = U64("/file");
	s->arg.want.dfd = AT_FDCWD;
	s->arg.want.len = strlen(prefix);
	memcpy(s->arg.prefix, prefix, strlen(prefix));
	spawn_init(&s->f, &by_file_ops, world, &s->arg, sizeof(s->arg));
	spawn_exec(&s->f, "/a", NULL);
	spawn_exec(&s->f, "/b", NULL);
}

static bool chose(const struct spawn *s, unsigned int template, int res)
{
	const struct by_file_report *r = &s->arg.report;

	return s->f.nr_execs == 1 && spawn_runs(&s->f, template ? "/b" : "/a") && !r->error &&
	       r->chosen == template + 1 && r->res == res;
}

static bool ended(const struct spawn *s, int err, unsigned int chosen)
{
	return s->f.outcome == err && s->arg.report.error == err && s->arg.report.chosen == chosen;
}

/* Was the descriptor closed, once? */
static bool closed(const struct spawn *s)
{
	unsigned int i, nr = 0;

	for (i = 0; i < s->f.nr_issued; i++)
		nr += s->f.issued[i].opcode == IORING_OP_CLOSE && s->f.issued[i].fd == FD;
	return nr == 1;
}

static void test_contents(void)
{
	static const struct fake_line two[] = { OPENS(FD), READS(2), CLOSES(0), PROGRAMS };
	static const struct fake_line one[] = { OPENS(FD), READS(1), CLOSES(0), PROGRAMS };
	static const struct fake_line zero[] = { OPENS(FD), READS(0), CLOSES(0), PROGRAMS };
	static const struct fake_line most[] = { OPENS(FD), READS(64), CLOSES(0), PROGRAMS };
	char same[BY_FILE_MAX + 1] = {}, other[BY_FILE_MAX + 1] = {};
	struct spawn s;

	text = "#!/bin/sh";
	prepare(&s, two, "#!");
	fake_run(&s.f);
	spawn_ok(&s.f, chose(&s, 0, 2) && closed(&s), "begins_with_the_prefix");

	prepare(&s, two, "MZ");
	fake_run(&s.f);
	spawn_ok(&s.f, chose(&s, 1, 2) && closed(&s), "begins_with_something_else");

	text = "#";
	prepare(&s, one, "#!");
	fake_run(&s.f);
	spawn_ok(&s.f, chose(&s, 1, 1) && closed(&s), "shorter_than_the_prefix");

	/* what the application left in data[] is not what was read */
	prepare(&s, one, "#!");
	memcpy(s.arg.data, "#!", 2);
	fake_run(&s.f);
	spawn_ok(&s.f, chose(&s, 1, 1), "old_bytes_of_the_region_do_not_count");

	text = "#!";
	prepare(&s, two, "#!");
	s.arg.data[2] = 'x';
	fake_run(&s.f);
	spawn_ok(&s.f, chose(&s, 0, 2), "nor_do_those_behind_the_prefix");

	prepare(&s, zero, "");
	fake_run(&s.f);
	spawn_ok(&s.f, chose(&s, 0, 0) && closed(&s), "no_prefix_is_any_file_that_can_be_read");

	memset(same, 'x', BY_FILE_MAX);
	memset(other, 'x', BY_FILE_MAX);
	other[BY_FILE_MAX - 1] = 'y';
	text = same;
	prepare(&s, most, same);
	fake_run(&s.f);
	spawn_ok(&s.f, chose(&s, 0, BY_FILE_MAX), "longest_prefix");
	text = other;
	prepare(&s, most, same);
	fake_run(&s.f);
	spawn_ok(&s.f, chose(&s, 1, BY_FILE_MAX), "longest_prefix_differs_in_the_last_byte");
}

static void test_errors(void)
{
	static const struct fake_line missing[] = { PROGRAMS };
	static const struct fake_line no_dir[] = { OPENS(-ENOTDIR), PROGRAMS };
	static const struct fake_line denied[] = { OPENS(-EACCES), PROGRAMS };
	static const struct fake_line dir[] = { OPENS(FD), READS(-EISDIR), CLOSES(0), PROGRAMS };
	static const struct fake_line fails[] = { OPENS(FD), READS(2), CLOSES(-EIO), PROGRAMS };
	static const struct fake_line no_prog[] = { OPENS(FD), READS(2), CLOSES(0), { 0 } };
	struct spawn s;

	text = "";
	prepare(&s, missing, "#!");
	fake_run(&s.f);
	spawn_ok(&s.f, chose(&s, 1, -ENOENT) && s.f.nr_issued == 2, "missing_is_template_1");

	prepare(&s, no_dir, "#!");
	fake_run(&s.f);
	spawn_ok(&s.f, chose(&s, 1, -ENOTDIR), "no_directory_is_missing");

	prepare(&s, denied, "#!");
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -EACCES, 0) && s.arg.report.res == -EACCES && !s.f.nr_execs,
		 "cannot_be_opened_eacces");

	prepare(&s, dir, "#!");
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -EISDIR, 0) && s.arg.report.res == -EISDIR && closed(&s),
		 "cannot_be_read_eisdir");

	text = "#!";
	prepare(&s, fails, "#!");
	fake_run(&s.f);
	spawn_ok(&s.f, chose(&s, 0, 2), "error_of_close_does_not_matter");

	prepare(&s, no_prog, "#!");
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -ENOENT, 1) && closed(&s), "program_missing_enoent");
}

static void test_regions(void)
{
	static const struct fake_line not_run[] = {
		OPENS(FD), READS(2), CLOSES(0), { 0 }
	};
	static const struct fake_line world[] = { OPENS(FD), READS(2), CLOSES(0), PROGRAMS };
	struct iou_spawn_cqe chain[FAKE_CQES - 1];
	struct spawn s;

	text = "#!";
	prepare(&s, world, "#!");
	s.f.sqes[0].len--;
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -ERANGE, 0) && !s.f.nr_issued, "region_too_short_erange");

	prepare(&s, world, "#!");
	iou_prep_policy(&s.f.sqes[0], 0, 0, 0, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE && !s.f.nr_issued, "no_region_erange");

	prepare(&s, world, "#!");
	s.arg.want.len = BY_FILE_MAX + 1;
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -EINVAL, 0) && !s.f.nr_issued, "prefix_too_long_einval");

	prepare(&s, world, "#!");
	s.f.nr_sqes = 1;
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -ERANGE, 1) && closed(&s), "no_template_erange");

	prepare(&s, world, "#!");
	spawn_chain_completes(&s.f, chain, FAKE_CQES - 1);
	fake_run(&s.f);
	spawn_ok(&s.f, chose(&s, 0, 2), "completions_of_the_chain_are_passed_over");

	prepare(&s, world, "#!");
	s.f.world = not_run;
	iou_prep_close(&s.f.sqes[1], 9);
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -EINVAL, 1), "template_that_is_no_exec_einval");

	prepare(&s, world, "#!");
	s.f.world = not_run;
	iou_prep_close(&s.f.sqes[1], 9);
	s.f.sqes[1].flags = IOSQE_CQE_SKIP_SUCCESS;
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -EINVAL, 1), "nor_one_that_says_nothing_einval");

	prepare(&s, world, "#!");
	s.f.queue_error = -ENOSPC;
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -ENOSPC, 0), "no_room_to_queue_enospc");
}

int main(void)
{
	test_contents();
	test_errors();
	test_regions();
	return tap_end();
}
