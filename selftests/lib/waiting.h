/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A fixture: a ring, and a chain that waits for a byte, then becomes a program. */
#ifndef SPAWN_TEST_WAITING_H
#define SPAWN_TEST_WAITING_H

#include <sys/prctl.h>
#include "fixture.h"

#define WAITING_FIXTURE(name)	\
FIXTURE(name) {	\
	struct io_uring ring;	\
	struct chain chain;	\
	char path[256];	\
	int gate[2];	\
	char byte;	\
};	\
FIXTURE_SETUP(name)	\
{	\
	static char *argv[] = { "quick", NULL };	\
	\
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));	\
	ASSERT_EQ(0, ring_init(&self->ring, 0));	\
	ASSERT_EQ(0, target(self->path, sizeof(self->path), "quick"));	\
	ASSERT_EQ(0, pipe(self->gate));	\
	chain_init(&self->chain, true, IORING_CLONE_FINAL | IORING_CLONE_QUIET);	\
	chain_read(&self->chain, self->gate[0], &self->byte, 1);	\
	chain_exec(&self->chain, self->path, argv);	\
	chain_link(&self->chain, IOSQE_IO_LINK);	\
}	\
FIXTURE_TEARDOWN(name)	\
{	\
	EXPECT_TRUE(all_children_gone());	\
	io_uring_queue_exit(&self->ring);	\
}

#endif
