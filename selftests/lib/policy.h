/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The fixture of the policy tests: a ring, the scripted policy in slot 0, chains that start with
 * it.
 */
#ifndef SPAWN_TEST_POLICY_H
#define SPAWN_TEST_POLICY_H

#include "fixture.h"
#include "scripted.h"

#define POLICY_FIXTURE_BODY(name)						\
FIXTURE(name) {									\
	struct io_uring ring;							\
	struct script script;							\
};										\
FIXTURE_VARIANT(name) {								\
	unsigned int ring_flags;						\
};										\
FIXTURE_SETUP(name)								\
{										\
	ASSERT_EQ(0, ring_init(&self->ring, variant->ring_flags));		\
	ASSERT_EQ(0, script_open(&self->script, self->ring.ring_fd, 0));	\
}										\
FIXTURE_TEARDOWN(name)								\
{										\
	script_close(&self->script);						\
	io_uring_queue_exit(&self->ring);					\
}

/*
 * Loading BPF is what these tests spend their time with: the ring's type varies only where it
 * matters.
 */
#define POLICY_FIXTURE(name, type)						\
	POLICY_FIXTURE_BODY(name)						\
	FIXTURE_VARIANT_ADD(name, type) { .ring_flags = type##_ring };

#define POLICY_FIXTURE_2(name)							\
	POLICY_FIXTURE_BODY(name)						\
	FIXTURE_VARIANT_ADD(name, plain) { .ring_flags = plain_ring };		\
	FIXTURE_VARIANT_ADD(name, defer) { .ring_flags = defer_ring };

enum { plain_ring = 0, defer_ring = RING_DEFER };

#define RECORD(n)	(self->script.skel->bss->records[n])
#define SEEN(n)		(self->script.skel->bss->seen[n])

#endif
