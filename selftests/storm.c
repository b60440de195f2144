// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Random chains, policies, rings and deaths, several at a time, drawn from a seed: see
 * storm/storm.h. Every CLONE has one outcome, completions tell what ran, nothing behind a
 * successful EXEC is issued, and in the end nothing is left.
 *
 * SPAWN_STORM_SEED: the seed, else always the same. SPAWN_STORM_CHAINS: about so many chains.
 * SPAWN_STORM_ROUND: this round only, over and over. "make storm" sets them.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include "lib/fixture.h"
#include "lib/memory.h"
#include "storm/storm.h"

#define WORKERS		4
#define CHAINS_DEFAULT	20000
#define SEED_DEFAULT	1		/* a check says the same twice; make storm draws one */
#define PARTS		4		/* each a test, with the time of one */
/* What some thousand processes and rings leave in caches that nobody shrinks. */
#define KB_OF_ITS_OWN	6144

struct tally *tally;

static __u64 number(const char *name, __u64 otherwise)
{
	const char *value = getenv(name);

	return value && *value ? strtoull(value, NULL, 0) : otherwise;
}

struct order {
	__u64		seed;
	unsigned int	chains;
	bool		one_round;
	unsigned int	round;
};

static struct order read_order(void)
{
	struct order o;

	o.seed = number("SPAWN_STORM_SEED", SEED_DEFAULT);
	o.chains = number("SPAWN_STORM_CHAINS", rounds(CHAINS_DEFAULT));
	o.round = number("SPAWN_STORM_ROUND", ~0U);
	o.one_round = o.round != ~0U;
	return o;
}

/* Two slots of the first ring get the same program; each worker has its own copy of it. */
static int load_policies(struct script *s)
{
	int ret = script_open(s, RING_FD, 0);

	if (ret)
		return ret;
	bpf_map__set_autocreate(s->skel->maps.second_ops, true);
	s->skel->struct_ops.script_ops->max_steps = 100;
	s->skel->struct_ops.second_ops->ring_fd = RING_FD;
	s->skel->struct_ops.second_ops->slot = 1;
	s->skel->struct_ops.second_ops->max_steps = 20;
	return script_bpf__load(s->skel);
}

/* What one worker does: rounds first, first + WORKERS, ... until it had that many chains. */
struct share {
	unsigned int	first, chains;
	pid_t		pid;
};

/* Which rounds: those of one part, before and after memory is looked at, never meet. */
#define FIRST_ROUND(part, after)	((part) * 2000000 + (after) * 1000000)

static void work(const struct order *o, const struct share *s)
{
	static struct plan plan;
	static struct script script;
	unsigned int round = s->first, done;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (load_policies(&script) || scene_open())
		_exit(2);
	for (done = 0; done < s->chains; done += plan.nr_chains, round += WORKERS) {
		plan_draw(&plan, o->seed, o->one_round ? o->round : round);
		/* what others say behind the first failure would only hide it */
		if (!run_round(&plan, &script) || tally->broken)
			_exit(1);
	}
	script_close(&script);
	_exit(0);
}

static bool all_work(const struct order *o, unsigned int first, unsigned int chains)
{
	struct share shares[WORKERS];
	bool ok = true;
	unsigned int i;
	int status;

	for (i = 0; i < WORKERS; i++) {
		shares[i] = (struct share){ first + i, chains / WORKERS };
		shares[i].pid = fork();
		if (!shares[i].pid)
			work(o, &shares[i]);
	}
	for (i = 0; i < WORKERS; i++)
		if (shares[i].pid < 0 || waitpid(shares[i].pid, &status, 0) < 0 || status)
			ok = false;
	return ok;
}

static void tell_tally(const struct order *o)
{
	fprintf(stderr, "# storm: seed %llu: %lu rounds (%lu orderly, %lu closed, %lu exited, %lu "
		"exec'ed, %lu killed), %lu chains, %lu programs, %lu marks\n",
		(unsigned long long)o->seed, tally->rounds, tally->ends[ORDERLY],
		tally->ends[CLOSES], tally->ends[EXITS], tally->ends[EXECS], tally->ends[KILLED],
		tally->chains, tally->programs, tally->marks);
	fprintf(stderr, "# storm: judged %lu: %lu programs, %lu ended well, %lu failed, %lu killed, "
		"%lu cancelled; %lu refused\n", tally->judged, tally->succeeded, tally->finished,
		tally->failed, tally->killed, tally->cancelled, tally->refused);
}

/* A storm in which something never happened proves nothing about it. */
static bool was_a_storm(void)
{
	unsigned int i;

	for (i = 0; i < NR_ENDS; i++)
		if (!tally->ends[i])
			return false;
	return tally->programs && tally->marks && tally->succeeded && tally->finished &&
	       tally->failed && tally->killed && tally->cancelled && tally->refused;
}

FIXTURE(storm) {
	struct order order;
};

FIXTURE_VARIANT(storm) {
	unsigned int part;
};
FIXTURE_VARIANT_ADD(storm, first) { .part = 0 };
FIXTURE_VARIANT_ADD(storm, second) { .part = 1 };
FIXTURE_VARIANT_ADD(storm, third) { .part = 2 };
FIXTURE_VARIANT_ADD(storm, fourth) { .part = 3 };

FIXTURE_SETUP(storm)
{
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, tally);
	ASSERT_EQ(0, scene_make());
	self->order = read_order();
	self->order.chains /= PARTS;
	fprintf(stderr, "# storm: seed %llu, %u chains\n", (unsigned long long)self->order.seed,
		self->order.chains);
}

FIXTURE_TEARDOWN(storm)
{
}

TEST_F(storm, random_chains_keep_what_is_promised)
{
	const struct order *o = &self->order;
	struct memory before;
	struct usage usage;

	/* the first tenth also fills what the kernel keeps */
	ASSERT_TRUE(all_work(o, FIRST_ROUND(variant->part, 0), o->chains / 10));
	before = memory_now();
	usage = usage_now();
	ASSERT_TRUE(all_work(o, FIRST_ROUND(variant->part, 1), o->chains - o->chains / 10));
	tell_tally(o);
	EXPECT_TRUE(usage_settles(&usage));
	EXPECT_TRUE(memory_settles(&before, KB_OF_ITS_OWN));
	EXPECT_TRUE(no_child_left());
	if (!o->one_round && o->chains >= CHAINS_DEFAULT / PARTS)
		EXPECT_TRUE(was_a_storm());
}

TEST_MAIN
