/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The fixture of the tests of bpf/: a ring, and the skeleton of one policy, opened for slot 0 of
 * it. A test sets parameters, then says LIBRARY_ATTACH(name).
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

/* What the policy writes to the region while a spawn goes on. */
#define ASSERT_BECOMES_TRUE(condition) do {					\
	unsigned long __end = now_ms() + WAIT_MS;				\
										\
	while (!(condition) && now_ms() < __end)				\
		usleep(1000);							\
	ASSERT_TRUE(condition);							\
} while (0)

/*
 * targets/report with an exit status of the test's: says which EXEC it was that succeeded. It
 * writes to a descriptor that the task has a copy of.
 */
struct coded {
	char	path[256], fd[16], code[16];
	char	*argv[4];
};

static inline int coded_init(struct coded *p, int fd, int code)
{
	snprintf(p->fd, sizeof(p->fd), "%d", fd);
	snprintf(p->code, sizeof(p->code), "%d", code);
	p->argv[0] = (char *)"report";
	p->argv[1] = p->fd;
	p->argv[2] = p->code;
	p->argv[3] = NULL;
	return fd < 0 ? -errno : target(p->path, sizeof(p->path), "report");
}

#endif
