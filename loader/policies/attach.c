// SPDX-License-Identifier: GPL-2.0 OR MIT
/* spawn-bpf attach: a policy for a ring that is in use, which stays when we have gone. */
#include <bpf/libbpf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "attached.h"
#include "commands.h"
#include "json.h"
#include "options.h"
#include "pins.h"
#include "policy.h"
#include "ring.h"
#include "util.h"

struct attach_options {
	struct policy_options	policy;
	pid_t			pid;		/* 0: ours, the descriptor is inherited */
	int			ring;		/* as that process calls it */
	char			**params;	/* NAME=VALUE, room for all arguments */
	unsigned int		nr_params;
	const char		*pin;
	bool			json;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct attach_options *o = state->input;

	switch (key) {
	case 'p':
		o->pid = parse_number("--pid", arg, 1, INT_MAX, state);
		return 0;
	case 'r':
		o->ring = parse_number("--ring", arg, 0, INT_MAX, state);
		return 0;
	case 's':
		o->policy.slot = parse_number("--slot", arg, 0, IORING_SPAWN_MAX_SLOTS - 1, state);
		return 0;
	case 'n':
		o->policy.name = arg;
		return 0;
	case 'S':
		if (!strchr(arg, '='))
			argp_error(state, "--set takes PARAM=VALUE, not '%s'", arg);
		o->params[o->nr_params++] = arg;
		return 0;
	case 'P':
		o->pin = arg;
		return 0;
	case 'j':
		o->json = true;
		return 0;
	case 'v':
		o->policy.verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		if (o->policy.file)
			argp_error(state, "one policy at a time: '%s' is too many", arg);
		o->policy.file = arg;
		return 0;
	case ARGP_KEY_END:
		if (o->ring < 0)
			argp_error(state, "--ring is missing: which descriptor is the ring?");
		if (!o->policy.file)
			argp_error(state, "the policy's BPF object file is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{
		.name = "pid", .key = 'p', .arg = "PID",
		.doc = "The process that has the ring. It takes the rights of a debugger of it. "
		       "Without this option the ring is a descriptor that the caller passed on",
	},
	{ .name = "ring", .key = 'r', .arg = "FD", .doc = "The ring's descriptor there" },
	{ .name = "slot", .key = 's', .arg = "N", .doc = "The slot, 0 to 15 (default: 0)" },
	{
		.name = "name", .key = 'n', .arg = "OPS",
		.doc = "The variable in POLICY that is the policy (default: the first)",
	}, {
		.name = "set", .key = 'S', .arg = "PARAM=VALUE",
		.doc = "Set a parameter (IOU_SPAWN_PARAM) of the policy; can be given again",
	}, {
		.name = "pin", .key = 'P', .arg = "PATH",
		.doc = "The name that keeps the policy attached, in a BPF file system (default: "
		       BPFFS "/spawn_bpf/PID-FD-SLOT, where PID without --pid is the caller's)",
	},
	{ .name = "json", .key = 'j', .doc = "Say what was done as JSON" },
	{ .name = "verbose", .key = 'v', .doc = "Show what libbpf and the verifier say" },
	{ 0 },
};

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.children = common_options,
	.args_doc = "POLICY.bpf.o",
	.doc = "Attaches the policy in a BPF object file to a slot of a ring that is in use. It "
	       "stays there until spawn-bpf detach or the end of the ring. It takes CAP_BPF and "
	       "CAP_PERFMON.\v"
	       "Exit status: 0; 125 it is not attached, or the answer could not be written; 2 the "
	       "kernel has no io_uring spawn.",
};

/* ---- The command -------------------------------------------------------------------------- */

static void say_it(const struct attach_options *o, const struct attached *a, const char *pin)
{
	char name[32];

	process_shown(o->pid, name, sizeof(name));
	printf("policy %s is attached to slot %u of ring %d of process %d (%s): link %u, map %u, "
	       "pinned at %s\n", a->name, a->slot, o->ring, o->pid, name, a->link, a->map, pin);
}

static void say_json(const struct attach_options *o, const struct attached *a, const char *pin)
{
	struct json j = {};
	char name[32];

	json_object(&j, NULL);
	json_unsigned(&j, "link", a->link);
	json_unsigned(&j, "map", a->map);
	json_string(&j, "policy", a->name);
	json_unsigned(&j, "slot", a->slot);
	json_number(&j, "pid", o->pid);
	json_string(&j, "comm", process_name(o->pid, name, sizeof(name)));
	json_number(&j, "fd", o->ring);
	json_string(&j, "pin", pin);
	json_object_end(&j);
}

static int attach(const struct attach_options *o, const char *pin)
{
	struct policy policy;
	struct attached a;
	int err;

	/* the end of the link, and of what was attached, if it cannot be pinned */
	err = policy_attach(&policy, &o->policy);
	if (!err)
		err = attached_of_link(bpf_link__fd(policy.link), bpf_map__fd(policy.ops), &a);
	if (!err)
		err = pin_link(bpf_link__fd(policy.link), pin);
	if (!err && o->json)
		say_json(o, &a, pin);
	else if (!err)
		say_it(o, &a, pin);
	policy_detach(&policy);
	return err;
}

int cmd_attach(int argc, char **argv)
{
	struct attach_options o = { .ring = -1, .policy.retry = POLICY_KEEP_RETRY };
	struct io_uring_query_spawn q;
	char path[PATH_MAX];
	struct io_uring ring;
	int status;

	o.params = calloc(argc, sizeof(*o.params));
	parse_options(&argp, "spawn-bpf attach", argc, argv, &o);
	status = open_ring(&ring, &q, 0, 0);
	if (status)
		return status;
	io_uring_queue_exit(&ring);

	o.policy.params = o.params;
	o.policy.ring_fd = o.pid ? ring_take(o.pid, o.ring) : o.ring;
	status = EXIT_SELF;
	if (o.policy.ring_fd >= 0 && (o.pid || !ring_check(o.ring))) {
		if (!o.pid)
			o.pid = getppid();
		snprintf(path, sizeof(path), BPFFS "/spawn_bpf/%d-%d-%u", o.pid, o.ring,
			 o.policy.slot);
		if (!pin_check(o.pin ?: path) && !attach(&o, o.pin ?: path))
			status = 0;
	}
	free(o.params);
	return status;
}
