// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <bpf/libbpf.h>
#include "snapshot.h"

int snapshot_read(struct snapshot *s)
{
	int err;

	*s = (struct snapshot) {};
	libbpf_set_print(NULL);		/* what fails is said in our words */
	err = attached_read(&s->links);
	if (!err)
		err = holders_read(&s->holders);
	if (!err)
		err = pins_read(&s->pins);
	if (err)
		snapshot_free(s);
	return err;
}

void snapshot_free(struct snapshot *s)
{
	attached_free(&s->links);
	holders_free(&s->holders);
	pins_free(&s->pins);
}

const char *snapshot_no_ring(const struct attached *a)
{
	return a->newest ? "none seen: gone, or in no descriptor" : "none: gone";
}

static void put_holders(const struct snapshot *s, struct json *j, const struct attached *a)
{
	const struct holder *h;
	unsigned int i = 0;

	json_array(j, "rings");
	while ((h = holders_next(&s->holders, a, &i))) {
		json_object(j, NULL);
		json_number(j, "pid", h->pid);
		json_string(j, "comm", h->comm);
		json_number(j, "fd", h->fd);
		json_object_end(j);
	}
	json_array_end(j);
}

static void put_pins(const struct snapshot *s, struct json *j, const struct attached *a)
{
	const char *path;
	unsigned int i = 0;

	json_array(j, "pins");
	while ((path = pins_next(&s->pins, a->link, &i)))
		json_string(j, NULL, path);
	json_array_end(j);
}

void snapshot_json(const struct snapshot *s, struct json *j, const struct attached *a)
{
	json_unsigned(j, "link", a->link);
	json_unsigned(j, "slot", a->slot);
	json_string(j, "policy", a->name);
	json_unsigned(j, "map", a->map);
	json_unsigned(j, "prog", a->prog);
	put_holders(s, j, a);
	put_pins(s, j, a);
}
