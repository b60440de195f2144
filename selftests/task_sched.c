// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Attributes SCHED, NICE, AFFINITY and IOPRIO do what their system calls do. */
#include <errno.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include "lib/fixture.h"
#include "lib/attr.h"

#define BAD		((void *)8)
#define RESET_ON_FORK	1
#define KEEP_ALL	0x18
#define DEADLINE	6
#define MS		1000000ULL

#define SCHEDULING(...)	{ .size = sizeof(struct scheduling), __VA_ARGS__ }

static void nice_nobody(struct attr_case *c)
{
	struct rlimit upto5 = { 15, 15 };	/* 20 - nice */

	setpriority(PRIO_PROCESS, 0, 10);
	setrlimit(RLIMIT_NICE, &upto5);
	as_nobody(c);
}

static void realtime_nobody(struct attr_case *c)
{
	struct rlimit upto5 = { 5, 5 };

	setrlimit(RLIMIT_RTPRIO, &upto5);
	as_nobody(c);
}

TEST(sched_is_sched_setattr)
{
	struct scheduling other = SCHEDULING(.policy = SCHED_OTHER, .nice = 3),
		mighty = SCHEDULING(.policy = SCHED_OTHER, .nice = -5),
		batch = SCHEDULING(.policy = SCHED_BATCH, .nice = 7),
		idle = SCHEDULING(.policy = SCHED_IDLE),
		fifo = SCHEDULING(.policy = SCHED_FIFO, .priority = 4),
		fifo9 = SCHEDULING(.policy = SCHED_FIFO, .priority = 9),
		rr = SCHEDULING(.policy = SCHED_RR, .priority = 2, .flags = RESET_ON_FORK),
		keep = SCHEDULING(.policy = SCHED_OTHER, .flags = KEEP_ALL),
		deadline = SCHEDULING(.policy = DEADLINE, .runtime = 100 * MS,
				      .deadline = 1000 * MS, .period = 1000 * MS),
		none = SCHEDULING(.policy = 77),
		fifo0 = SCHEDULING(.policy = SCHED_FIFO),
		fifo100 = SCHEDULING(.policy = SCHED_FIFO, .priority = 100),
		flag = SCHEDULING(.policy = SCHED_OTHER, .flags = 1ULL << 40),
		small = { .size = 40 };
	struct attr_case cases[] = {
		{ "other", 0, NULL, { SCHED(&other, 0) } },
		{ "other, as nobody", 0, as_nobody, { SCHED(&other, 0) } },
		{ "batch", 0, NULL, { SCHED(&batch, 0) } },
		{ "idle", 0, NULL, { SCHED(&idle, 0) } },
		{ "fifo", 0, NULL, { SCHED(&fifo, 0) } },
		{ "rr, not for children", 0, NULL, { SCHED(&rr, 0) } },
		{ "deadline", 0, NULL, { SCHED(&deadline, 0) } },
		{ "as it is", 0, NULL, { SCHED(&batch, 0), SCHED(&keep, 0) } },
		{ "there and back", 0, NULL, { SCHED(&fifo, 0), SCHED(&other, 0) } },
		{ "fifo, within the limit", 0, realtime_nobody, { SCHED(&fifo, 0) } },
		{ "mightier, as nobody", -EPERM, as_nobody, { SCHED(&mighty, 0) } },
		{ "fifo, as nobody", -EPERM, as_nobody, { SCHED(&fifo, 0) } },
		{ "fifo, above the limit", -EPERM, realtime_nobody, { SCHED(&fifo9, 0) } },
		{ "fifo, without capability", -EPERM, as_root_without_caps, { SCHED(&fifo, 0) } },
		{ "deadline, as nobody", -EPERM, as_nobody, { SCHED(&deadline, 0) } },
		{ "fifo, given up", -EPERM, NULL,
		  { UID(NOBODY, NOBODY, NOBODY), SCHED(&fifo, 0) } },
		{ "deadline without affinity", -EPERM, NULL,
		  { AFFINITY("\1\0\0\0\0\0\0", 8), SCHED(&deadline, 0) } },
		{ "policy that is none", -EINVAL, NULL, { SCHED(&none, 0) } },
		{ "priority too low", -EINVAL, NULL, { SCHED(&fifo0, 0) } },
		{ "priority too high", -EINVAL, NULL, { SCHED(&fifo100, 0) } },
		{ "flag that is none", -EINVAL, NULL, { SCHED(&flag, 0) } },
		{ "flag of the call that is none", -EINVAL, NULL, { SCHED(&other, 1) } },
		{ "bad pointer", -EFAULT, NULL, { SCHED(BAD, 0) } },
		{ "null pointer", -EINVAL, NULL, { SCHED(NULL, 0) } },
		{ "too short", -E2BIG, NULL, { SCHED(&small, 0) } },
	};

	cases[ARRAY_SIZE(cases) - 1].step[0].len = small.size;
	EXPECT_ALL_EQUAL(cases);
}

TEST(nice_is_nice)
{
	struct attr_case cases[] = {
		{ "nicer", 0, NULL, { NICE(5) } },
		{ "nicer, as nobody", 0, as_nobody, { NICE(5) } },
		{ "as nice", 0, NULL, { NICE(0) } },
		{ "less nice", 0, NULL, { NICE(-5) } },
		{ "twice", 0, NULL, { NICE(5), NICE(5) } },
		{ "nicest", 0, NULL, { NICE(100) } },
		{ "least nice", 0, NULL, { NICE(-100) } },
		{ "number of all bits", 0, NULL, { NICE(0x7fffffff) } },
		{ "less nice within the limit", 0, nice_nobody, { NICE(-3) } },
		{ "less nice, as nobody", -EPERM, as_nobody, { NICE(-1) } },
		{ "less nice above the limit", -EPERM, nice_nobody, { NICE(-6) } },
		{ "less nice, given up", -EPERM, NULL, { UID(NOBODY, NOBODY, NOBODY), NICE(-1) } },
	};

	EXPECT_ALL_EQUAL(cases);
}

TEST(affinity_is_sched_setaffinity)
{
	static unsigned char first[128] = { 1 }, second[128] = { 2 }, both[128] = { 3 }, none[128],
		far[128] = { [1] = 0x80 }, more[128] = { [0] = 2, [100] = 0xff };
	struct attr_case cases[] = {
		{ "first", 0, NULL, { AFFINITY(first, 8) } },
		{ "second", 0, NULL, { AFFINITY(second, 8) } },
		{ "both", 0, as_nobody, { AFFINITY(both, 8) } },
		{ "mask of a byte", 0, NULL, { AFFINITY(second, 1) } },
		{ "mask longer than the kernel's", 0, NULL, { AFFINITY(second, 128) } },
		{ "and processors there are not", 0, NULL, { AFFINITY(more, 128) } },
		{ "there and back", 0, NULL, { AFFINITY(first, 8), AFFINITY(both, 8) } },
		{ "none", -EINVAL, NULL, { AFFINITY(none, 8) } },
		{ "one there is not", -EINVAL, NULL, { AFFINITY(far, 8) } },
		{ "mask of no byte", -EINVAL, NULL, { AFFINITY(first, 0) } },
		{ "bad pointer", -EFAULT, NULL, { AFFINITY(BAD, 8) } },
	};

	EXPECT_ALL_EQUAL(cases);
}

#define CLASS(class, level)	((class) << IOPRIO_CLASS_SHIFT | (level))

TEST(ioprio_is_ioprio_set)
{
	struct attr_case cases[] = {
		{ "best effort", 0, NULL, { IOPRIO(CLASS(IOPRIO_CLASS_BE, 6)) } },
		{ "idle, as nobody", 0, as_nobody, { IOPRIO(CLASS(IOPRIO_CLASS_IDLE, 0)) } },
		{ "real time", 0, NULL, { IOPRIO(CLASS(IOPRIO_CLASS_RT, 2)) } },
		{ "none", 0, NULL, { IOPRIO(CLASS(IOPRIO_CLASS_NONE, 0)) } },
		{ "real time, as nobody", -EPERM, as_nobody,
		  { IOPRIO(CLASS(IOPRIO_CLASS_RT, 2)) } },
		{ "none, with a level", -EINVAL, NULL, { IOPRIO(CLASS(IOPRIO_CLASS_NONE, 1)) } },
		{ "class that is none", -EINVAL, NULL, { IOPRIO(CLASS(4, 0)) } },
	};
	struct io_uring_query_spawn query;
	struct io_uring ring;

	ASSERT_EQ(0, ring_init(&ring, 0));
	ASSERT_EQ(0, io_uring_spawn_query(ring.ring_fd, &query));
	io_uring_queue_exit(&ring);
	if (syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0) < 0 && errno == ENOSYS) {
		EXPECT_FALSE(query.task_attrs & 1ULL << IORING_TASK_IOPRIO);
		SKIP(return, "a kernel without CONFIG_BLOCK has no ioprio_set(2)");
	}
	EXPECT_ALL_EQUAL(cases);
}

TEST_MAIN
