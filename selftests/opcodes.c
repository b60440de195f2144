// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Every operation that the kernel knows, in a chain: it does what it does on an ordinary ring,
 * or it is refused. The table is in opcodes/; an operation nobody has decided about fails. In a
 * chain means: as it is, with IOSQE_ASYNC, on registered files, and queued by a policy.
 */
#include "lib/fixture.h"
#include "lib/scripted.h"
#include "opcodes/opcodes.h"

#define MAX_RES		8
#define NOTHING		-4711	/* no completion */

static const struct op *const pieces[] = {
	file_ops, path_ops, net_ops, wait_ops, ring_ops, spawn_ops,
};

static const struct op *by_nr[256];

static void read_table(void)
{
	const struct op *op;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pieces); i++)
		for (op = pieces[i]; op->name; op++) {
			must(!by_nr[op->nr]);
			must(op->cases[0].add && !op->refused == !!op->cases[0].ok);
			by_nr[op->nr] = op;
		}
}

FIXTURE(opcodes) {
	struct io_uring ring;
	struct script script;
};

FIXTURE_VARIANT(opcodes) {
	unsigned int ring_flags;
};

FIXTURE_VARIANT_ADD(opcodes, plain) { .ring_flags = 0 };
FIXTURE_VARIANT_ADD(opcodes, defer) { .ring_flags = RING_DEFER };

FIXTURE_SETUP(opcodes)
{
	struct io_uring_query_spawn query;

	read_table();
	ASSERT_EQ(0, ring_init(&self->ring, variant->ring_flags));
	ASSERT_EQ(0, io_uring_spawn_query(self->ring.ring_fd, &query));
	ASSERT_EQ(0, io_uring_register_files_sparse(&self->ring, NR_REGISTERED));
	ASSERT_EQ(0, script_open(&self->script, self->ring.ring_fd, 0));
	ASSERT_EQ(0, script_attach(&self->script));
	scratch.script = &self->script;
}

FIXTURE_TEARDOWN(opcodes)
{
	script_close(&self->script);
	io_uring_queue_exit(&self->ring);
}

/* What became of a case. */
struct ran {
	unsigned int	nr;
	int		res[MAX_RES];
	struct outcome	outcome;
};

static bool take_cqe(struct ran *r, const struct io_uring_cqe *cqe)
{
	if (cqe->user_data >= r->nr || r->res[cqe->user_data] != NOTHING)
		return false;
	r->res[cqe->user_data] = cqe->res;
	return true;
}

/* IOSQE_ASYNC goes with everything, IOSQE_FIXED_FILE with what works on a file. */
static void set_flag(struct io_uring_sqe *sqe, __u8 flag)
{
	if (flag == IOSQE_FIXED_FILE) {
		if (!by_nr[sqe->opcode] || !by_nr[sqe->opcode]->on_file)
			return;
		sqe->fd = REGISTERED(sqe->fd);
		if (sqe->opcode == IORING_OP_SPLICE || sqe->opcode == IORING_OP_TEE) {
			sqe->splice_fd_in = REGISTERED(sqe->splice_fd_in);
			sqe->splice_flags |= SPLICE_F_FD_IN_FIXED;
		}
	}
	sqe->flags |= flag;
}

typedef bool (*way)(struct io_uring *ring, struct chain *c, struct ran *r);

static void start(struct io_uring *ring, struct ran *r, struct chain *c, const struct op_case *oc,
		  __u8 flag)
{
	unsigned int i;

	prepare(ring);
	chain_init(c, true, IORING_CLONE_DEFER);
	oc->add(c);
	for (i = 0; i < c->nr; i++)
		set_flag(&c->sqe[i], flag);
	r->nr = c->nr;
	r->outcome = (struct outcome){ NOTHING, 0 };
	for (i = 0; i < MAX_RES; i++)
		r->res[i] = NOTHING;
}

static bool on_a_ring(struct io_uring *ring, struct chain *c, struct ran *r)
{
	struct io_uring_cqe cqe;
	unsigned int i;

	for (i = 0; i < c->nr; i++)
		*get_sqe(ring) = c->sqe[i];
	if (submit_all(ring))
		return false;
	for (i = 0; i < c->nr; i++)
		if (next_cqe(ring, &cqe) || !take_cqe(r, &cqe))
			return false;
	return true;
}

static bool in_a_chain(struct io_uring *ring, struct chain *c, struct ran *r)
{
	struct io_uring_cqe cqe;

	if (chain_submit(ring, c))
		return false;
	while (!next_cqe(ring, &cqe)) {
		if (cqe.user_data == UD_CLONE) {
			r->outcome = (struct outcome){ cqe.res, IORING_CQE_STEP(&cqe) };
			return cqe.res <= 0 || !wait_exit(cqe.res);
		}
		if (!take_cqe(r, &cqe))
			return false;
	}
	return false;
}

/* The policy queues all of it in one step, and in the next takes the completions. */
static bool by_a_policy(struct io_uring *ring, struct chain *c, struct ran *r)
{
	struct script_op todo[2 * MAX_RES + 2] = {};
	struct script_bpf__bss *bss = scratch.script->skel->bss;
	unsigned int i, n = c->nr;
	struct chain all;

	chain_init(&all, true, 0);
	chain_policy(&all, 0, NULL, 0);
	all.nr_submit = 1;
	for (i = 0; i < n; i++) {
		*chain_add(&all) = c->sqe[i];
		todo[i] = (struct script_op){ .op = S_QUEUE, .a = i + 1 };
		todo[n + 1 + i].op = S_REAP;
	}
	todo[n] = (struct script_op)S_END(RET_CONTINUE);
	todo[2 * n + 1] = (struct script_op)S_END(RET_DONE);
	script_write(scratch.script, todo, 2 * n + 2);

	r->outcome = chain_outcome(ring, &all);
	if (r->outcome.res > 0) {		/* a program: nobody is left to tell */
		r->res[n - 1] = 0;
		return !wait_exit(r->outcome.res);
	}
	for (i = 0; i < 2 * n && i < bss->nr_records; i++)
		if (bss->records[i].ret || (i >= n && !take_cqe(r, &(struct io_uring_cqe){
				.user_data = bss->records[i].value, .res = bss->records[i].res })))
			return false;
	return i == 2 * n;
}

static bool case_ok(struct io_uring *ring, const struct op *op, unsigned int nr, way run, __u8 flag)
{
	const struct op_case *oc = &op->cases[nr];
	struct chain c;
	struct ran r;
	bool ok;

	start(ring, &r, &c, oc, flag);
	ok = run(ring, &c, &r);
	if (run == by_a_policy && op->queued)
		ok = ok && r.res[0] == -op->queued;
	else
		ok = ok && oc->ok(r.res);
	forget();
	if (!ok)
		fprintf(stderr, "# %s, case %u: results %d %d %d, outcome %d of step %u\n",
			op->name, nr, r.res[0], r.res[1], r.res[2], r.outcome.res,
			r.outcome.step);
	return ok;
}

/* Returns how many operations did not do what they should. */
static unsigned int failures(struct io_uring *ring, way run, __u8 flag)
{
	unsigned int nr, i, bad = 0;

	for (nr = 0; nr < 256; nr++) {
		const struct op *op = by_nr[nr];

		if (!op || op->refused || (run == on_a_ring && op->ours))
			continue;
		for (i = 0; i < ARRAY_SIZE(op->cases) && op->cases[i].add; i++)
			if (run != on_a_ring || !op->cases[i].in_chain)
				bad += !case_ok(ring, op, i, run, flag);
	}
	return bad;
}

TEST_F(opcodes, of_the_kernel_are_those_of_the_table)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(&self->ring);
	bool known, decided;
	unsigned int nr;

	ASSERT_NE(NULL, probe);
	for (nr = 0; nr < 256; nr++) {
		known = io_uring_opcode_supported(probe, nr);
		decided = by_nr[nr];
		EXPECT_EQ(known, decided) {
			TH_LOG("operation %u is %s", nr,
			       known ? "one nobody has decided about" : "in the table only");
		}
	}
	io_uring_free_probe(probe);
}

/* What the next tests are worth: what they expect is what io_uring does anywhere. */
TEST_F(opcodes, on_an_ordinary_ring_do_what_they_should)
{
	EXPECT_EQ(0, failures(&self->ring, on_a_ring, 0));
	EXPECT_EQ(0, failures(&self->ring, on_a_ring, IOSQE_FIXED_FILE));
}

TEST_F(opcodes, in_a_chain_do_what_they_should)
{
	EXPECT_EQ(0, failures(&self->ring, in_a_chain, 0));
}

TEST_F(opcodes, in_a_chain_with_iosqe_async_do_what_they_should)
{
	EXPECT_EQ(0, failures(&self->ring, in_a_chain, IOSQE_ASYNC));
}

TEST_F(opcodes, in_a_chain_on_registered_files_do_what_they_should)
{
	EXPECT_EQ(0, failures(&self->ring, in_a_chain, IOSQE_FIXED_FILE));
}

TEST_F(opcodes, queued_by_a_policy_do_what_they_should)
{
	EXPECT_EQ(0, failures(&self->ring, by_a_policy, 0));
}

TEST_F(opcodes, queued_by_a_policy_on_registered_files_do_what_they_should)
{
	EXPECT_EQ(0, failures(&self->ring, by_a_policy, IOSQE_FIXED_FILE));
}

/* True if it is refused in this way with the errno of the table. */
static bool refused(struct io_uring *ring, const struct op *op, way run, __u8 flag)
{
	struct chain c;
	struct ran r;
	bool ok;

	start(ring, &r, &c, &op->cases[0], flag);
	ok = run(ring, &c, &r) && r.res[0] == -op->refused;
	forget();
	if (!ok)
		fprintf(stderr, "# %s: %d\n", op->name, r.res[0]);
	return ok;
}

TEST_F(opcodes, refused_say_so)
{
	unsigned int nr;

	for (nr = 0; nr < 256; nr++) {
		if (!by_nr[nr] || !by_nr[nr]->refused)
			continue;
		EXPECT_TRUE(refused(&self->ring, by_nr[nr], in_a_chain, 0));
		EXPECT_TRUE(refused(&self->ring, by_nr[nr], in_a_chain, IOSQE_ASYNC));
		EXPECT_TRUE(refused(&self->ring, by_nr[nr], by_a_policy, 0));
	}
}

/* The SQEs of the last test are good ones: it is the chain that they are refused for. */
TEST_F(opcodes, refused_in_a_chain_are_tried_on_an_ordinary_ring)
{
	unsigned int nr;
	struct chain c;
	struct ran r;

	for (nr = 0; nr < 256; nr++) {
		if (!by_nr[nr] || !by_nr[nr]->refused)
			continue;
		start(&self->ring, &r, &c, &by_nr[nr]->cases[0], 0);
		EXPECT_TRUE(on_a_ring(&self->ring, &c, &r));
		EXPECT_NE(-by_nr[nr]->refused, r.res[0]) {
			TH_LOG("%s", by_nr[nr]->name);
		}
		forget();
	}
}

static unsigned int unknown_nr;

static void add_unknown(struct chain *c)
{
	chain_add(c)->opcode = unknown_nr;
}

TEST_F(opcodes, unknown_einval)
{
	static const struct op unknown = { .name = "unknown", .refused = EINVAL,
					   .cases = { { .add = add_unknown } } };

	for (unknown_nr = 0; unknown_nr < 256; unknown_nr++) {
		if (by_nr[unknown_nr])
			continue;
		EXPECT_TRUE(refused(&self->ring, &unknown, in_a_chain, 0)) {
			TH_LOG("operation %u", unknown_nr);
		}
	}
}

/* For the documentation. */
static int print_table(void)
{
	unsigned int nr;

	read_table();
	for (nr = 0; nr < 256; nr++)
		if (by_nr[nr])
			printf("%u %s %s\n", nr, by_nr[nr]->name,
			       by_nr[nr]->refused ? strerrorname_np(by_nr[nr]->refused) : "runs");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--table"))
		return print_table();
	return test_main(argc, argv);
}
