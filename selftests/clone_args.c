// SPDX-License-Identifier: GPL-2.0 OR MIT
/* CLONE's argument: what is accepted, and the errno of everything that is not. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include "lib/fixture.h"

RING_FIXTURE_2(clone_args)

/* A chain of one NOP as an array, CLONE with the given addr and len. */
static int clone_res(struct io_uring *ring, const struct io_uring_sqe *clone)
{
	struct io_uring_sqe *sqe = get_sqe(ring);
	struct io_uring_cqe cqe;
	int ret;

	*sqe = *clone;
	ret = submit_all(ring);
	if (!ret)
		ret = next_cqe(ring, &cqe);
	if (ret)
		return ret;
	if (cqe.res >= 0 || cqe.user_data != UD_CLONE)
		ret = cqe.user_data == UD_CLONE ? 0 : -EBADMSG;
	return cqe.res < 0 ? cqe.res : ret;
}

struct setup {
	struct io_uring_sqe		clone, chain[2];
	struct io_uring_clone_args	args;
};

static void fill(struct setup *s)
{
	memset(s, 0, sizeof(*s));
	s->args.sqes = U64(s->chain);
	s->args.nr_sqes = 1;
	s->args.nr_submit = 1;
	s->chain[0].opcode = IORING_OP_NOP;
	iou_prep_clone(&s->clone, U64(&s->args), sizeof(s->args),
		       IORING_CLONE_DEFER | IORING_CLONE_QUIET);
	s->clone.user_data = UD_CLONE;
}

TEST_F(clone_args, plain_args_ok)
{
	struct setup s;

	fill(&s);
	EXPECT_EQ(0, clone_res(&self->ring, &s.clone));
}

TEST_F(clone_args, longer_struct_with_zero_tail_ok)
{
	struct { struct io_uring_clone_args args; char tail[64]; } longer = {};
	struct setup s;

	fill(&s);
	longer.args = s.args;
	s.clone.addr = U64(&longer);
	s.clone.len = sizeof(longer);
	EXPECT_EQ(0, clone_res(&self->ring, &s.clone));
}

TEST_F(clone_args, longer_struct_with_nonzero_tail_e2big)
{
	struct { struct io_uring_clone_args args; char tail[64]; } longer = {};
	struct setup s;
	unsigned int i;

	fill(&s);
	longer.args = s.args;
	s.clone.addr = U64(&longer);
	s.clone.len = sizeof(longer);
	for (i = 0; i < sizeof(longer.tail); i += 21) {
		memset(longer.tail, 0, sizeof(longer.tail));
		longer.tail[i] = 1;
		EXPECT_EQ(-E2BIG, clone_res(&self->ring, &s.clone));
	}
}

TEST_F(clone_args, struct_longer_than_a_page_e2big)
{
	static char longer[8192];
	struct setup s;

	fill(&s);
	memcpy(longer, &s.args, sizeof(s.args));
	s.clone.addr = U64(longer);
	s.clone.len = sizeof(longer);
	EXPECT_EQ(-E2BIG, clone_res(&self->ring, &s.clone));
}

TEST_F(clone_args, shorter_struct_einval)
{
	struct setup s;
	unsigned int len;

	for (len = 1; len < sizeof(s.args); len++) {
		fill(&s);
		s.clone.len = len;
		EXPECT_EQ(-EINVAL, clone_res(&self->ring, &s.clone));
	}
}

TEST_F(clone_args, address_without_length_einval)
{
	struct setup s;

	fill(&s);
	s.clone.len = 0;
	EXPECT_EQ(-EINVAL, clone_res(&self->ring, &s.clone));
}

TEST_F(clone_args, unknown_spawn_flags_einval)
{
	struct io_uring_query_spawn query;
	struct setup s;
	int bit;

	ASSERT_EQ(0, io_uring_spawn_query(self->ring.ring_fd, &query));
	ASSERT_NE(0, query.spawn_flags & IORING_CLONE_DEFER);
	for (bit = 0; bit < 32; bit++) {
		if (query.spawn_flags & 1U << bit)
			continue;
		fill(&s);
		s.clone.rw_flags |= 1U << bit;
		EXPECT_EQ(-EINVAL, clone_res(&self->ring, &s.clone)) {
			TH_LOG("bit %d", bit);
		}
	}
}

TEST_F(clone_args, final_with_defer_einval)
{
	struct setup s;

	fill(&s);
	s.clone.rw_flags |= IORING_CLONE_FINAL;
	EXPECT_EQ(-EINVAL, clone_res(&self->ring, &s.clone));
}

TEST_F(clone_args, clone_flags_not_in_query_einval)
{
	struct io_uring_query_spawn query;
	struct setup s;
	int bit;

	ASSERT_EQ(0, io_uring_spawn_query(self->ring.ring_fd, &query));
	EXPECT_EQ(0,
		  query.clone_flags & (CLONE_VM | CLONE_FILES | CLONE_THREAD | CLONE_SIGHAND |
				       CLONE_VFORK | CLONE_PARENT | CLONE_PTRACE | CLONE_UNTRACED));
	for (bit = 0; bit < 64; bit++) {
		if (query.clone_flags & 1ULL << bit)
			continue;
		fill(&s);
		s.args.flags = 1ULL << bit;
		EXPECT_EQ(-EINVAL, clone_res(&self->ring, &s.clone)) {
			TH_LOG("bit %d", bit);
		}
	}
}

TEST_F(clone_args, reserved_words_einval)
{
	struct setup s;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(s.args.__resv); i++) {
		fill(&s);
		s.args.__resv[i] = 1;
		EXPECT_EQ(-EINVAL, clone_res(&self->ring, &s.clone));
	}
}

TEST_F(clone_args, unused_sqe_fields_einval)
{
	struct setup s;

	fill(&s);
	s.clone.fd = 1;
	EXPECT_EQ(-EINVAL, clone_res(&self->ring, &s.clone));
	fill(&s);
	s.clone.ioprio = 1;
	EXPECT_EQ(-EINVAL, clone_res(&self->ring, &s.clone));
	fill(&s);
	s.clone.off = 1;
	EXPECT_EQ(-EINVAL, clone_res(&self->ring, &s.clone));
	fill(&s);
	s.clone.buf_index = 1;
	EXPECT_EQ(-EINVAL, clone_res(&self->ring, &s.clone));
	fill(&s);
	s.clone.file_index = 1;
	EXPECT_EQ(-EINVAL, clone_res(&self->ring, &s.clone));
	fill(&s);
	s.clone.addr3 = 1;
	EXPECT_EQ(-EINVAL, clone_res(&self->ring, &s.clone));
	fill(&s);
	s.clone.__pad2[0] = 1;
	EXPECT_EQ(-EINVAL, clone_res(&self->ring, &s.clone));
}

TEST_F(clone_args, personality_einval)
{
	struct setup s;
	int id = io_uring_register_personality(&self->ring);

	ASSERT_LT(0, id);
	fill(&s);
	s.clone.personality = id;
	EXPECT_EQ(-EINVAL, clone_res(&self->ring, &s.clone));
}

TEST_F(clone_args, fixed_file_einval)
{
	struct setup s;
	int fd = 0;

	ASSERT_EQ(0, io_uring_register_files(&self->ring, &fd, 1));
	fill(&s);
	s.clone.flags = IOSQE_FIXED_FILE;
	EXPECT_EQ(-EINVAL, clone_res(&self->ring, &s.clone));
}

TEST_F(clone_args, buffer_select_refused)
{
	struct setup s;

	fill(&s);
	s.clone.flags = IOSQE_BUFFER_SELECT;
	EXPECT_EQ(-EOPNOTSUPP, clone_res(&self->ring, &s.clone));
}

TEST_F(clone_args, unmapped_args_efault)
{
	struct setup s;

	fill(&s);
	s.clone.addr = 4096;
	EXPECT_EQ(-EFAULT, clone_res(&self->ring, &s.clone));
}

TEST_F(clone_args, unmapped_sqes_efault)
{
	struct setup s;

	fill(&s);
	s.args.sqes = 4096;
	EXPECT_EQ(-EFAULT, clone_res(&self->ring, &s.clone));
}

TEST_F(clone_args, sqes_running_into_a_hole_efault)
{
	char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct setup s;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + 4096, 4096));
	fill(&s);
	s.args.sqes = U64(map + 4096 - sizeof(struct io_uring_sqe));
	s.args.nr_sqes = 2;
	EXPECT_EQ(-EFAULT, clone_res(&self->ring, &s.clone));
	s.args.nr_sqes = 1;
	EXPECT_EQ(0, clone_res(&self->ring, &s.clone));
}

TEST_F(clone_args, kernel_address_efault)
{
	struct setup s;

	fill(&s);
	s.args.sqes = 0xffff888000000000ULL;
	EXPECT_EQ(-EFAULT, clone_res(&self->ring, &s.clone));
}

TEST_F(clone_args, more_to_run_than_there_are_einval)
{
	struct setup s;

	fill(&s);
	s.args.nr_submit = 2;
	EXPECT_EQ(-EINVAL, clone_res(&self->ring, &s.clone));
}

TEST_F(clone_args, nothing_to_run_einval)
{
	struct setup s;

	fill(&s);
	s.args.nr_submit = 0;
	EXPECT_EQ(-EINVAL, clone_res(&self->ring, &s.clone));
	s.args.nr_sqes = 0;
	EXPECT_EQ(-EINVAL, clone_res(&self->ring, &s.clone));
}

TEST_F(clone_args, too_many_sqes_e2big)
{
	static struct io_uring_sqe many[IORING_SPAWN_MAX_SQES + 1];
	struct setup s;

	fill(&s);
	s.args.sqes = U64(many);
	s.args.nr_sqes = IORING_SPAWN_MAX_SQES + 1;
	EXPECT_EQ(-E2BIG, clone_res(&self->ring, &s.clone));
	s.args.nr_sqes = ~0U;
	EXPECT_EQ(-E2BIG, clone_res(&self->ring, &s.clone));
	s.args.nr_sqes = IORING_SPAWN_MAX_SQES;
	EXPECT_EQ(0, clone_res(&self->ring, &s.clone));
}

TEST_F(clone_args, too_many_captured_sqes_e2big)
{
	struct io_uring_cqe cqe;
	struct chain c;
	struct io_uring_sqe *sqe;
	unsigned int i;

	chain_init(&c, false, 0);
	for (i = 0; i < CHAIN_MAX; i++)
		chain_nop(&c, 0)->flags = IOSQE_IO_LINK;
	chain_queue(&self->ring, &c);
	sqe = get_sqe(&self->ring);
	io_uring_prep_nop(sqe);
	sqe->user_data = CHAIN_MAX;
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CQE(&self->ring, UD_CLONE, -E2BIG);
	for (i = 0; i <= CHAIN_MAX; i++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		ASSERT_EQ(-ECANCELED, cqe.res);
	}
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_F(clone_args, structure_is_checked_before_memory_einval)
{
	struct setup s;

	fill(&s);
	s.args.sqes = 4096;
	s.args.nr_submit = 2;
	EXPECT_EQ(-EINVAL, clone_res(&self->ring, &s.clone));
	fill(&s);
	s.clone.addr = 4096;
	s.clone.rw_flags = 1U << 31;
	EXPECT_EQ(-EINVAL, clone_res(&self->ring, &s.clone));
}

/* Or "step 0: EINVAL" would blame the first SQE of a chain that never ran. */
TEST_F(clone_args, own_errors_name_no_step)
{
	struct setup s;
	struct io_uring_cqe cqe;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		fill(&s);
		switch (i) {
		case 0: s.args.flags = CLONE_THREAD; break;
		case 1: s.args.sqes = 4096; break;
		case 2: s.args.nr_sqes = IORING_SPAWN_MAX_SQES + 1; break;
		}
		*get_sqe(&self->ring) = s.clone;
		ASSERT_EQ(0, submit_all(&self->ring));
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		ASSERT_GT(0, cqe.res);
		EXPECT_EQ(STEP_NONE, IORING_CQE_STEP(&cqe)) {
			TH_LOG("res %d", cqe.res);
		}
	}
}

TEST_F(clone_args, args_and_sqes_may_be_reused_at_once)
{
	struct io_uring_sqe chain[2] = {}, *sqe;
	struct io_uring_clone_args args = { .sqes = U64(chain), .nr_sqes = 2, .nr_submit = 2 };

	chain[0].opcode = chain[1].opcode = IORING_OP_NOP;
	chain[0].flags = IOSQE_IO_LINK;
	chain[0].user_data = 1;
	chain[1].user_data = 2;
	sqe = get_sqe(&self->ring);
	iou_prep_clone(sqe, U64(&args), sizeof(args), 0);
	sqe->user_data = UD_CLONE;
	ASSERT_EQ(0, submit_all(&self->ring));
	memset(&args, 0xff, sizeof(args));
	memset(chain, 0xff, sizeof(chain));
	ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 1, 0);
	ASSERT_CQE(&self->ring, 2, 0);
}

TEST_F(clone_args, array_form_behind_a_broken_link_is_not_run)
{
	struct io_uring_sqe *sqe;
	struct setup s;

	fill(&s);
	sqe = get_sqe(&self->ring);
	iou_prep(sqe, IORING_OP_NOP, 0, 0, -5, 0);
	sqe->rw_flags = NOP_INJECT_RESULT;
	sqe->flags = IOSQE_IO_LINK;
	sqe->user_data = 1;
	*get_sqe(&self->ring) = s.clone;
	ASSERT_EQ(0, submit_all(&self->ring));
	ASSERT_CQE(&self->ring, 1, -5);
	ASSERT_CQE(&self->ring, UD_CLONE, -ECANCELED);
	EXPECT_TRUE(no_child_left());
}

TEST_F(clone_args, templates_alone_do_not_run)
{
	struct setup s;
	char byte = 'x';
	int fds[2];

	ASSERT_EQ(0, pipe2(fds, O_NONBLOCK));
	fill(&s);
	s.args.nr_sqes = 2;
	iou_prep(&s.chain[1], IORING_OP_WRITE, fds[1], U64(&byte), 1, -1);
	EXPECT_EQ(0, clone_res(&self->ring, &s.clone));
	EXPECT_EQ(-1, read(fds[0], &byte, 1));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_MAIN
