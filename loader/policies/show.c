// SPDX-License-Identifier: GPL-2.0 OR MIT
/* spawn-bpf show: a policy, or a ring, in detail. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "commands.h"
#include "escape.h"
#include "link_arg.h"
#include "options.h"
#include "program.h"
#include "show_ring.h"
#include "snapshot.h"
#include "util.h"

struct show_options {
	const char	*what;
	int		pid, ring;	/* -1: not given */
	bool		json;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct show_options *o = state->input;

	switch (key) {
	case 'p':
		o->pid = parse_number("--pid", arg, 1, INT_MAX, state);
		return 0;
	case 'r':
		o->ring = parse_number("--ring", arg, 0, INT_MAX, state);
		return 0;
	case 'j':
		o->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (o->what)
			argp_error(state, "'%s' is too many", arg);
		o->what = arg;
		return 0;
	case ARGP_KEY_END:
		if (o->pid >= 0 && o->ring < 0)
			argp_error(state, "--ring is missing: which descriptor is the ring?");
		if (!o->what == (o->ring < 0))
			argp_error(state, "what to show is either a policy, by its link, name or "
				   "pin, or a ring, by --pid and --ring");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{
		.name = "pid", .key = 'p', .arg = "PID",
		.doc = "Show a ring of this process. Without this option it is a descriptor that "
		       "the caller passed on",
	},
	{ .name = "ring", .key = 'r', .arg = "FD", .doc = "The ring's descriptor there" },
	{ .name = "json", .key = 'j', .doc = "Say it as JSON" },
	{ 0 },
};

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.children = common_options,
	.args_doc = "LINK|NAME|PIN\n--ring FD",
	.doc = "Shows policies: those of this name, or the one with this link, by id or path. With "
	       "--ring a ring instead: its policies, the spawns in progress and what has become of "
	       "the others. Policies take CAP_SYS_ADMIN, rings the rights to read what /proc says "
	       "of the process. As JSON a ring is an object and policies are an array.\v"
	       "Exit status: 0; 125 there is nothing to show.",
};

/* ---- Policies ----------------------------------------------------------------------------- */

/* 0 is the kernel's default. */
static void put_budget(const char *name, __u32 value, __u32 by_default, const char *end)
{
	if (value)
		printf("%s %u%s", name, value, end);
	else
		printf("%s %u (default)%s", name, by_default, end);
}

static const struct holder *first_holder(const struct snapshot *s, const struct attached *a)
{
	unsigned int i = 0;

	return holders_next(&s->holders, a, &i);
}

static void put_policy(const struct snapshot *s, const struct attached *a)
{
	const struct holder *h;
	const char *path;
	unsigned int i = 0;

	printf("policy %s: link %u, map %u, slot %u\n", a->name, a->link, a->map, a->slot);
	printf("  budgets: ");
	put_budget("max_steps", a->max_steps, 1024, ", ");
	put_budget("max_sqes", a->max_sqes, 1024, ", ");
	put_budget("max_posts", a->max_posts, 64, "\n");
	program_put(a->prog);
	while ((path = pins_next(&s->pins, a->link, &i)))
		printf("  pinned at %s\n", path);
	for (i = 0; (h = holders_next(&s->holders, a, &i));) {
		printf("  ring: descriptor %d of process %d (", h->fd, h->pid);
		put_plain(stdout, h->comm);
		puts(")");
	}
	h = first_holder(s, a);
	if (h)
		show_ring_spawns(&h->view);
	else
		printf("  ring: %s\n", snapshot_no_ring(a));
}

static void put_policy_json(const struct snapshot *s, struct json *j, const struct attached *a)
{
	const struct holder *h = first_holder(s, a);

	json_object(j, NULL);
	snapshot_json(s, j, a);
	json_object(j, "budgets");
	json_unsigned(j, "max_steps", a->max_steps);
	json_unsigned(j, "max_sqes", a->max_sqes);
	json_unsigned(j, "max_posts", a->max_posts);
	json_object_end(j);
	program_json(j, a->prog);
	if (h)
		show_ring_spawns_json(j, &h->view);
	json_object_end(j);
}

/* Does the user mean this one? @link: what his path or id stands for, or 0. */
static bool is_meant(const struct attached *a, const char *what, __u32 link)
{
	return link ? a->link == link : !strcmp(a->name, what);
}

static int put_meant(const struct snapshot *s, const char *what, __u32 link, bool json)
{
	struct json j = {};
	unsigned int i, nr = 0;

	if (json)
		json_array(&j, NULL);
	for (i = 0; i < s->links.nr; i++) {
		const struct attached *a = &s->links.all[i];

		if (!is_meant(a, what, link))
			continue;
		nr++;
		if (json)
			put_policy_json(s, &j, a);
		else
			put_policy(s, a);
	}
	if (json)
		json_array_end(&j);
	return nr;
}

static int show_policies(const struct show_options *o)
{
	struct snapshot s;
	struct attached a = {};
	int fd, nr;

	if (link_arg_is_id(o->what) || link_arg_is_path(o->what)) {
		fd = link_arg_open(o->what, &a);
		if (fd < 0)
			return EXIT_SELF;
		close(fd);
	}
	if (snapshot_read(&s))
		return EXIT_SELF;
	nr = put_meant(&s, o->what, a.link, o->json);
	snapshot_free(&s);
	if (nr)
		return 0;
	if (a.link)
		say("link %u has been detached", a.link);
	else
		say("no policy called %s is attached: spawn-bpf list shows those that are",
		    shown(o->what));
	return EXIT_SELF;
}

/* ---- Rings -------------------------------------------------------------------------------- */

static int show_ring(const struct show_options *o)
{
	int pid = o->pid < 0 ? getpid() : o->pid;
	struct ring_view view;
	int err;

	if (o->pid < 0 ? ring_check(o->ring) : ring_look(pid, o->ring))
		return EXIT_SELF;
	err = ring_read(pid, o->ring, &view);
	if (err) {
		say_error(err, NULL, "/proc/%d/fdinfo/%d cannot be read", pid, o->ring);
		return EXIT_SELF;
	}
	if (o->json)
		show_ring_json(pid, o->ring, &view);
	else
		show_ring_put(pid, o->ring, &view);
	ring_view_free(&view);
	return 0;
}

int cmd_show(int argc, char **argv)
{
	struct show_options o = { .pid = -1, .ring = -1 };

	parse_options(&argp, "spawn-bpf show", argc, argv, &o);
	libbpf_set_print(NULL);
	return o.what ? show_policies(&o) : show_ring(&o);
}
