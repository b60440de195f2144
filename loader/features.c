// SPDX-License-Identifier: GPL-2.0 OR MIT
/* spawn-bpf features: what the running kernel offers, in words or as JSON. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/utsname.h>
#include "commands.h"
#include "names.h"
#include "options.h"
#include "util.h"

/* ---- Output: name and value, one a line or as members of a JSON object -------------------- */

struct out {
	bool	json;
	bool	second;		/* a comma goes in front of the next one */
};

static void begin(struct out *o, const char *key, const char *words)
{
	if (o->json)
		printf("%s\n  \"%s\": ", o->second ? "," : "", key);
	else
		printf("%-18s ", words);
	o->second = true;
}

static void end(struct out *o)
{
	if (!o->json)
		putchar('\n');
}

/* Numbers with names of their own: SQEs 256, slots 16; { "sqes": 256, "slots": 16 } */
struct number {
	const char	*key, *words;
	long long	value;
};

static void put_numbers(struct out *o, const struct number *n, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (o->json)
			printf("%s\"%s\": %lld%s", i ? ", " : "{ ", n[i].key, n[i].value,
			       i + 1 < nr ? "" : " }");
		else
			printf("%s%s %lld", i ? ", " : "", n[i].words, n[i].value);
}

/* The names of the bits that are set. */
static void put_bits(struct out *o, __u64 bits, const struct names *names, unsigned int nr)
{
	const char *quote = o->json ? "\"" : "", *comma = "";
	char buf[16];

	if (o->json)
		putchar('[');
	else if (!bits)
		printf("none");
	for (; bits; bits &= bits - 1) {
		__u64 bit = bits & -bits;

		printf("%s%s%s%s", comma, quote, bit_name(bit, names, nr, buf, sizeof(buf)), quote);
		comma = o->json ? ", " : " ";
	}
	if (o->json)
		putchar(']');
}

/* ---- Names -------------------------------------------------------------------------------- */

static const struct names exec_flags[] = {
	{ IORING_EXEC_SEARCH,		"SEARCH" },
	{ IORING_EXEC_CANCEL,		"CANCEL" },
};

static const struct names clone_flags[] = {
	{ CLONE_PIDFD,			"PIDFD" },
	{ CLONE_INTO_CGROUP,		"INTO_CGROUP" },
	{ CLONE_NEWTIME,		"NEWTIME" },
	{ CLONE_NEWNS,			"NEWNS" },
	{ CLONE_NEWCGROUP,		"NEWCGROUP" },
	{ CLONE_NEWUTS,			"NEWUTS" },
	{ CLONE_NEWIPC,			"NEWIPC" },
	{ CLONE_NEWUSER,		"NEWUSER" },
	{ CLONE_NEWPID,			"NEWPID" },
	{ CLONE_NEWNET,			"NEWNET" },
};

#define ATTR(name)	{ 1ULL << IORING_TASK_##name, #name }
static const struct names task_attrs[] = {
	ATTR(DUP), ATTR(OPEN), ATTR(CLOSE_RANGE), ATTR(CHDIR), ATTR(CHROOT), ATTR(UMASK),
	ATTR(SIGMASK), ATTR(SIGDEFAULT), ATTR(SETSID), ATTR(SETPGID), ATTR(CTTY),
	ATTR(TCSETPGRP), ATTR(SCHED), ATTR(NICE), ATTR(AFFINITY), ATTR(IOPRIO), ATTR(RLIMIT),
	ATTR(GROUPS), ATTR(GID), ATTR(UID), ATTR(RESETIDS), ATTR(CAPS), ATTR(PRCTL),
	ATTR(SECCOMP), ATTR(UNSHARE), ATTR(SETNS),
};
_Static_assert(ARRAY_SIZE(task_attrs) == IORING_TASK_LAST, "an attribute has no name");

/* ---- What is not in the query ------------------------------------------------------------- */

/* The kernel's own answer, for it depends on namespaces too: a program that does nothing. */
static bool may_load_policies(void)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_STRUCT_OPS, NULL, "GPL", insns, ARRAY_SIZE(insns),
			       NULL);

	/* it implements no struct's member, so it fails all the same, but later */
	return fd != -EPERM;
}

/* 1 they are there, 0 they are not, or -errno: the kernel's types cannot be read. */
static int btf_has_policies(void)
{
	struct btf *btf;
	int has;

	if (access(KERNEL_BTF, R_OK))
		return -errno;
	btf = btf__load_vmlinux_btf();
	if (!btf)
		return -errno;
	has = btf__find_by_name_kind(btf, "io_uring_spawn_ops", BTF_KIND_STRUCT) > 0;
	btf__free(btf);
	return has;
}

static const char *sysctl_words(int value)
{
	switch (value) {
	case 0:
		return "0 (everybody may spawn)";
	case 1:
		return "1 (CAP_SYS_ADMIN may spawn)";
	case 2:
		return "2 (nobody may spawn)";
	default:
		return "cannot be read";
	}
}

/* ---- The command -------------------------------------------------------------------------- */

static void put_query(struct out *o, const struct io_uring_query_spawn *q)
{
	const struct number ops[] = {
		{ "clone", "CLONE", q->op_clone },
		{ "exec", "EXEC", q->op_exec },
		{ "task", "TASK", q->op_task },
		{ "spawn_bpf", "SPAWN_BPF", q->op_spawn_bpf },
	};
	const struct number limits[] = {
		{ "sqes", "SQEs", q->max_sqes },
		{ "slots", "slots", q->max_slots },
		{ "steps", "steps", q->max_steps },
		{ "posts", "posts", q->max_posts },
	};

	begin(o, "operations", "operations");
	put_numbers(o, ops, ARRAY_SIZE(ops));
	end(o);
	begin(o, "spawn_flags", "spawn flags");
	put_bits(o, q->spawn_flags, spawn_flags, ARRAY_SIZE(spawn_flags));
	end(o);
	begin(o, "exec_flags", "exec flags");
	put_bits(o, q->exec_flags, exec_flags, ARRAY_SIZE(exec_flags));
	end(o);
	begin(o, "clone_flags", "clone flags");
	put_bits(o, q->clone_flags, clone_flags, ARRAY_SIZE(clone_flags));
	end(o);
	begin(o, "task_attrs", "task attributes");
	put_bits(o, q->task_attrs, task_attrs, ARRAY_SIZE(task_attrs));
	end(o);
	begin(o, "limits", "limits per spawn");
	put_numbers(o, limits, ARRAY_SIZE(limits));
	end(o);
}

static void put_sysctl(struct out *o)
{
	int value = kernel_sysctl("io_uring_spawn");

	begin(o, "sysctl", "io_uring_spawn");
	if (!o->json)
		printf("%s", sysctl_words(value));
	else if (value < 0)
		printf("null");
	else
		printf("%d", value);
	end(o);
}

static void put_policies(struct out *o)
{
	static const char *const json_words[] = { "null", "false", "true" };
	int btf = btf_has_policies();
	bool may_load = may_load_policies();

	begin(o, "policies", "policies");
	if (o->json)
		printf("{ \"struct_ops\": %s, \"may_load\": %s }",
		       json_words[btf < 0 ? 0 : 1 + btf], json_words[1 + may_load]);
	else if (btf < 0)
		printf("unknown: " KERNEL_BTF " cannot be read (%s)", errno_name(btf));
	else if (!btf)
		printf("none: struct io_uring_spawn_ops is not in the kernel's BTF");
	else
		printf("struct io_uring_spawn_ops; this process %s", may_load ? "may load them" :
		       "may not load them, it lacks CAP_BPF or CAP_PERFMON");
	end(o);
}

static void put_all(bool json, const struct io_uring_query_spawn *q)
{
	struct out o = { .json = json };
	struct utsname uts;

	uname(&uts);
	if (json)
		putchar('{');
	begin(&o, "kernel", "kernel");
	printf(json ? "\"%s\"" : "%s", uts.release);
	end(&o);
	begin(&o, "abi", "spawn ABI");
	printf("%u", q->abi);
	end(&o);
	put_query(&o, q);
	put_sysctl(&o);
	put_policies(&o);
	if (json)
		printf("\n}\n");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	bool *json = state->input;

	if (key != 'j')
		return ARGP_ERR_UNKNOWN;
	*json = true;
	return 0;
}

static const struct argp_option options[] = {
	{ .name = "json", .key = 'j', .doc = "Say it as JSON" },
	{ 0 },
};

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.children = common_options,
	.doc = "Says what the running kernel offers.\v"
	       "Exit status: 0; 125 spawn-bpf itself failed; 2 the kernel has no io_uring spawn.",
};

static int print_nothing(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return 0;
}

int cmd_features(int argc, char **argv)
{
	struct io_uring_query_spawn q;
	struct io_uring ring;
	bool json = false;
	int status;

	parse_options(&argp, "spawn-bpf features", argc, argv, &json);
	libbpf_set_print(print_nothing);
	status = open_ring(&ring, &q, 0, 0);
	if (status)
		return status;
	io_uring_queue_exit(&ring);
	put_all(json, &q);
	return 0;
}
