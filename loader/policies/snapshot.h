/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "attached.h"
#include "holders.h"
#include "json.h"
#include "pins.h"

/* The policies of the system, who has their rings, and what their links are called. */
struct snapshot {
	struct attached_list	links;
	struct holder_list	holders;
	struct pin_list		pins;
};

/* -errno after a sentence. */
int snapshot_read(struct snapshot *s);
void snapshot_free(struct snapshot *s);

/* Why nobody has the ring of @a. */
const char *snapshot_no_ring(const struct attached *a);

/* The members of a policy; the caller opens and closes their object. */
void snapshot_json(const struct snapshot *s, struct json *j, const struct attached *a);

#endif
