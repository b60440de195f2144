// SPDX-License-Identifier: GPL-2.0 OR MIT
/* spawn-bpf list: the policies that are attached, and who has their rings. */
#include <bpf/libbpf.h>
#include <stdio.h>
#include "commands.h"
#include "escape.h"
#include "options.h"
#include "snapshot.h"
#include "util.h"

static void put_rings(const struct snapshot *s, const struct attached *a)
{
	const struct holder *h;
	unsigned int i = 0, n;

	for (n = 0; (h = holders_next(&s->holders, a, &i)); n++) {
		printf("%sfd %d of %d (", n ? ", " : "", h->fd, h->pid);
		put_plain(stdout, h->comm);
		putchar(')');
	}
	if (!n)
		printf("%s", snapshot_no_ring(a));
}

static void put_pins(const struct snapshot *s, const struct attached *a)
{
	const char *path;
	unsigned int i = 0;

	while ((path = pins_next(&s->pins, a->link, &i)))
		printf("; pinned at %s", path);
}

static void put_table(const struct snapshot *s)
{
	unsigned int i;

	if (!s->links.nr) {
		printf("no policy is attached\n");
		return;
	}
	printf("%5s %4s %-15s %5s %5s  %s\n", "LINK", "SLOT", "POLICY", "MAP", "PROG", "RING");
	for (i = 0; i < s->links.nr; i++) {
		const struct attached *a = &s->links.all[i];

		printf("%5u %4u %-15s %5u %5u  ", a->link, a->slot, a->name, a->map, a->prog);
		put_rings(s, a);
		put_pins(s, a);
		putchar('\n');
	}
}

static void put_json(const struct snapshot *s)
{
	struct json j = {};
	unsigned int i;

	json_array(&j, NULL);
	for (i = 0; i < s->links.nr; i++) {
		json_object(&j, NULL);
		snapshot_json(s, &j, &s->links.all[i]);
		json_object_end(&j);
	}
	json_array_end(&j);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	bool *json = state->input;

	switch (key) {
	case 'j':
		*json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is too many: list takes no arguments", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ .name = "json", .key = 'j', .doc = "Say it as JSON" },
	{ 0 },
};

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.children = common_options,
	.doc = "Lists the policies that BPF links of this system have attached to rings, the "
	       "processes that have a descriptor of the ring, and the names of the links. It takes "
	       "CAP_SYS_ADMIN, and CAP_SYS_PTRACE to see the rings of others.\v"
	       "Exit status: 0; 125 the list cannot be made; 2 the kernel has no io_uring spawn.",
};

int cmd_list(int argc, char **argv)
{
	struct snapshot s;
	bool json = false;
	int status;

	parse_options(&argp, "spawn-bpf list", argc, argv, &json);
	if (snapshot_read(&s))
		return EXIT_SELF;
	status = s.links.nr ? 0 : without_spawn();
	if (!status && json)
		put_json(&s);
	else if (!status)
		put_table(&s);
	snapshot_free(&s);
	return status;
}
