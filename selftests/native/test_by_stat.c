// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy by_stat without a kernel. TAP. */
#include "../../bpf/testing/by_stat.bpf.c"
#include "spawn.h"

struct spawn {
	struct fake		f;
	struct by_stat_arg	arg;
};

/* What the file is, where there is one. */
static __u16 file_mode;
static __u64 file_size;

static void fill_statx(struct fake *f, const struct io_uring_sqe *sqe)
{
	struct statx *stx = (struct statx *)(uintptr_t)sqe->off;

	(void)f;
	stx->stx_mode = file_mode;
	stx->stx_size = file_size;
}

#define STAT(path, res)	{ path, res, 0, IORING_OP_STATX, 0, (res) ? NULL : fill_statx }
#define RUNS(path)	{ path, 0, 0 }

static void prepare(struct spawn *s, const struct fake_line *world)
{
	memset(&s->arg, 0, sizeof(s->arg));
	s->arg.want.path = U64("/file");
	s->arg.want.dfd = AT_FDCWD;
	spawn_init(&s->f, &by_stat_ops, world, &s->arg, sizeof(s->arg));
	spawn_exec(&s->f, "/a", NULL);
	spawn_exec(&s->f, "/b", NULL);
}

static bool chose(const struct spawn *s, unsigned int template, int stat)
{
	const struct by_stat_report *r = &s->arg.report;

	return s->f.nr_execs == 1 && spawn_runs(&s->f, template ? "/b" : "/a") && !r->error &&
	       r->chosen == template + 1 && r->stat == stat;
}

static bool ended(const struct spawn *s, int err, unsigned int chosen)
{
	return s->f.outcome == err && s->arg.report.error == err && s->arg.report.chosen == chosen;
}

static const struct fake_line there[] = { STAT("/file", 0), RUNS("/a"), RUNS("/b"), { 0 } };

static const struct {
	const char	*name;
	__u16		mode;
	__u64		size;
	struct by_stat_want want;
	unsigned int	template;
} files[] = {
	{ "anything_there_is_enough", S_IFIFO | 0600, 0, { .type = 0 }, 0 },
	{ "type_as_wanted", S_IFREG | 0644, 0, { .type = S_IFREG }, 0 },
	{ "another_type", S_IFDIR | 0755, 0, { .type = S_IFREG }, 1 },
	{ "type_is_not_a_bit_mask", S_IFSOCK | 0755, 0, { .type = S_IFREG }, 1 },
	{ "all_bits_of_the_mode_are_there", S_IFREG | 0755, 0, { .perm = 0111 }, 0 },
	{ "one_bit_of_the_mode_is_missing", S_IFREG | 0754, 0, { .perm = 0111 }, 1 },
	{ "just_as_large", S_IFREG, 1ULL << 33, { .min_size = 1ULL << 33 }, 0 },
	{ "one_byte_too_small", S_IFREG, (1ULL << 33) - 1, { .min_size = 1ULL << 33 }, 1 },
};

static void test_files(void)
{
	struct spawn s;
	unsigned int i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		file_mode = files[i].mode;
		file_size = files[i].size;
		prepare(&s, there);
		s.arg.want.type = files[i].want.type;
		s.arg.want.perm = files[i].want.perm;
		s.arg.want.min_size = files[i].want.min_size;
		fake_run(&s.f);
		spawn_ok(&s.f, chose(&s, files[i].template, 0) && s.arg.report.mode == file_mode &&
			 s.arg.report.size == file_size, files[i].name);
	}
}

static void test_errors(void)
{
	static const struct fake_line missing[] = { RUNS("/b"), { 0 } };
	static const struct fake_line no_dir[] = { STAT("/file", -ENOTDIR), RUNS("/b"), { 0 } };
	static const struct fake_line denied[] = { STAT("/file", -EACCES), RUNS("/b"), { 0 } };
	static const struct fake_line no_prog[] = { STAT("/file", 0), { 0 } };
	struct spawn s;

	prepare(&s, missing);
	fake_run(&s.f);
	spawn_ok(&s.f, chose(&s, 1, -ENOENT), "missing_is_template_1");

	prepare(&s, no_dir);
	fake_run(&s.f);
	spawn_ok(&s.f, chose(&s, 1, -ENOTDIR), "no_directory_is_missing");

	prepare(&s, denied);
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -EACCES, 0) && s.arg.report.stat == -EACCES && !s.f.nr_execs,
		 "what_cannot_be_seen_is_not_missing_eacces");

	prepare(&s, no_prog);
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -ENOENT, 1) && s.f.nr_execs == 1, "program_missing_enoent");
}

static void test_sqe(void)
{
	struct spawn s;

	prepare(&s, there);
	s.arg.want.dfd = 7;
	s.arg.want.at_flags = AT_SYMLINK_NOFOLLOW;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.issued[0].opcode == IORING_OP_STATX && s.f.issued[0].fd == 7 &&
		 s.f.issued[0].statx_flags == AT_SYMLINK_NOFOLLOW,
		 "directory_and_flags_are_those_of_the_region");
}

static void test_regions(void)
{
	struct spawn s;

	prepare(&s, there);
	s.f.sqes[0].len--;
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -ERANGE, 0) && !s.f.nr_issued,
		 "region_too_short_for_a_statx_erange");

	prepare(&s, there);
	iou_prep_policy(&s.f.sqes[0], 0, 0, 0, 0);
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE && !s.f.nr_issued, "no_region_erange");
}

static void test_chains(void)
{
	static const struct fake_line not_run[] = {
		STAT("/file", 0), { FAKE_ANY, 0, 0, IORING_OP_CLOSE }, { 0 }
	};
	struct iou_spawn_cqe chain[FAKE_CQES - 1];
	struct spawn s;

	prepare(&s, there);
	s.f.nr_sqes = 1;
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -ERANGE, 1) && !s.f.nr_execs, "no_template_erange");

	prepare(&s, there);
	spawn_chain_completes(&s.f, chain, FAKE_CQES - 1);
	fake_run(&s.f);
	spawn_ok(&s.f, chose(&s, 0, 0), "completions_of_the_chain_are_passed_over");

	prepare(&s, there);
	s.f.world = not_run;
	iou_prep_close(&s.f.sqes[1], 9);
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -EINVAL, 1), "template_that_is_no_exec_einval");

	prepare(&s, there);
	s.f.world = not_run;
	iou_prep_close(&s.f.sqes[1], 9);
	s.f.sqes[1].flags = IOSQE_CQE_SKIP_SUCCESS;
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -EINVAL, 1), "nor_one_that_says_nothing_einval");

	prepare(&s, there);
	s.f.queue_error = -ENOSPC;
	fake_run(&s.f);
	spawn_ok(&s.f, ended(&s, -ENOSPC, 0), "no_room_to_queue_enospc");
}

int main(void)
{
	test_files();
	test_errors();
	test_sqe();
	test_regions();
	test_chains();
	return tap_end();
}
