/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The test harness and the fixtures over it: one ring per test, of every type, chains in both
 * forms.
 */
#ifndef SPAWN_TEST_FIXTURE_H
#define SPAWN_TEST_FIXTURE_H

#include "kselftest_harness.h"
#include "spawn_test.h"

/*
 * 1 000 rounds on the debug kernel, emulated, take minutes. Macros expand late: this reaches every
 * test.
 */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 900

#define RING_FIXTURE_BODY(name)							\
FIXTURE(name) {									\
	struct io_uring ring;							\
};										\
FIXTURE_VARIANT(name) {								\
	unsigned int ring_flags;						\
	bool array;								\
};										\
FIXTURE_SETUP(name)								\
{										\
	struct io_uring_query_spawn query;					\
										\
	ASSERT_EQ(0, ring_init(&self->ring, variant->ring_flags));		\
	ASSERT_EQ(0, io_uring_spawn_query(self->ring.ring_fd, &query)) {	\
		TH_LOG("this kernel has no io_uring spawn: boot the patched one"); \
	}									\
}										\
FIXTURE_TEARDOWN(name)								\
{										\
	io_uring_queue_exit(&self->ring);					\
}

/* The two ways a ring posts completions. */
#define RING_FIXTURE_2(name)							\
	RING_FIXTURE_BODY(name)							\
	FIXTURE_VARIANT_ADD(name, plain) { .array = true };			\
	FIXTURE_VARIANT_ADD(name, defer) { .ring_flags = RING_DEFER, .array = true };

/* Both forms of a chain, every type of ring. */
#define CHAIN_FIXTURE(name)							\
	RING_FIXTURE_BODY(name)							\
	FIXTURE_VARIANT_ADD(name, links) { .array = false };			\
	FIXTURE_VARIANT_ADD(name, array) { .array = true };			\
	FIXTURE_VARIANT_ADD(name, links_single_issuer) {			\
		.ring_flags = IORING_SETUP_SINGLE_ISSUER, .array = false };	\
	FIXTURE_VARIANT_ADD(name, array_coop) {					\
		.ring_flags = IORING_SETUP_COOP_TASKRUN, .array = true };	\
	FIXTURE_VARIANT_ADD(name, links_defer) { .ring_flags = RING_DEFER, .array = false }; \
	FIXTURE_VARIANT_ADD(name, array_defer) { .ring_flags = RING_DEFER, .array = true };

/* Both forms of a chain, the two ways a ring posts: for what has nothing to do with rings. */
#define CHAIN_FIXTURE_2(name)							\
	RING_FIXTURE_BODY(name)							\
	FIXTURE_VARIANT_ADD(name, links) { .array = false };			\
	FIXTURE_VARIANT_ADD(name, array_defer) { .ring_flags = RING_DEFER, .array = true };

/* The next CQE is this one. */
#define ASSERT_CQE(ring, ud, result) do {					\
	struct io_uring_cqe __cqe = {};						\
	ASSERT_EQ(0, next_cqe(ring, &__cqe));					\
	ASSERT_EQ((__u64)(ud), __cqe.user_data) {				\
		TH_LOG("res %d flags %#x", __cqe.res, __cqe.flags);		\
	}									\
	ASSERT_EQ((int)(result), __cqe.res);					\
} while (0)

/* The next CQE is CLONE's own, with a pid; evaluates to it. */
#define ASSERT_BORN(ring) ({							\
	struct io_uring_cqe __born = {};					\
	ASSERT_EQ(0, next_cqe(ring, &__born));					\
	ASSERT_EQ(UD_CLONE, __born.user_data);					\
	ASSERT_LT(0, __born.res);						\
	(pid_t)__born.res;							\
})

#define ASSERT_OUTCOME(ring, chain, result, at) do {				\
	struct outcome __out = chain_outcome(ring, chain);			\
	ASSERT_EQ((int)(result), __out.res) {					\
		TH_LOG("step %u", __out.step);					\
	}									\
	ASSERT_EQ((unsigned int)(at), __out.step);				\
} while (0)

/* The chain became a program; evaluates to its pid. */
#define ASSERT_EXECED(ring, chain) ({						\
	struct outcome __run = chain_outcome(ring, chain);			\
	ASSERT_LT(0, __run.res) {						\
		TH_LOG("step %u", __run.step);					\
	}									\
	(pid_t)__run.res;							\
})

static int list_tests(void)
{
	struct __fixture_variant_metadata none = { .name = "" }, *v;
	struct __fixture_metadata *f;
	struct __test_metadata *t;

	for (f = __fixture_list; f; f = f->next)
		for (v = f->variant ?: &none; v; v = v->next)
			for (t = f->tests; t; t = t->next)
				printf("%s%s%s.%s\n", f->name, v->name[0] ? "." : "", v->name,
				       t->name);
	return 0;
}

/* The harness lists for people (-l); the runner asks for names. */
static int test_main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--list"))
		return list_tests();
	return test_harness_run(argc, argv);
}

#define TEST_MAIN								\
int main(int argc, char **argv)							\
{										\
	return test_main(argc, argv);						\
}

#endif
