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
#include "json.h"
#include "names.h"
#include "options.h"
#include "util.h"

/* ---- Output: name and value, one a line or as members of a JSON object -------------------- */

struct out {
	bool		in_json;
	struct json	json;
};

static void word(const struct out *o, const char *words)
{
	if (!o->in_json)
		printf("%-18s ", words);
}

/* Numbers with names of their own: SQEs 256, slots 16; { "sqes": 256, "slots": 16 } */
struct number {
	const char	*key, *words;
	long long	value;
};

static void put_numbers(struct out *o, const char *key, const char *words, const struct number *n,
			unsigned int nr)
{
	unsigned int i;

	word(o, words);
	if (o->in_json)
		json_object(&o->json, key);
	for (i = 0; i < nr; i++)
		if (o->in_json)
			json_number(&o->json, n[i].key, n[i].value);
		else
			printf("%s %lld%s", n[i].words, n[i].value, i + 1 < nr ? ", " : "\n");
	if (o->in_json)
		json_object_end(&o->json);
}

/* The names of the bits that are set. */
static void put_bits(struct out *o, const char *key, const char *words, __u64 bits,
		     const struct names *names, unsigned int nr)
{
	char buf[16];

	word(o, words);
	if (o->in_json)
		json_array(&o->json, key);
	else if (!bits)
		printf("none");
	for (; bits; bits &= bits - 1) {
		const char *name = bit_name(bits & -bits, names, nr, buf, sizeof(buf));

		if (o->in_json)
			json_string(&o->json, NULL, name);
		else
			printf("%s%s", name, bits & (bits - 1) ? " " : "");
	}
	if (o->in_json)
		json_array_end(&o->json);
	else
		putchar('\n');
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

	put_numbers(o, "operations", "operations", ops, ARRAY_SIZE(ops));
	put_bits(o, "spawn_flags", "spawn flags", q->spawn_flags, spawn_flags,
		 ARRAY_SIZE(spawn_flags));
	put_bits(o, "exec_flags", "exec flags", q->exec_flags, exec_flags, ARRAY_SIZE(exec_flags));
	put_bits(o, "clone_flags", "clone flags", q->clone_flags, clone_flags,
		 ARRAY_SIZE(clone_flags));
	put_bits(o, "task_attrs", "task attributes", q->task_attrs, task_attrs,
		 ARRAY_SIZE(task_attrs));
	put_numbers(o, "limits", "limits per spawn", limits, ARRAY_SIZE(limits));
}

static void put_sysctl(struct out *o)
{
	int value = kernel_sysctl("io_uring_spawn");

	word(o, "io_uring_spawn");
	if (!o->in_json)
		puts(sysctl_words(value));
	else if (value < 0)
		json_string(&o->json, "sysctl", NULL);
	else
		json_number(&o->json, "sysctl", value);
}

static void put_policies(struct out *o)
{
	int btf = btf_has_policies();
	bool may_load = may_load_policies();

	word(o, "policies");
	if (!o->in_json && btf < 0) {
		printf("unknown: " KERNEL_BTF " cannot be read (%s)\n", errno_name(btf));
	} else if (!o->in_json) {
		puts(!btf ? "none: struct io_uring_spawn_ops is not in the kernel's BTF" :
		     may_load ? "struct io_uring_spawn_ops; this process may load them" :
		     "struct io_uring_spawn_ops; this process may not load them, it lacks CAP_BPF or "
		     "CAP_PERFMON");
	} else {
		json_object(&o->json, "policies");
		if (btf < 0)
			json_string(&o->json, "struct_ops", NULL);
		else
			json_bool(&o->json, "struct_ops", btf);
		json_bool(&o->json, "may_load", may_load);
		json_object_end(&o->json);
	}
}

static void put_all(struct out *o, const struct io_uring_query_spawn *q)
{
	struct utsname uts;

	uname(&uts);
	if (o->in_json) {
		json_object(&o->json, NULL);
		json_string(&o->json, "kernel", uts.release);
		json_unsigned(&o->json, "abi", q->abi);
	} else {
		printf("%-18s %s\n%-18s %u\n", "kernel", uts.release, "spawn ABI", q->abi);
	}
	put_query(o, q);
	put_sysctl(o);
	put_policies(o);
	if (o->in_json)
		json_object_end(&o->json);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct out *o = state->input;

	if (key != 'j')
		return ARGP_ERR_UNKNOWN;
	o->in_json = true;
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
	struct out o = {};
	int status;

	parse_options(&argp, "spawn-bpf features", argc, argv, &o);
	libbpf_set_print(print_nothing);
	status = open_ring(&ring, &q, 0, 0);
	if (status)
		return status;
	io_uring_queue_exit(&ring);
	put_all(&o, &q);
	return 0;
}
