// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What the verifier refuses in a policy, by its message; and the twin that differs in one line and
 * is accepted.
 */
#include <errno.h>
#include "lib/fixture.h"
#include "refused.skel.h"

static char verifier_log[1 << 20];

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

/* Everything left out but one map, and with it all programs but its own. */
static struct refused_bpf *open_only(const char *wanted)
{
	struct refused_bpf *skel;
	struct bpf_program *prog;
	struct bpf_map *map;

	libbpf_set_print(quiet);
	skel = refused_bpf__open();
	if (!skel)
		return NULL;
	bpf_object__for_each_map(map, skel->obj)
		if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS)
			bpf_map__set_autocreate(map, !strcmp(bpf_map__name(map), wanted));
	bpf_object__for_each_program(prog, skel->obj) {
		bpf_program__set_log_buf(prog, verifier_log, sizeof(verifier_log));
		bpf_program__set_log_level(prog, 1);
	}
	return skel;
}

static int load_only(const char *wanted)
{
	struct refused_bpf *skel = open_only(wanted);
	int ret;

	if (!skel)
		return -ENOTRECOVERABLE;
	verifier_log[0] = '\0';
	ret = refused_bpf__load(skel);
	refused_bpf__destroy(skel);
	return ret;
}

FIXTURE(verifier) {
};

FIXTURE_VARIANT(verifier) {
	const char *refused, *twin;
	const char *message;
};

#define CASE(name, text)								\
	FIXTURE_VARIANT_ADD(verifier, name) {						\
		.refused = #name "_refused_ops", .twin = #name "_twin_ops", .message = text };

#define READ_ONLY								\
	"only wait_nr, timeout_ns, res and pdu of struct iou_spawn_params can be written"

CASE(event, READ_ONLY)
CASE(straddle, READ_ONLY)
CASE(pdu, READ_ONLY)
CASE(opaque, "access beyond struct iou_spawn_ctx")
CASE(wrong_ctx,
     "expected pointer to STRUCT iou_spawn_ctx but R1 has a pointer to STRUCT iou_spawn_params")
CASE(null_ctx, "NULL pointer passed to trusted arg0")
CASE(short_buf, "invalid indirect access to stack R3 off=-32 size=64")
CASE(rodata, "write into map forbidden")
CASE(pdu_buf, "args#2 pointer type UNKNOWN  is not supported")
CASE(bound, "unbounded memory access, make sure to bounds check any such access")
CASE(null_value, "R0 invalid mem access 'map_value_or_null'")
CASE(endless, "infinite loop detected")
CASE(sleep, "attach to unsupported member step of struct io_uring_spawn_ops")
CASE(loop, "program of this type cannot use helper bpf_loop")
CASE(tail_call, "program of this type cannot use helper bpf_tail_call")
CASE(timer, "program of this type cannot use helper bpf_timer_init")

FIXTURE_SETUP(verifier)
{
}

FIXTURE_TEARDOWN(verifier)
{
}

static void print_end_of_log(void)
{
	size_t len = strlen(verifier_log);

	fprintf(stderr, "# %s\n", verifier_log + (len > 2000 ? len - 2000 : 0));
}

TEST_F(verifier, refuses_it_and_says_why)
{
	EXPECT_NE(0, load_only(variant->refused));
	EXPECT_NE(NULL, strstr(verifier_log, variant->message))
		print_end_of_log();
}

TEST_F(verifier, accepts_its_twin_ok)
{
	EXPECT_EQ(0, load_only(variant->twin))
		print_end_of_log();
}

#define OTHER_TYPE	"calling kernel function bpf_io_uring_spawn_get_cqe is not allowed"

TEST(other_type_of_program_is_refused)
{
	struct refused_bpf *skel = open_only("none");

	ASSERT_NE(NULL, skel);
	bpf_program__set_autoload(skel->progs.other_type_refused, true);
	EXPECT_NE(0, refused_bpf__load(skel));
	EXPECT_NE(NULL, strstr(verifier_log, OTHER_TYPE))
		print_end_of_log();
	refused_bpf__destroy(skel);
}

TEST(map_without_a_link_eopnotsupp)
{
	struct refused_bpf *skel = open_only("without_link_ops");
	struct io_uring ring;
	struct bpf_link *link;

	ASSERT_NE(NULL, skel);
	ASSERT_EQ(0, ring_init(&ring, 0));
	skel->struct_ops.without_link_ops->ring_fd = ring.ring_fd;
	ASSERT_EQ(0, refused_bpf__load(skel));
	link = bpf_map__attach_struct_ops(skel->maps.without_link_ops);
	EXPECT_EQ(NULL, link);
	EXPECT_EQ(EOPNOTSUPP, errno);
	refused_bpf__destroy(skel);
	io_uring_queue_exit(&ring);
}

TEST_MAIN
