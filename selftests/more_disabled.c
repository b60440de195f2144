// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Nothing more than the submitter could: kernel.io_uring_disabled is about making rings. It says
 * nothing of those there are, and the private ring of a task is part of one of them.
 */
#include <errno.h>
#include <stdlib.h>
#include "lib/fixture.h"

#define DISABLED	"/proc/sys/kernel/io_uring_disabled"
#define SOMEBODY	4321

FIXTURE(disabled) {
	struct io_uring ring;
};

FIXTURE_SETUP(disabled)
{
	ASSERT_EQ(0, ring_init(&self->ring, 0));
}

FIXTURE_TEARDOWN(disabled)
{
	ASSERT_EQ(0, setresuid(0, 0, 0));
	EXPECT_EQ(0, write_file(DISABLED, "0"));
	io_uring_queue_exit(&self->ring);
}

static int spawn(struct io_uring *ring)
{
	struct chain c;

	chain_init(&c, true, 0);
	chain_nop(&c, 0);
	return chain_outcome(ring, &c).res;
}

/* As io_uring_setup(2) has it. */
static int make_ring(void)
{
	struct io_uring ring;
	int ret = io_uring_queue_init(4, &ring, 0);

	if (!ret)
		io_uring_queue_exit(&ring);
	return ret;
}

TEST_F(disabled, for_all_ring_from_before_spawns_ok)
{
	ASSERT_EQ(0, write_file(DISABLED, "2"));
	EXPECT_EQ(-EPERM, make_ring());
	EXPECT_EQ(0, spawn(&self->ring));
	/* the second one reuses a private ring */
	EXPECT_EQ(0, spawn(&self->ring));
}

TEST_F(disabled, for_the_unprivileged_ring_from_before_spawns_ok)
{
	ASSERT_EQ(0, write_file(DISABLED, "1"));
	ASSERT_EQ(0, setresuid(SOMEBODY, SOMEBODY, 0));
	EXPECT_EQ(-EPERM, make_ring());
	EXPECT_EQ(0, spawn(&self->ring));
}

TEST_MAIN
