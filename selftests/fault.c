// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Every allocation and every copy from or to user memory that a spawn needs fails once: the first
 * one in the first run, the second one in the second, until a run in which none was left to fail.
 * In the submitter, while it submits and makes the task, and in the task, while it runs the chain,
 * becomes a program and ends. Each time there is an outcome, a completion for every SQE, and a next
 * spawn that works; that nothing leaks, the runner sees.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include "lib/fixture.h"
#include "lib/scripted.h"

#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define DEBUGFS		"/sys/kernel/debug/"
#define RING_FD		100	/* of every ring, set in the policy before it is loaded */
#define BUDGET		1000000	/* faults; what is missing from it has happened */
#define ALL_DONE	3	/* so many runs in a row without a fault: there are no more */
#define MAX_RUNS	5000

/* What can fail. */
static const char *const kinds[] = { "failslab", "fail_page_alloc", "fail_usercopy" };

enum what { OPERATIONS, LONG_LINK, QUIET_LINK, POLICY, ATTRIBUTES, ARGUMENTS, NAMESPACES };

FIXTURE(fault) {
	struct script		script;
	struct io_uring		ring;
	char			quick[256];
	int			wait[2];	/* the task waits here to be armed */
	int			nth;		/* our own FAIL_NTH */
	struct io_uring_query_spawn query;
};

FIXTURE_VARIANT(fault) {
	enum what	what;
	bool		array, in_task;
	unsigned int	ring_flags;
};

#define VARIANT(name, ...)	FIXTURE_VARIANT_ADD(fault, name) { __VA_ARGS__ };
VARIANT(submitter_array, .what = OPERATIONS, .array = true)
VARIANT(submitter_array_defer, .what = OPERATIONS, .array = true, .ring_flags = RING_DEFER)
VARIANT(submitter_links, .what = LONG_LINK)
VARIANT(submitter_links_defer, .what = LONG_LINK, .ring_flags = RING_DEFER)
VARIANT(submitter_quiet_links, .what = QUIET_LINK)
VARIANT(submitter_arguments, .what = ARGUMENTS, .array = true)
VARIANT(submitter_namespaces, .what = NAMESPACES, .array = true)
VARIANT(task_operations, .what = OPERATIONS, .array = true, .in_task = true)
VARIANT(task_operations_defer, .what = OPERATIONS, .in_task = true, .ring_flags = RING_DEFER)
VARIANT(task_policy, .what = POLICY, .array = true, .in_task = true)
VARIANT(task_attributes, .what = ATTRIBUTES, .array = true, .in_task = true)
VARIANT(task_arguments, .what = ARGUMENTS, .array = true, .in_task = true)

static int set_kind(const char *kind, const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), DEBUGFS "%s/%s", kind, name);
	return access(path, F_OK) ? 0 : write_file(path, value);
}

static int open_faults(void)
{
	char budget[16];
	unsigned int i;
	int ret = 0;

	/* each failed allocation of pages is a screen of text, and the console is slow */
	write_file("/proc/sys/kernel/printk", "1");
	snprintf(budget, sizeof(budget), "%d", BUDGET);
	for (i = 0; i < 3 && !ret; i++)
		ret = set_kind(kinds[i], "times", budget) ?: set_kind(kinds[i], "verbose", "0") ?:
		      set_kind(kinds[i], "ignore-gfp-wait", "N") ?:
		      set_kind(kinds[i], "ignore-gfp-highmem", "N") ?:
		      set_kind(kinds[i], "min-order", "0");
	return ret;
}

static long nr_faults(void)
{
	long left = 0;
	char path[128];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), DEBUGFS "%s/times", kinds[i]);
		left += BUDGET - read_number(path, "%ld");
	}
	return left;
}

FIXTURE_SETUP(fault)
{
	ASSERT_EQ(0, io_uring_spawn_query(-1, &self->query));
	self->nth = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (self->nth < 0)
		SKIP(return, "a kernel without fault injection");
	ASSERT_EQ(0, open_faults());
	ASSERT_EQ(0, target(self->quick, sizeof(self->quick), "quick"));
	ASSERT_EQ(0, pipe(self->wait));
	if (variant->what != POLICY)
		return;
	ASSERT_EQ(0, script_load(&self->script, RING_FD, 0));
	SCRIPT(&self->script, { S_QUEUE, 2 }, { S_QUEUE, 3 }, { S_POST, 1, 0x9057 },
	       { S_READ, 0 }, { S_WRITE, 8, 7 }, S_END(RET_CONTINUE), { S_REAP }, { S_QUEUE, 4 },
	       S_END(RET_CONTINUE), S_END(RET_EXIT));
}

FIXTURE_TEARDOWN(fault)
{
	unlink("/tmp/fault");
	if (variant->what == POLICY && self->script.skel)
		script_close(&self->script);
}

static char *argv[] = { "quick", NULL };
static struct __kernel_timespec soon = { .tv_nsec = 1000000 };
static __u32 groups[] = { 1, 2, 3 };

static void keep_places(struct chain *c)
{
	unsigned int k;

	for (k = 0; k < c->nr; k++)
		c->sqe[k].user_data = k;
}

static void add_operations(struct chain *c)
{
	static struct statx stx;

	io_uring_prep_openat(chain_add(c), AT_FDCWD, "/tmp/fault", O_CREAT | O_RDWR, 0600);
	io_uring_prep_statx(chain_add(c), AT_FDCWD, "/tmp", 0, STATX_MODE, &stx);
	iou_prep(chain_add(c), IORING_OP_TIMEOUT, -1, U64(&soon), 1, 0);
	io_uring_prep_poll_add(chain_add(c), 0, 0);
	iou_prep(chain_add(c), IORING_OP_LINK_TIMEOUT, -1, U64(&soon), 1, 0);
	iou_prep(chain_add(c), IORING_OP_SOCKET, AF_UNIX, 0, 0, SOCK_STREAM);
}

static void add_attributes(struct chain *c)
{
	iou_prep_task(chain_add(c), IORING_TASK_DUP, 1, 0, 300, 0, 0);
	iou_prep_task(chain_add(c), IORING_TASK_OPEN, AT_FDCWD, U64("/tmp/fault"), 0600,
		      O_CREAT | O_RDWR, 310);
	iou_prep_task(chain_add(c), IORING_TASK_CHDIR, AT_FDCWD, U64("/tmp"), 0, 0, 0);
	iou_prep_task(chain_add(c), IORING_TASK_SETSID, 0, 0, 0, 0, 0);
	iou_prep_task(chain_add(c), IORING_TASK_GROUPS, 0, U64(groups), 3, 0, 0);
	iou_prep_task(chain_add(c), IORING_TASK_GID, 0, ~0ULL, 0, 0, ~0U);
	iou_prep_task(chain_add(c), IORING_TASK_UID, 0, ~0ULL, 0, 0, ~0U);
	iou_prep_task(chain_add(c), IORING_TASK_RESETIDS, 0, 0, 0, 0, 0);
}

static int pidfd;
static struct io_uring_clone_fd fds[] = { { 0, 0 }, { 1, 1 }, { 2, 200 }, { 0, 7 } };

static void add_arguments(struct chain *c)
{
	c->args.flags = CLONE_PIDFD;
	c->args.pidfd = U64(&pidfd);
	fds[3].fd = fds[3].target;	/* the pipe of the task */
	c->args.fds = U64(fds);
	c->args.nr_fds = sizeof(fds) / sizeof(fds[0]);
	c->clone.rw_flags |= IORING_CLONE_NO_FILES;
}

/* Hard links: what comes behind a failure is tried all the same. */
static void build(FIXTURE_DATA(fault) *self, const FIXTURE_VARIANT(fault) *v, struct chain *c)
{
	static char byte, region[64];
	unsigned int i;

	chain_init(c, v->array, IORING_CLONE_FINAL);
	if (v->what == QUIET_LINK)
		c->clone.rw_flags |= IORING_CLONE_QUIET;
	if (v->in_task)
		chain_read(c, self->wait[0], &byte, 1);
	if (v->what == POLICY) {
		chain_policy(c, 0, region, sizeof(region));
		chain_nop(c, 0);
		io_uring_prep_openat(chain_add(c), AT_FDCWD, "/tmp/fault", O_CREAT | O_RDWR, 0600);
		chain_exec(c, self->quick, argv);
		keep_places(c);
		chain_link(c, IOSQE_IO_HARDLINK);
		c->nr_submit = 2;
		return;
	}
	if (v->what == OPERATIONS)
		add_operations(c);
	if (v->what == ATTRIBUTES)
		add_attributes(c);
	if (v->what == ARGUMENTS) {
		fds[3].target = self->wait[0];
		add_arguments(c);
	}
	if (v->what == NAMESPACES)
		c->args.flags = self->query.clone_flags & (CLONE_NEWUTS | CLONE_NEWIPC |
							   CLONE_NEWNS | CLONE_NEWPID |
							   CLONE_NEWUSER | CLONE_NEWCGROUP);
	/* more than the kernel has room for without an allocation */
	for (i = 0; i < (v->what == LONG_LINK || v->what == QUIET_LINK ? 40 : 1); i++)
		chain_nop(c, 0);
	chain_exec(c, "/nowhere/program", argv);
	chain_exec(c, self->quick, argv);
	keep_places(c);
	chain_link(c, IOSQE_IO_HARDLINK);
}

static bool arm(int nth, unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n), tries;

	/* to be disarmed may be what fails */
	for (tries = 0; tries < 3; tries++)
		if (pwrite(nth, text, len, 0) == len)
			return true;
	return false;
}

static bool arm_task(FIXTURE_DATA(fault) *self, pid_t pid, unsigned int n)
{
	char path[64];
	int fd;
	bool ok;

	if (wait_state(pid, 'S'))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/fail-nth", pid, pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ok = fd >= 0 && arm(fd, n);
	close(fd);
	return write(self->wait[1], "x", 1) == 1 && ok;
}

/* What came of one run. */
struct run {
	pid_t		pid;
	int		outcome;
	unsigned int	step, nr[CHAIN_MAX];
};

/* Some of it may not have been taken: no memory for a request. Nothing fails any more. */
static bool submit_rest(struct io_uring *ring)
{
	int tries;

	for (tries = 0; io_uring_sq_ready(ring) && tries < 10; tries++)
		io_uring_submit(ring);
	return !io_uring_sq_ready(ring);
}

static bool take_all(FIXTURE_DATA(fault) *self, const FIXTURE_VARIANT(fault) *v, struct run *r,
		     unsigned int n)
{
	struct io_uring_cqe cqe;

	for (;;) {
		int ret = next_cqe(&self->ring, &cqe);

		if (ret) {
			fprintf(stderr, "# no outcome: %s\n", strerror(-ret));
			return false;
		}
		if (cqe.user_data < CHAIN_MAX) {
			r->nr[cqe.user_data]++;
		} else if (cqe.user_data == UD_CLONE && cqe.flags & IORING_CQE_F_MORE) {
			r->pid = cqe.res;
			if (v->in_task && !arm_task(self, r->pid, n))
				return false;
		} else if (cqe.user_data == UD_CLONE) {
			r->outcome = cqe.res;
			r->step = IORING_CQE_STEP(&cqe);
			return true;
		}
	}
}

static bool sensible(int res)
{
	switch (res) {
	case -ENOMEM:
	case -EAGAIN:	/* of fork(2) */
	case -EFAULT:
	case -E2BIG:	/* of execve(2), for arguments that got no page */
	case -ENOENT:	/* of the EXEC that finds nothing */
	case -ENOEXEC:	/* of execve(2), for program headers that got no memory */
	case -ECANCELED:	/* no request for the next SQE of the chain */
		return true;
	default:
		return res >= 0;
	}
}

/*
 * A chain that was taken off the ring is told one by one that it never ran, or not at all if it is
 * quiet. Behind a CLONE that has failed before it took any, or left by a submission that broke off,
 * are requests like any other.
 */
static bool all_told(FIXTURE_DATA(fault) *self, const struct chain *c, struct run *r)
{
	unsigned int k, nr = c->nr_submit ?: c->nr;
	bool quiet = c->clone.rw_flags & IORING_CLONE_QUIET;
	struct io_uring_cqe cqe;

	if (!r->pid && c->array)
		return true;
	while (!r->pid && !next_cqe_ms(&self->ring, &cqe, QUIET_MS))
		if (cqe.user_data < CHAIN_MAX)
			r->nr[cqe.user_data]++;
	if (quiet && r->outcome == -ECANCELED)
		return true;
	for (k = 0; k < nr; k++)
		if (r->nr[k] != (quiet ? r->nr[0] : 1)) {
			fprintf(stderr, "# SQE %u: %u CQEs\n", k, r->nr[k]);
			return false;
		}
	return true;
}

static bool ends_well(const FIXTURE_VARIANT(fault) *v, const struct run *r)
{
	int status;

	if (!sensible(r->outcome)) {
		fprintf(stderr, "# outcome %d at step %u\n", r->outcome, r->step);
		return false;
	}
	if (r->outcome <= 0)
		return true;
	status = wait_exit(r->outcome);
	/* the program may be what did not get its memory */
	if (!status || (v->in_task && status > 128))
		return true;
	fprintf(stderr, "# the program ended with %d\n", status);
	return false;
}

static bool next_one_works(FIXTURE_DATA(fault) *self)
{
	struct outcome out;
	struct chain c;

	chain_init(&c, true, 0);
	chain_exec(&c, self->quick, argv);
	out = chain_outcome(&self->ring, &c);
	if (out.res > 0 && !wait_exit(out.res))
		return true;
	fprintf(stderr, "# and the next one: outcome %d at step %u\n", out.res, out.step);
	return false;
}

static bool run_armed(FIXTURE_DATA(fault) *self, const FIXTURE_VARIANT(fault) *v, unsigned int n)
{
	static struct chain c;
	struct run r = {};
	char byte;

	build(self, v, &c);
	chain_queue(&self->ring, &c);
	if (!v->in_task && !arm(self->nth, n))
		return false;
	io_uring_submit(&self->ring);
	if (!arm(self->nth, 0) || !submit_rest(&self->ring) || !take_all(self, v, &r, n) ||
	    !all_told(self, &c, &r) || !ends_well(v, &r) || !no_child_left())
		return false;
	if (v->what == ARGUMENTS && r.pid)
		close(pidfd);
	/* if the task did not, or not for long */
	fcntl(self->wait[0], F_SETFL, O_NONBLOCK);
	while (read(self->wait[0], &byte, 1) > 0)
		;
	fcntl(self->wait[0], F_SETFL, 0);
	return next_one_works(self);
}

/* On a ring of its own: nothing is left over from the run before that need not be allocated. */
static bool run(FIXTURE_DATA(fault) *self, const FIXTURE_VARIANT(fault) *v, unsigned int n)
{
	bool ok;

	if (ring_init(&self->ring, v->ring_flags) || ring_move(&self->ring, RING_FD) ||
	    (v->what == POLICY && script_link(&self->script)))
		return false;
	ok = run_armed(self, v, n);
	if (v->what == POLICY)
		script_detach(&self->script);
	io_uring_queue_exit(&self->ring);
	if (!ok)
		fprintf(stderr, "# with fault %u\n", n);
	return ok;
}

TEST_F(fault, each_that_can_happen_is_survived)
{
	unsigned int n, quiet = 0;
	long before;

	if (variant->what == ATTRIBUTES && !self->query.task_attrs)
		SKIP(return, "a kernel without task attributes");
	for (n = 1; n < MAX_RUNS && quiet < ALL_DONE; n++) {
		before = nr_faults();
		ASSERT_TRUE(run(self, variant, n));
		quiet = nr_faults() == before ? quiet + 1 : 0;
	}
	TH_LOG("%u faults", n - 1 - quiet);
	EXPECT_LT(n, MAX_RUNS);
	EXPECT_LT(10, n);
}

TEST_MAIN
