// SPDX-License-Identifier: GPL-2.0 OR MIT
/* spawn-bpf detach and pin: the end of a policy's link, and a name for one. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "attached.h"
#include "commands.h"
#include "json.h"
#include "link_arg.h"
#include "options.h"
#include "pins.h"
#include "util.h"

struct link_options {
	const char	*args[2];	/* the link; pin: and a path */
	unsigned int	nr_args;
	bool		json;
};

static error_t parse(int key, char *arg, struct argp_state *state, unsigned int wanted)
{
	struct link_options *o = state->input;

	switch (key) {
	case 'j':
		o->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (o->nr_args == wanted)
			argp_error(state, "'%s' is too many", arg);
		o->args[o->nr_args++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (!o->nr_args)
			argp_error(state, "the link is missing: its id, or where it is pinned");
		if (o->nr_args < wanted)
			argp_error(state, "the path is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ .name = "json", .key = 'j', .doc = "Say what was done as JSON" },
	{ 0 },
};

/* ---- detach ------------------------------------------------------------------------------- */

static void say_detached(const struct attached *a, const struct pin_list *pins)
{
	const char *path;
	unsigned int i = 0;

	if (a->map)
		printf("policy %s is detached from slot %u: link %u, map %u", a->name, a->slot,
		       a->link, a->map);
	else
		printf("link %u had been detached already", a->link);
	while ((path = pins_next(pins, a->link, &i)))
		printf(", %s is removed", path);
	putchar('\n');
}

static void json_detached(const struct attached *a, const struct pin_list *pins)
{
	struct json j = {};
	const char *path;
	unsigned int i = 0;

	json_object(&j, NULL);
	json_unsigned(&j, "link", a->link);
	json_bool(&j, "was_attached", a->map);
	if (a->map) {
		json_unsigned(&j, "map", a->map);
		json_string(&j, "policy", a->name);
		json_unsigned(&j, "slot", a->slot);
	}
	json_array(&j, "removed");
	while ((path = pins_next(pins, a->link, &i)))
		json_string(&j, NULL, path);
	json_array_end(&j);
	json_object_end(&j);
}

static int detach(int fd, const struct attached *a, bool json)
{
	struct pin_list pins;
	int err;

	err = pins_read(&pins);
	if (err)
		return err;
	err = bpf_link_detach(fd);
	if (err) {
		say_error(err, NULL, "link %u cannot be detached", a->link);
	} else {
		err = pins_remove(&pins, a->link);
		if (json)
			json_detached(a, &pins);
		else
			say_detached(a, &pins);
	}
	pins_free(&pins);
	return err;
}

static error_t parse_detach(int key, char *arg, struct argp_state *state)
{
	return parse(key, arg, state, 1);
}

static const struct argp detach_argp = {
	.options = options,
	.parser = parse_detach,
	.children = common_options,
	.args_doc = "LINK|PIN",
	.doc = "Detaches a policy: its slot is empty, and the names of its link are removed. "
	       "Spawns that run under it go on under it. LINK is the link's id, as spawn-bpf list "
	       "shows it, PIN a path of it, with a slash. It takes CAP_SYS_ADMIN.\v"
	       "Exit status: 0; 125 it is not detached, a name of it could not be removed, or the "
	       "answer could not be written.",
};

int cmd_detach(int argc, char **argv)
{
	struct link_options o = {};
	struct attached a;
	int fd, err;

	parse_options(&detach_argp, "spawn-bpf detach", argc, argv, &o);
	libbpf_set_print(NULL);
	fd = link_arg_open(o.args[0], &a);
	if (fd < 0)
		return EXIT_SELF;
	err = detach(fd, &a, o.json);
	close(fd);
	return err ? EXIT_SELF : 0;
}

/* ---- pin ---------------------------------------------------------------------------------- */

static void say_pinned(const struct attached *a, const char *path)
{
	printf("policy %s, link %u, is pinned at %s\n", a->name, a->link, path);
}

static void json_pinned(const struct attached *a, const char *path)
{
	struct json j = {};

	json_object(&j, NULL);
	json_unsigned(&j, "link", a->link);
	json_unsigned(&j, "map", a->map);
	json_string(&j, "policy", a->name);
	json_unsigned(&j, "slot", a->slot);
	json_string(&j, "pin", path);
	json_object_end(&j);
}

static error_t parse_pin(int key, char *arg, struct argp_state *state)
{
	return parse(key, arg, state, 2);
}

static const struct argp pin_argp = {
	.options = options,
	.parser = parse_pin,
	.children = common_options,
	.args_doc = "LINK|PIN PATH",
	.doc = "Gives the link of a policy a name in a BPF file system. It stays attached then, "
	       "when the process has gone that has attached it. It takes CAP_SYS_ADMIN.\v"
	       "Exit status: 0; 125 it is not pinned.",
};

int cmd_pin(int argc, char **argv)
{
	struct link_options o = {};
	struct attached a;
	int fd, err = -ENOLINK;

	parse_options(&pin_argp, "spawn-bpf pin", argc, argv, &o);
	libbpf_set_print(NULL);
	fd = link_arg_open(o.args[0], &a);
	if (fd < 0)
		return EXIT_SELF;
	if (!a.map)
		say("link %u has been detached (ENOLINK): there is nothing to keep", a.link);
	else
		err = pin_link(fd, o.args[1]);
	if (!err && o.json)
		json_pinned(&a, o.args[1]);
	else if (!err)
		say_pinned(&a, o.args[1]);
	close(fd);
	return err ? EXIT_SELF : 0;
}
