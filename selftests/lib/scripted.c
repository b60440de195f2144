// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Loading, attaching and reading the scripted policy. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "scripted.h"

/*
 * Opened, not loaded: budgets can still be set. The second map stays out unless a test asks for
 * it.
 */
int script_open(struct script *s, int ring_fd, __u32 slot)
{
	memset(s, 0, sizeof(*s));
	s->skel = script_bpf__open();
	if (!s->skel) {
		fprintf(stderr, "# opening the scripted policy: %s\n", strerror(errno));
		return -errno;
	}
	s->skel->struct_ops.script_ops->ring_fd = ring_fd;
	s->skel->struct_ops.script_ops->slot = slot;
	bpf_map__set_autocreate(s->skel->maps.second_ops, false);
	return 0;
}

/* Opened and loaded, to be linked as often as one likes. */
int script_load(struct script *s, int ring_fd, __u32 slot)
{
	int ret = script_open(s, ring_fd, slot);

	return ret ?: script_bpf__load(s->skel);
}

int script_link(struct script *s)
{
	s->link = bpf_map__attach_struct_ops(s->skel->maps.script_ops);
	return s->link ? 0 : -errno;
}

int script_attach(struct script *s)
{
	int ret = script_bpf__load(s->skel);

	return ret ?: script_link(s);
}

/* A spawn under way has a copy of the link's descriptor: closing ours would not be enough. */
void script_detach(struct script *s)
{
	if (s->link)
		bpf_link__detach(s->link);
	bpf_link__destroy(s->link);
	s->link = NULL;
}

/* A new script, an empty log. */
void script_write(struct script *s, const struct script_op *ops, unsigned int nr)
{
	memset(s->skel->bss, 0, sizeof(*s->skel->bss));
	memcpy(s->skel->bss->ops, ops, nr * sizeof(*ops));
}

void script_close(struct script *s)
{
	script_detach(s);
	script_bpf__destroy(s->skel);
}

/* Every call the policy logged has returned 0. */
bool script_all_ok(struct script *s)
{
	unsigned int i;

	for (i = 0; i < s->skel->bss->nr_records; i++)
		if (s->skel->bss->records[i].ret) {
			fprintf(stderr, "# record %u: %d\n", i, s->skel->bss->records[i].ret);
			return false;
		}
	return true;
}
