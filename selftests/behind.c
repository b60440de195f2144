// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Nothing behind a successful EXEC is ever issued: it would act with the memory and the
 * credentials of the new program. Every way to stand behind an EXEC, 1 000 times, with a set-uid
 * program too, on recycled private rings and on fresh ones; and each once behind an EXEC that
 * fails, where the effect must be seen, or the test proves nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include "lib/fixture.h"
#include "lib/scripted.h"

#define BATCH		8
#define NOBODY		1000
#define RING_FD		100	/* of every ring, set in the policies before they are loaded */

/* What must never happen, in three forms. */
struct effect {
	int		pipe[2];	/* something is written to it */
	char		dir[32];
	char		created[64];	/* this file appears */
	char		victim[64];	/* this one vanishes */
};

static struct effect effect;
static struct __kernel_timespec soon = { .tv_nsec = 1 };

static void add_write(struct chain *c, __u8 flags)
{
	chain_write(c, effect.pipe[1], "!", 1)->flags = flags;
}

static struct io_uring_sqe *placed(struct chain *c)
{
	c->sqe[c->nr - 1].user_data = c->nr - 1;
	return &c->sqe[c->nr - 1];
}

static void soft_linked(struct chain *c)
{
	c->sqe[0].flags = IOSQE_IO_LINK;
	add_write(c, 0);
}

static void hard_linked(struct chain *c)
{
	c->sqe[0].flags = IOSQE_IO_HARDLINK;
	add_write(c, IOSQE_IO_HARDLINK);
	add_write(c, 0);
}

static void async(struct chain *c)
{
	c->sqe[0].flags = IOSQE_IO_HARDLINK;
	add_write(c, IOSQE_ASYNC);
}

static void punted_open(struct chain *c)
{
	c->sqe[0].flags = IOSQE_IO_HARDLINK;
	io_uring_prep_openat(chain_add(c), AT_FDCWD, effect.created, O_CREAT | O_WRONLY, 0600);
	placed(c);
}

static void punted_unlink(struct chain *c)
{
	c->sqe[0].flags = IOSQE_IO_LINK;
	io_uring_prep_unlinkat(chain_add(c), AT_FDCWD, effect.victim, 0);
	placed(c);
}

static void polled(struct chain *c)
{
	c->sqe[0].flags = IOSQE_IO_HARDLINK;
	io_uring_prep_poll_add(chain_add(c), effect.pipe[1], POLLOUT);
	placed(c)->flags = IOSQE_IO_HARDLINK;
	add_write(c, 0);
}

static void timed(struct chain *c)
{
	c->sqe[0].flags = IOSQE_IO_HARDLINK;
	io_uring_prep_timeout(chain_add(c), &soon, 0, 0);
	placed(c)->flags = IOSQE_IO_HARDLINK;
	add_write(c, 0);
}

static void another_exec(struct chain *c)
{
	static char path[256], fd[8], *argv[] = { "report", fd, "0", NULL };

	target(path, sizeof(path), "report");
	snprintf(fd, sizeof(fd), "%d", effect.pipe[1]);
	c->sqe[0].flags = IOSQE_IO_HARDLINK;
	chain_exec(c, path, argv);
}

/* The script of all policies here: queue the template at the end of the chain, then be done. */
static void policy(struct chain *c)
{
	c->sqe[0].flags = IOSQE_IO_HARDLINK;
	chain_policy(c, 0, NULL, 0);
	c->nr_submit = c->nr;
	add_write(c, 0);
}

static void behind_a_waiting_policy(struct chain *c)
{
	chain_policy(c, 1, NULL, 0)->flags = IOSQE_IO_HARDLINK;
	add_write(c, 0);
}

/* The policy queues EXEC and, linked to it, the write: both are templates. */
static void queued_by_a_policy(struct chain *c)
{
	c->sqe[1] = c->sqe[0];
	c->nr = 0;
	chain_policy(c, 2, NULL, 0);
	c->nr_submit = 1;
	c->nr = 2;
	c->sqe[1].flags = IOSQE_IO_HARDLINK;
	add_write(c, 0);
}

FIXTURE(behind) {
	struct io_uring ring;
	struct script write_it, wait, exec_it;		/* in slots 0, 1, 2 */
	char program[256];
};

FIXTURE_VARIANT(behind) {
	void	(*build)(struct chain *c);
	bool	setuid;
	bool	fresh;
	bool	policy;
};

#define ONE_WAY(name, way, uses_policy, setuid_program, fresh_ring)				\
	FIXTURE_VARIANT_ADD(behind, name) {							\
		.build = way, .policy = uses_policy,						\
		.setuid = setuid_program, .fresh = fresh_ring };

#define EACH_WAY(way, uses_policy)								\
	ONE_WAY(way, way, uses_policy, false, false)						\
	ONE_WAY(way##_fresh, way, uses_policy, false, true)					\
	ONE_WAY(way##_setuid, way, uses_policy, true, false)					\
	ONE_WAY(way##_setuid_fresh, way, uses_policy, true, true)

EACH_WAY(soft_linked, false)
EACH_WAY(hard_linked, false)
EACH_WAY(async, false)
EACH_WAY(punted_open, false)
EACH_WAY(punted_unlink, false)
EACH_WAY(polled, false)
EACH_WAY(timed, false)
EACH_WAY(another_exec, false)
EACH_WAY(policy, true)
EACH_WAY(behind_a_waiting_policy, true)
EACH_WAY(queued_by_a_policy, true)

static int make_effect(void)
{
	snprintf(effect.dir, sizeof(effect.dir), "/behind-XXXXXX");
	if (!mkdtemp(effect.dir) || chmod(effect.dir, 0777) || pipe2(effect.pipe, O_NONBLOCK))
		return -errno;
	snprintf(effect.created, sizeof(effect.created), "%s/created", effect.dir);
	snprintf(effect.victim, sizeof(effect.victim), "%s/victim", effect.dir);
	return write_file(effect.victim, "");
}

static bool effect_seen(void)
{
	char byte;

	return read(effect.pipe[0], &byte, 1) > 0 || !access(effect.created, F_OK) ||
	       access(effect.victim, F_OK);
}

/* A copy of targets/quick that is set-uid root, where nothing is mounted nosuid. */
static int setuid_program(char *path, size_t size)
{
	char quick[256], buf[65536];
	int in, out;
	ssize_t len;

	if (target(quick, sizeof(quick), "quick"))
		return -1;
	snprintf(path, size, "%s/setuid", effect.dir);
	in = open(quick, O_RDONLY | O_CLOEXEC);
	out = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	len = read(in, buf, sizeof(buf));
	if (in < 0 || out < 0 || len <= 0 || write(out, buf, len) != len || fchmod(out, 04755))
		return -1;
	close(in);
	close(out);
	return 0;
}

static int load_policies(struct script *write_it, struct script *wait, struct script *exec_it,
			 int ring_fd)
{
	int ret = script_load(write_it, ring_fd, 0) ?: script_load(wait, ring_fd, 1) ?:
		  script_load(exec_it, ring_fd, 2);

	if (ret)
		return ret;
	SCRIPT(write_it, { S_QUEUE, 2 }, S_END(RET_CONTINUE), S_END(RET_DONE));
	SCRIPT(wait, S_END(RET_CONTINUE), S_END(RET_DONE));
	SCRIPT(exec_it, { S_QUEUE, 1 }, { S_QUEUE, 2 }, S_END(RET_CONTINUE), S_END(RET_DONE));
	return 0;
}

static void close_ring(FIXTURE_DATA(behind) *self)
{
	script_detach(&self->write_it);
	script_detach(&self->wait);
	script_detach(&self->exec_it);
	io_uring_queue_exit(&self->ring);
}

/* Creating a link takes a capability; nothing else here does. */
static int open_ring(FIXTURE_DATA(behind) *self, const FIXTURE_VARIANT(behind) *variant)
{
	int ret = ring_init(&self->ring, RING_DEFER) ?: ring_move(&self->ring, RING_FD);

	if (ret || !variant->policy)
		return ret;
	ret = setresuid(-1, 0, -1);
	ret = ret ?: script_link(&self->write_it) ?: script_link(&self->wait) ?:
	      script_link(&self->exec_it);
	if (!ret && variant->setuid)
		ret = setresuid(-1, NOBODY, -1);
	return ret;
}

FIXTURE_SETUP(behind)
{
	ASSERT_EQ(0, make_effect());
	ASSERT_EQ(0, variant->setuid ? setuid_program(self->program, sizeof(self->program)) :
				       target(self->program, sizeof(self->program), "quick"));
	if (variant->policy)
		ASSERT_EQ(0, load_policies(&self->write_it, &self->wait, &self->exec_it, RING_FD));
	if (variant->setuid)
		ASSERT_EQ(0, setresuid(NOBODY, NOBODY, 0));
	ASSERT_EQ(0, open_ring(self, variant));
}

FIXTURE_TEARDOWN(behind)
{
	char program[64];

	close_ring(self);
	ASSERT_EQ(0, setresuid(0, 0, 0));
	snprintf(program, sizeof(program), "%s/setuid", effect.dir);
	unlink(effect.created);
	unlink(effect.victim);
	unlink(program);
	rmdir(effect.dir);
}

static void build(struct chain *c, const FIXTURE_VARIANT(behind) *variant, const char *program,
		  unsigned int i)
{
	static char *argv[] = { "program", NULL };

	chain_init(c, true, IORING_CLONE_DEFER);
	chain_exec(c, program, argv)->ioprio = IORING_EXEC_SEARCH;
	variant->build(c);
	c->base = (__u64)(i + 1) << 32;
}

/* Whatever is not CLONE or the program's own EXEC (or the policy that queued it) was cancelled. */
static bool cqe_ok(const struct io_uring_cqe *cqe)
{
	if ((__u32)cqe->user_data == UD_CLONE)
		return cqe->res > 0;
	return cqe->res == ((__u32)cqe->user_data ? -ECANCELED : 0);
}

TEST_F(behind, exec_is_never_issued_many_times)
{
	unsigned int round, i, ended, n = rounds(1000) / BATCH + 1;
	struct io_uring_cqe cqe;
	static struct chain c;

	for (round = 0; round < n; round++) {
		for (i = 0; i < BATCH; i++) {
			build(&c, variant, self->program, i);
			ASSERT_EQ(0, chain_submit(&self->ring, &c));
		}
		for (ended = 0; ended < BATCH; ) {
			ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
			/* a policy that waits beside EXEC completes with what it has in lp->res */
			if (variant->build == behind_a_waiting_policy &&
			    (__u32)cqe.user_data == 1) {
				ASSERT_EQ(0, cqe.res);
				continue;
			}
			ASSERT_TRUE(cqe_ok(&cqe)) {
				TH_LOG("user_data %#llx res %d", cqe.user_data, cqe.res);
			}
			ended += (__u32)cqe.user_data == UD_CLONE;
		}
		for (i = 0; i < BATCH; i++)
			ASSERT_LT(0, wait(NULL));
		ASSERT_FALSE(effect_seen());
		if (variant->fresh) {
			close_ring(self);
			ASSERT_EQ(0, open_ring(self, variant));
		}
	}
	usleep(100000);
	ASSERT_FALSE(effect_seen());
	ASSERT_TRUE(no_child_left());
}

TEST_F(behind, exec_that_fails_is_issued)
{
	struct io_uring_cqe cqe;
	static struct chain c;

	build(&c, variant, "/nowhere/program", 0);
	ASSERT_EQ(0, chain_submit(&self->ring, &c));
	do {
		ASSERT_EQ(0, next_cqe(&self->ring, &cqe));
	} while ((__u32)cqe.user_data != UD_CLONE);
	if (cqe.res > 0)
		EXPECT_EQ(0, wait_exit(cqe.res));
	EXPECT_TRUE(effect_seen());
}

TEST_MAIN
