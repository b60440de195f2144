// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What links mean in a chain, and PATH search by linked EXECs: the RFC's semantics, in both forms.
 */
#include <errno.h>
#include "lib/fixture.h"

CHAIN_FIXTURE(links)

TEST_F(links, soft_links_run_in_order_ok)
{
	struct chain c;
	unsigned int i;

	chain_init(&c, variant->array, 0);
	for (i = 0; i < 5; i++)
		chain_nop(&c, 10 + i);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	for (i = 0; i < 5; i++)
		ASSERT_CQE(&self->ring, i, 10 + i);
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_F(links, soft_link_broken_cancels_the_rest)
{
	struct chain c;

	chain_init(&c, variant->array, 0);
	chain_nop(&c, -255);
	chain_nop(&c, 0);
	chain_nop(&c, 0);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 0, -255);
	ASSERT_CQE(&self->ring, 1, -ECANCELED);
	ASSERT_CQE(&self->ring, 2, -ECANCELED);
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_F(links, hard_link_goes_on_after_failure_ok)
{
	struct chain c;

	chain_init(&c, variant->array, 0);
	chain_nop(&c, -255);
	chain_nop(&c, -254);
	chain_nop(&c, 3);
	chain_link(&c, IOSQE_IO_HARDLINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 0, -255);
	ASSERT_CQE(&self->ring, 1, -254);
	ASSERT_CQE(&self->ring, 2, 3);
}

TEST_F(links, hard_then_soft_link_broken_cancels_behind_soft)
{
	struct chain c;

	chain_init(&c, variant->array, 0);
	chain_nop(&c, -255)->flags = IOSQE_IO_HARDLINK;
	chain_nop(&c, -254)->flags = IOSQE_IO_LINK;
	chain_nop(&c, 0);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 0, -255);
	ASSERT_CQE(&self->ring, 1, -254);
	ASSERT_CQE(&self->ring, 2, -ECANCELED);
}

TEST_F(links, exec_behind_soft_link_ok)
{
	char path[256], *argv[] = { "quick", NULL };
	struct chain c;
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	chain_init(&c, variant->array, 0);
	chain_nop(&c, 0);
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 0, 0);
	ASSERT_CQE(&self->ring, 1, 0);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	EXPECT_EQ(0, wait_exit(pid));
}

TEST_F(links, exec_behind_broken_link_is_not_run)
{
	char path[256], *argv[] = { "quick", NULL };
	struct chain c;
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	chain_init(&c, variant->array, 0);
	chain_nop(&c, -255);
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 0, -255);
	ASSERT_CQE(&self->ring, 1, -ECANCELED);
	EXPECT_EQ(0, wait_gone(pid));
	EXPECT_TRUE(no_child_left());
}

TEST_F(links, path_search_by_hardlinked_execs_ok)
{
	char path[256], *argv[] = { "quick", NULL };
	struct chain c;
	unsigned int i;
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	chain_init(&c, variant->array, 0);
	for (i = 0; i < 6; i++)
		chain_exec(&c, "/nowhere/quick", argv);
	chain_exec(&c, path, argv);
	chain_exec(&c, path, argv);
	chain_exec(&c, "/nowhere/behind", argv);
	chain_link(&c, IOSQE_IO_HARDLINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	for (i = 0; i < 6; i++)
		ASSERT_CQE(&self->ring, i, -ENOENT);
	ASSERT_CQE(&self->ring, 6, 0);
	ASSERT_CQE(&self->ring, 7, -ECANCELED);
	ASSERT_CQE(&self->ring, 8, -ECANCELED);
	EXPECT_TRUE(no_more_cqes(&self->ring));
	EXPECT_EQ(0, wait_exit(pid));
	EXPECT_TRUE(no_child_left());
}

TEST_F(links, hardlinked_execs_all_missing_ends_the_task)
{
	char *argv[] = { "x", NULL };
	struct chain c;
	unsigned int i;
	pid_t pid;

	chain_init(&c, variant->array, 0);
	for (i = 0; i < 4; i++)
		chain_exec(&c, "/nowhere/x", argv);
	chain_link(&c, IOSQE_IO_HARDLINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	for (i = 0; i < 4; i++)
		ASSERT_CQE(&self->ring, i, -ENOENT);
	EXPECT_EQ(0, wait_gone(pid));
	EXPECT_TRUE(no_child_left());
}

TEST_F(links, search_execs_go_on_behind_soft_link_ok)
{
	char path[256], *argv[] = { "quick", NULL };
	struct chain c;
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	chain_init(&c, variant->array, 0);
	chain_exec(&c, "/nowhere/quick", argv)->ioprio = IORING_EXEC_SEARCH;
	chain_exec(&c, "/proc/self/exe/quick", argv)->ioprio = IORING_EXEC_SEARCH;
	chain_exec(&c, "/", argv)->ioprio = IORING_EXEC_SEARCH;
	chain_exec(&c, path, argv)->ioprio = IORING_EXEC_SEARCH;
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 0, -ENOENT);
	ASSERT_CQE(&self->ring, 1, -ENOTDIR);
	ASSERT_CQE(&self->ring, 2, -EACCES);
	ASSERT_CQE(&self->ring, 3, 0);
	EXPECT_EQ(0, wait_exit(pid));
}

TEST_F(links, search_exec_stops_at_enoexec)
{
	char script[] = "/tmp/noexec-XXXXXX", path[256], *argv[] = { "quick", NULL };
	struct chain c;
	int fd = mkstemp(script);

	ASSERT_LE(0, fd);
	ASSERT_EQ(5, write(fd, "exit\n", 5));
	ASSERT_EQ(0, fchmod(fd, 0755));
	close(fd);
	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	chain_init(&c, variant->array, 0);
	chain_exec(&c, script, argv)->ioprio = IORING_EXEC_SEARCH;
	chain_exec(&c, path, argv)->ioprio = IORING_EXEC_SEARCH;
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 0, -ENOEXEC);
	ASSERT_CQE(&self->ring, 1, -ECANCELED);
	unlink(script);
}

TEST_F(links, exec_without_search_stops_at_enoent)
{
	char path[256], *argv[] = { "quick", NULL };
	struct chain c;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	chain_init(&c, variant->array, 0);
	chain_exec(&c, "/nowhere/quick", argv);
	chain_exec(&c, path, argv);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 0, -ENOENT);
	ASSERT_CQE(&self->ring, 1, -ECANCELED);
}

TEST_F(links, unterminated_chain_runs_ok)
{
	char path[256], *argv[] = { "quick", NULL };
	struct chain c;
	pid_t pid;

	ASSERT_EQ(0, target(path, sizeof(path), "quick"));
	chain_init(&c, variant->array, 0);
	chain_nop(&c, 1)->flags = IOSQE_IO_LINK;
	chain_exec(&c, path, argv)->flags = IOSQE_IO_LINK;
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	pid = ASSERT_BORN(&self->ring);
	ASSERT_CQE(&self->ring, 0, 1);
	ASSERT_CQE(&self->ring, 1, 0);
	EXPECT_EQ(0, wait_exit(pid));
}

TEST_F(links, longest_chain_ok)
{
	struct chain c;
	unsigned int i;

	chain_init(&c, variant->array, 0);
	for (i = 0; i < CHAIN_MAX; i++)
		chain_nop(&c, i);
	chain_link(&c, IOSQE_IO_LINK);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	ASSERT_BORN(&self->ring);
	for (i = 0; i < CHAIN_MAX; i++)
		ASSERT_CQE(&self->ring, i, i);
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_F(links, eight_chains_in_one_submit_ok)
{
	struct io_uring_cqe cqe;
	unsigned int next[8] = {}, i, n;
	struct chain c[8];

	for (i = 0; i < 8; i++) {
		chain_init(&c[i], variant->array, 0);
		c[i].base = (i + 1) << 20;
		for (n = 0; n < 3; n++)
			chain_nop(&c[i], n);
		chain_link(&c[i], IOSQE_IO_LINK);
		chain_queue(&self->ring, &c[i]);
	}
	ASSERT_EQ(0, submit_all(&self->ring));
	for (n = 0; n < 8 * 4; n++) {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
		i = (cqe.user_data >> 20) - 1;
		ASSERT_GT(8, i);
		/* CLONE's own first, then the chain in order; nothing is promised between spawns */
		ASSERT_EQ(next[i] ? next[i] - 1 : UD_CLONE, cqe.user_data & 0xfffff);
		next[i]++;
	}
	EXPECT_TRUE(no_more_cqes(&self->ring));
}

TEST_MAIN
