// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What TASK does not take: -EINVAL. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include "lib/fixture.h"
#include "lib/attr.h"

RING_FIXTURE_2(task_refused)

enum { FD = 1, ADDR = 2, LEN = 4, FLAGS = 8, ADDR3 = 16 };

static const gid_t no_group;
static const struct scheduling plain = { .size = sizeof(plain) };
static const unsigned long cpus[16] = { 3 };

/* Every attribute that can be set, with the fields it reads, and values it takes. */
static const struct {
	struct attr	good;
	unsigned int	fields;
	bool		fails;		/* here, but not with -EINVAL */
} table[] = {
	{ DUP(0, 0), FD | LEN | FLAGS },
	{ OPEN(AT_FDCWD, "/", O_RDONLY, 0, 5), FD | ADDR | LEN | FLAGS | ADDR3 },
	{ CLOSE_RANGE(60, 60, 0), FD | LEN | FLAGS },
	{ CHDIR(AT_FDCWD, "/"), FD | ADDR },
	{ CHROOT(AT_FDCWD, "/"), FD | ADDR },
	{ UMASK(022), LEN },
	{ SIGMASK(0, SIG_BLOCK), ADDR | LEN },
	{ SIGDEFAULT(0), ADDR },
	{ SETSID(), 0 },
	{ SETPGID(0), LEN },
	{ CTTY(0), FD, .fails = true },
	{ TCSETPGRP(0, 0), FD | LEN, .fails = true },
	{ SCHED(&plain, 0), ADDR | LEN | FLAGS },
	{ NICE(0), LEN },
	{ AFFINITY(cpus, sizeof(cpus)), ADDR | LEN },
	{ IOPRIO(0), LEN },
	{ RLIMIT(RLIMIT_CORE, 0, 0), ADDR | LEN | ADDR3 },
	{ GROUPS(&no_group, 0), ADDR | LEN },
	{ GID(-1, -1, -1), ADDR | ADDR3 },
	{ UID(-1, -1, -1), ADDR | ADDR3 },
	{ RESETIDS(), 0 },
	{ PRCTL(PR_SET_KEEPCAPS, 0), ADDR | LEN | ADDR3 },
};

static struct io_uring_task_caps no_caps;

/* Those that no kernel of this version sets, as they would be asked for. */
static const struct attr never[] = {
	ATTR(CAPS, .addr = U64(&no_caps), .len = sizeof(no_caps)),
	ATTR(SECCOMP, .addr = U64(&no_caps)),
	ATTR(UNSHARE, .addr = CLONE_NEWUTS),
	ATTR(SETNS, .fd = 0),
};

static int result_of(struct io_uring *ring, const struct io_uring_sqe *sqe)
{
	struct chain c;

	chain_init(&c, true, 0);
	*chain_add(&c) = *sqe;
	c.sqe[0].user_data = 0;
	return chain_outcome(ring, &c).res;
}

static int result_of_attr(struct io_uring *ring, const struct attr *a)
{
	struct io_uring_sqe sqe = {};

	attr_sqe(&sqe, a);
	return result_of(ring, &sqe);
}

TEST_F(task_refused, query_names_what_can_be_set)
{
	struct io_uring_query_spawn query;
	__u64 all = 0, ioprio = 1ULL << IORING_TASK_IOPRIO;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		all |= 1ULL << table[i].good.attr;
	for (i = 0; i < ARRAY_SIZE(never); i++)
		EXPECT_FALSE(all & 1ULL << never[i].attr);
	EXPECT_EQ(IORING_TASK_LAST, ARRAY_SIZE(table) + ARRAY_SIZE(never));
	ASSERT_EQ(0, io_uring_spawn_query(self->ring.ring_fd, &query));
	EXPECT_EQ(all, query.task_attrs | ioprio);
}

TEST_F(task_refused, attributes_without_a_helper_einval)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(never); i++)
		EXPECT_EQ(-EINVAL, result_of_attr(&self->ring, &never[i])) {
			TH_LOG("attribute %u", never[i].attr);
		}
}

TEST_F(task_refused, unknown_attribute_einval)
{
	static const __u64 unknown[] = {
		IORING_TASK_LAST, 63, 64, 1ULL << 32, 1ULL << 32 | IORING_TASK_UMASK, ~0ULL,
	};
	struct io_uring_sqe sqe;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		iou_prep_task(&sqe, 0, 0, 0, 0, 0, 0);
		sqe.off = unknown[i];
		EXPECT_EQ(-EINVAL, result_of(&self->ring, &sqe)) {
			TH_LOG("attribute %#llx", (unsigned long long)unknown[i]);
		}
	}
}

static void set_field(struct io_uring_sqe *sqe, unsigned int bit)
{
	switch (1U << bit) {
	case FD:	sqe->fd = 1; break;
	case ADDR:	sqe->addr = 1; break;
	case LEN:	sqe->len = 1; break;
	case FLAGS:	sqe->rw_flags = 1; break;
	case ADDR3:	sqe->addr3 = 1; break;
	case 32:	sqe->ioprio = 1; break;
	case 64:	sqe->buf_index = 1; break;
	case 128:	sqe->file_index = 1; break;
	case 256:	sqe->__pad2[0] = 1; break;
	}
}

#define NR_FIELDS	9

TEST_F(task_refused, fields_an_attribute_does_not_name_einval)
{
	struct io_uring_query_spawn query;
	unsigned int i, bit;

	ASSERT_EQ(0, io_uring_spawn_query(self->ring.ring_fd, &query));
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct io_uring_sqe good = {}, sqe;
		int res;

		if (!(query.task_attrs & 1ULL << table[i].good.attr))
			continue;
		attr_sqe(&good, &table[i].good);
		res = result_of(&self->ring, &good);
		EXPECT_TRUE(table[i].fails ? res < 0 && res != -EINVAL : !res) {
			TH_LOG("attribute %u: %d", table[i].good.attr, res);
		}
		for (bit = 0; bit < NR_FIELDS; bit++) {
			if (table[i].fields & 1U << bit)
				continue;
			sqe = good;
			set_field(&sqe, bit);
			EXPECT_EQ(-EINVAL, result_of(&self->ring, &sqe)) {
				TH_LOG("attribute %u, field %u", table[i].good.attr, bit);
			}
		}
	}
}

TEST_F(task_refused, ids_of_more_than_32_bits_einval)
{
	static const struct attr wide[] = {
		ATTR(GID, .addr = ~0ULL, .addr3 = 1ULL << 32),
		ATTR(UID, .addr = ~0ULL, .addr3 = 1ULL << 32),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wide); i++)
		EXPECT_EQ(-EINVAL, result_of_attr(&self->ring, &wide[i])) {
			TH_LOG("attribute %u", wide[i].attr);
		}
}

TEST_F(task_refused, target_of_more_than_32_bits_ebadf)
{
	struct attr open = OPEN(AT_FDCWD, "/", O_RDONLY, 0, 1ULL << 32 | 5);

	EXPECT_EQ(-EBADF, result_of_attr(&self->ring, &open));
}

/* Which attribute that is depends on the configuration. */
TEST_F(task_refused, attributes_the_kernel_has_no_system_call_for_eopnotsupp)
{
	struct io_uring_query_spawn query;
	unsigned int i, missing = 0;

	ASSERT_EQ(0, io_uring_spawn_query(self->ring.ring_fd, &query));
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		if (query.task_attrs & 1ULL << table[i].good.attr)
			continue;
		missing++;
		EXPECT_EQ(-EOPNOTSUPP, result_of_attr(&self->ring, &table[i].good));
	}
	if (!missing)
		SKIP(return, "this kernel has the system calls of all attributes");
}

TEST_F(task_refused, length_that_is_not_that_of_the_struct_einval)
{
	struct attr sched = SCHED(&plain, 0);

	sched.len--;
	EXPECT_EQ(-EINVAL, result_of_attr(&self->ring, &sched));
	sched.len = 0;
	EXPECT_EQ(-EINVAL, result_of_attr(&self->ring, &sched));
}

TEST_F(task_refused, in_a_ring_of_an_application_einval)
{
	struct io_uring_cqe cqe;
	mode_t mask = umask(022);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		attr_sqe(get_sqe(&self->ring), &table[i].good);
		ASSERT_EQ(0, submit_all(&self->ring));
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		EXPECT_EQ(-EINVAL, cqe.res);
	}
	EXPECT_EQ(022, umask(mask));
}

TEST_F(task_refused, link_timeout_behind_it_einval)
{
	struct __kernel_timespec ts = { .tv_sec = 1 };
	struct attr mask = UMASK(022);
	struct chain c;

	chain_init(&c, true, 0);
	attr_sqe(chain_add(&c), &mask);
	c.sqe[0].flags = IOSQE_IO_LINK;
	io_uring_prep_link_timeout(chain_add(&c), &ts, 0);
	c.sqe[1].user_data = 1;
	ASSERT_OUTCOME(&self->ring, &c, -EINVAL, 1);
}

TEST_F(task_refused, fixed_file_einval)
{
	struct attr dup = DUP(0, 5);
	struct io_uring_sqe sqe = {};
	int fd = 0;

	ASSERT_EQ(0, io_uring_register_files(&self->ring, &fd, 1));
	attr_sqe(&sqe, &dup);
	sqe.flags = IOSQE_FIXED_FILE;
	EXPECT_EQ(-EINVAL, result_of(&self->ring, &sqe));
}

TEST_MAIN
