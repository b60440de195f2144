// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The policy once without a kernel. TAP. */
#include "../../bpf/once.bpf.c"
#include "spawn.h"

struct spawn {
	struct fake	f;
	union {
		struct spawn_prog_arg	arg;
		unsigned char		bytes[SPAWN_PROG_ARG_LEN(2)];
	};
};

static const char *const argv[] = { "cmd", NULL };

static void prepare(struct spawn *s, const struct fake_line *world)
{
	memset(s->bytes, 0, sizeof(s->bytes));
	s->arg.nr_paths = 2;
	s->arg.vec[0] = U64("/a/cmd");
	s->arg.vec[1] = U64("/b/cmd");
	spawn_init(&s->f, &once_ops, world, &s->arg, sizeof(s->bytes));
	spawn_exec(&s->f, NULL, argv);
}

int main(void)
{
	static const struct fake_line first[] = { { "/a/cmd", 0, 0 }, { 0 } };
	static const struct fake_line second[] = { { "/b/cmd", 0, 0 }, { 0 } };
	struct spawn s;

	prepare(&s, first);
	fake_run(&s.f);
	spawn_ok(&s.f, spawn_runs(&s.f, "/a/cmd") && (const void *)s.f.argv == argv,
		 "first_path_runs");

	prepare(&s, second);
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ENOENT && s.f.nr_execs == 1, "second_path_is_not_tried");

	prepare(&s, first);
	s.f.sqes[0].len = SPAWN_PROG_VEC(0);
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE && !s.f.nr_execs, "region_without_a_path_erange");

	prepare(&s, first);
	s.f.nr_sqes = 1;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ERANGE && !s.f.nr_execs, "no_template_erange");

	prepare(&s, first);
	s.f.queue_error = -ENOSPC;
	fake_run(&s.f);
	spawn_ok(&s.f, s.f.outcome == -ENOSPC && !s.f.nr_execs, "no_room_to_queue_enospc");
	return tap_end();
}
