/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The fixture of the tests of bpf/: a ring, and the skeleton of one policy, opened for slot 0 of it.
 * A test sets parameters, then says LIBRARY_ATTACH(name).
 */
#ifndef SPAWN_TEST_LIBRARY_H
#define SPAWN_TEST_LIBRARY_H

#include <bpf/libbpf.h>
#include "fixture.h"

#define LIBRARY_FIXTURE(name)							\
FIXTURE(name) {									\
	struct io_uring ring;							\
	struct name##_bpf *skel;						\
	struct bpf_link *link;							\
};										\
FIXTURE_SETUP(name)								\
{										\
	ASSERT_EQ(0, ring_init(&self->ring, 0));				\
	self->skel = name##_bpf__open();					\
	ASSERT_NE(NULL, self->skel);						\
	self->skel->struct_ops.name##_ops->ring_fd = self->ring.ring_fd;	\
}										\
FIXTURE_TEARDOWN(name)								\
{										\
	bpf_link__destroy(self->link);						\
	name##_bpf__destroy(self->skel);					\
	EXPECT_TRUE(all_children_gone());					\
	io_uring_queue_exit(&self->ring);					\
}

#define LIBRARY_ATTACH(name) do {						\
	ASSERT_EQ(0, name##_bpf__load(self->skel));				\
	self->link = bpf_map__attach_struct_ops(self->skel->maps.name##_ops);	\
	ASSERT_NE(NULL, self->link);						\
} while (0)

#endif
