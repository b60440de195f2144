/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The fixture of the tests of libspawn_bpf: a command that tells its state, spawned by either
 * backend, with the same expectations.
 */
#ifndef SPAWN_TEST_COMMAND_H
#define SPAWN_TEST_COMMAND_H

#include "libspawn_bpf.h"
#include "spawn_test.h"
#include "targets/state.h"

#define REPORT_FD	30	/* inherited, unlike the others that the fixture opens */
#define TTY_FD		29	/* inherited */
#define READ_FD		28

struct command {
	uint32_t			flags;		/* SPAWN_BPF_*, of the backend */
	enum spawn_bpf_backend		backend;
	char				program[256];	/* targets/state */
	struct spawn_bpf_cmd		*cmd;
	struct spawn_bpf_result		res;
	struct state			state;
};

/* command.c */
int command_init(struct command *c);
/* A new command without steps, instead of the one there was. */
int command_new(struct command *c, const char *file, uint32_t flags, const char *path);
int command_new_opts(struct command *c, const char *file, const struct spawn_bpf_cmd_opts *opts);
/* 0: it ran and has told its state. Else res.error, or -EPROTO if it was another backend. */
int command_run(struct command *c);
void command_fini(struct command *c);
int spawn_by(const struct command *c, const struct spawn_bpf_cmd *cmd, struct spawn_bpf_result *res,
	     uint32_t flags);
/* A command that only ends, with the status that was given as text. */
struct spawn_bpf_cmd *exit_command(const char *status);

#define COMMAND_FIXTURE(name)							\
FIXTURE(name) {									\
	struct command c;							\
};										\
FIXTURE_VARIANT(name) {								\
	uint32_t flags;								\
	enum spawn_bpf_backend backend;						\
};										\
FIXTURE_VARIANT_ADD(name, io_uring) {						\
	.flags = SPAWN_BPF_NO_FALLBACK, .backend = SPAWN_BPF_BACKEND_IO_URING	\
};										\
FIXTURE_VARIANT_ADD(name, clone) {						\
	.flags = SPAWN_BPF_NO_IO_URING, .backend = SPAWN_BPF_BACKEND_CLONE	\
};										\
FIXTURE_SETUP(name)								\
{										\
	self->c.flags = variant->flags;						\
	self->c.backend = variant->backend;					\
	ASSERT_EQ(0, command_init(&self->c));					\
}										\
FIXTURE_TEARDOWN(name)								\
{										\
	command_fini(&self->c);							\
	EXPECT_TRUE(no_child_left());						\
}

/* For tests that include fixture.h. */
#define EXPECT_RUNS(c)								\
	ASSERT_EQ(0, command_run(c)) {						\
		TH_LOG("step %d, backend %d", (c)->res.step, (c)->res.backend);	\
	}

/* It fails, nothing is left of it, and the next one is none the worse for it. */
#define EXPECT_FAILS(c, err, at) do {						\
	EXPECT_EQ((int)(err), command_run(c));					\
	EXPECT_EQ((int)(at), (c)->res.step);					\
	EXPECT_EQ(0, (c)->res.pid);						\
	EXPECT_EQ(-1, (c)->res.pidfd);						\
	EXPECT_TRUE(no_child_left());						\
} while (0)

/* Nothing is spawned by a command that has refused a step. */
#define EXPECT_REFUSED(c, err, at) do {						\
	EXPECT_EQ((int)(err), spawn_by(c, (c)->cmd, &(c)->res, 0));		\
	EXPECT_EQ((int)(at), (c)->res.step);					\
	EXPECT_EQ(SPAWN_BPF_BACKEND_NONE, (c)->res.backend);			\
	EXPECT_TRUE(no_child_left());						\
} while (0)

#endif
